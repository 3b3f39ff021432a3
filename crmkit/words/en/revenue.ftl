### The sections on revenue: what subscribers pay, what sells, what keeping customers costs, who orders next.

## What made recurring revenue grow or shrink

revenue-part-new_mrr = New
revenue-part-reactivation_mrr = Came back
revenue-part-expansion_mrr = Pay more
revenue-part-contraction_mrr = Pay less
revenue-part-churned_mrr = Left
revenue-part-net_new_revenue = Net
revenue-recurring =
    { $way ->
        [grew] Recurring revenue grew by { $by } a month: { $won } won, { $lost } lost
        [shrank] Recurring revenue shrank by { $by } a month: { $won } won, { $lost } lost
       *[same] Recurring revenue stayed as it was: { $won } won, { $lost } lost
    }
revenue-recurring-subtitle = Recurring revenue a month: each customer at the end of { $period } less at its start.
revenue-waterfall-alt = { $title }. By kind of customer: { $amounts }.

## Whether keeping customers pays

revenue-keeping =
    { $case ->
        [few] Too few repeat orders ({ $n }) to tell whether keeping customers pays
        [costly] Keeping customers cost more than repeat orders earned: { $share } of their margin
       *[pays] Keeping customers pays if it brought about at least { $share } of the margin on repeat orders
    }
revenue-keeping-cost = Cost per active customer
revenue-keeping-share = Share of the margin it must have earned
revenue-keeping-subtitle = Retention costs per active customer, and as a share of the margin of orders that are not the first.
revenue-keeping-caption = Most of these orders would have come without any spending. Only a holdout shows what it brought about.

## What sells

revenue-best =
    { $kind ->
        [product] Best seller: { $name }, { $amount }, { $share } of what was sold; { revenue-movers }
       *[other] Largest { $kind }: { $name }, { $amount }, { $share } of what was sold; { revenue-movers }
    }
revenue-movers =
    { $moved ->
        [none] no { $kind } moved beyond chance
        [up] { $up } up for real
        [down] { $down } down for real
       *[both] { $up } up and { $down } down for real
    }
revenue-sales-subtitle =
    { $span ->
        [scaled] Revenue of order lines by { $kind }, { $period } against { $before }, whose amounts are scaled to { $days } days.
        [so-far] Revenue of order lines by { $kind }, { $period } against { $before }, for as many days.
       *[whole] Revenue of order lines by { $kind }, { $period } against { $before }.
    }
revenue-idle =
    { $n ->
        [one] { $what } sold before and not now.
       *[other] { $what } sold before and not now.
    }
revenue-rest = { $share } of what was sold is of { $plural } with too few customers, which are not listed.
revenue-together = All { $plural } are judged together, so that among many none is called a mover by luck.
revenue-lines = Products in orders

## Who orders next

revenue-next = About { $n } of { $of } will order within { $days }, between { $low } and { $high }
revenue-next-subtitle =
    { $better ->
        [yes] The other { $rest } will not: these are the same possible futures as on the pages on churn and value. { $held } Tried on the { $days } to { $day }: the day of the next order was foretold nearer than by each customer's usual gap between orders, and { $inside } of the orders came within their window; 80 % are meant to.
       *[no] The other { $rest } will not: these are the same possible futures as on the pages on churn and value. { $held } Tried on the { $days } to { $day }: the day of the next order was foretold no nearer than by each customer's usual gap between orders, and { $inside } of the orders came within their window; 80 % are meant to.
    }
revenue-next-caption = Only customers who did order. The day of each customer's next order, with its window, is in the list below. For the analyst: Brier is the mean squared error of the chance that one orders at all, less is better.
revenue-next-inside = Within the window
revenue-next-width = Width of the window
revenue-next-list = When each customer is likely to order next, and what she prefers
revenue-taste =
    { $known ->
        [yes] Some customers have a taste of their own in the { $kinds }
       *[no] What customers choose is told as well by what is popular
    }
revenue-taste-subtitle = Share of the orders of the last { $days } that were foretold: by the customer's favourite, which weighs what she chose before with what is popular; by what is popular with all; and by what she had chosen most often.
revenue-taste-caption = A taste of her own: the whole interval of her share lies above that of all customers.
revenue-taste-popular = What is popular
revenue-taste-often = Chosen most often
revenue-taste-own = Have a taste of their own
