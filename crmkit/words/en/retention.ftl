### The sections on who stays and for how long, on loyalty, and on what made the revenue of orders change.

## How long customers stay

retention-survival-subtitle =
    { $by ->
        [yes] Share of new customers still active, by months since they came, to { $day }; below, how many customers have been watched for so long.
       *[no] Share of new customers still active, by months since they came, to { $day }; with 95 % band; below, how many customers have been watched for so long.
    }
retention-alt = { $title }. { $points }.
retention-survival-caption = A customer who leaves and comes back has left here. Customers from before the data began are left out. For the analyst: Kaplan-Meier{ $test }.
retention-stay = { $share } % of new customers stay { $time } and longer
retention-half = Half of all new customers have left after { $time }
retention-groups-alike = No { $kind } keeps its customers longer than another by more than chance
retention-groups-differ = How long customers stay differs by { $kind }
retention-groups = After { $months } { $best } keeps { $kept } % of its customers, { $worst } { $least } %
retention-unseen = {" "}Some losses may be none: { $found }.
retention-test-none = ; too little was seen for a log-rank test of the { $kind }s
retention-test =
    { $pairs ->
        [whole] ; { retention-test-of-all }
        [some] ; { retention-test-of-all }; { $apart } differ
       *[none] ; { retention-test-of-all }; no two of them differ after Holm's adjustment
    }
retention-test-of-all = log-rank test of every { $kind }: chi squared { $statistic } with { $freedom } of freedom, { $p }
retention-pair = { $one } and { $other }
retention-start = the start
retention-point = { $share } % at { $when }, { $customers } at risk
retention-came-in = Came in
retention-age = { $noun } { $age }
retention-cohorts-young = How many of a { $noun }'s new customers are still active
retention-cohorts = Three { $noun }s on, { $least } to { $most } % of a { $noun }'s new customers are still active
retention-cohorts-subtitle = Share of the new customers of a { $noun } who are active on the last day of later { $noun }s; what has not been reached has a dash.
retention-cohorts-caption = Below 50 new customers a share is good to 14 percentage points at best.

## Loyalty

retention-tiers = “{ $tier }” are { $customers } and bring { $share } of revenue
retention-tiers-subtitle = Customers who ordered within 365 days, by points for tenure, value and engagement, 1 to 5 each.
retention-tiers-caption = A point for each year begun, five at most; value and engagement by the fifths of the customers of { $day }. Tiers by [loyalty] of the settings.
retention-tenure = Customer for, mean
retention-anniversaries =
    { $n ->
        [one] { $n } customer has an anniversary in the 31 days after { $day }
       *[other] { $n } customers have an anniversary in the 31 days after { $day }
    }
retention-anniversaries-subtitle = Of the first order. The customers with most points are shown; all are in the list.
retention-years = Years a customer
retention-tiers-list = Each customer's tier and next anniversary

## What made the revenue of orders change

retention-change-subtitle =
    { $days ->
        [0] Shop revenue of each customer in { $period } and { $before }; the parts add up to the whole change.
       *[other] Shop revenue of each customer in the first { $days } days of { $period } and of { $before }; the parts add up to the whole change.
    }
retention-change-caption = 95 % interval of the whole change: { $interval }. Who did not order may still come back; whoever has paid terms instead of orders is not here.
retention-less =
    { $days ->
        [0] { $period }, less { $before }
       *[other] { $period } so far, less { $days } days of { $before }
    }
retention-changes = What made revenue grow or shrink, over a month, a quarter and a year
retention-changes-subtitle = Shop revenue by kind of customer less that of the period before, of one still running for as many days.
retention-changes-caption = A customer is of one kind in each column: who is new this year may have come back this month.
