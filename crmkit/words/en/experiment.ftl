### Actions with a holdout.

experiment-incremental_value_per_customer = Brought per customer
experiment-incremental_value = Brought in all
experiment-incremental_margin = Margin brought
experiment-incremental_roi = Return on its cost
experiment-subtitle = Customers treated against customers held out by lot, outcomes seen from { $period }, with 95 % intervals.
experiment-caption = Caused, not attributed: what would have come anyway is taken off. An action without a holdout is not here; of the campaigns above it is only known which orders name them.
