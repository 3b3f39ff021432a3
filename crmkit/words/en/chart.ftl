### Titles, subtitles and alternative texts of charts.

chart-record =
    { $record ->
        [most] , the most in { $span }
        [least] , the least in { $span }
       *[none] {""}
    }
chart-span =
    { $noun ->
        [month] { $n } months
        [quarter] { $n } quarters
        [year] { $n } years
       *[week] { $n } weeks
    }
chart-season =
    { $season ->
        [none] {""}
        [noise] , but not against { $year }
        [small] , but not by much against { $year }
        [few] , but not for certain against { $year }
       *[opposite] , but the other way against { $year }
    }

## One metric over its periods

chart-history-no-value = { $label }: { $reason }
chart-history-none = { $label }: no value
chart-history-real = { $clause }: { $value } in { $month } after { $before } in { $period }{ chart-record }{ chart-season }
chart-history-missed = { $label } missed the target: { $value } against { $target }
chart-history-same = { $label }: { $value } in { $month }, as in { $period }
chart-history-other =
    { $verdict ->
        [noise] { $label }: { $value } in { $month }, no further from { $period } than chance goes
        [season] { $label }: { $value } in { $month }, no further from { $period } than season and chance go
        [small] { $label }: { $value } in { $month }, no large change from { $period }
        [few] { $label }: { $value } in { $month }, too few to tell a change from { $period }
       *[none] { $label }: { $value } in { $month }, nothing to compare with
    }
chart-history-subtitle = { $definition } With 95 % intervals, { $first } to { $last }.
chart-history-alt =
    { $earlier ->
        [none] { $label }, { $first } to { $last }: { $value } in { $last }{ chart-interval }.
        [one] { $label }, { $first } to { $last }: { $most } before, { $value } in { $last }{ chart-interval }.
       *[range] { $label }, { $first } to { $last }: between { $least } and { $most } before, { $value } in { $last }{ chart-interval }.
    }
chart-interval =
    { $interval ->
        [none] {""}
       *[other] {" "}(95 % interval { $interval })
    }
chart-history-target =
    { $verdict ->
        [met] Target { $target }: met.
        [missed] Target { $target }: missed.
       *[close] Target { $target }: too close to call.
    }

## One metric by group

chart-groups-differ =
    { $n ->
        [one] { $named } differs from the { $whole } of all { $counted }
       *[other] { $named } differ from the { $whole } of all { $counted }
    }
chart-groups-alike =
    { $n ->
        [one] No { $kind } differs from the { $whole } of all { $counted } by more than chance
        [2] No { $kind } differs from the { $whole } of all { $counted } by more than chance
       *[other] No { $kind } differs from the { $whole } of all { $counted } by more than chance, all { $n } compared together
    }
chart-group-value = { $group } ({ $value })
chart-groups-subtitle = { $label } by { $kind }, { $month }, with 95 % intervals. { $definition }
chart-groups-alt = { $label } by { $kind }, { $month }: { $values }. { $title }.
chart-parts =
    { $n ->
        [one] Of all { $counted }, the largest part by { $kind } is { $first }
       *[other] Of all { $counted }, the largest part by { $kind } is { $first }, then { $others }
    }
chart-parts-subtitle = How { $counted } divide by { $kind }, { $month }, with 95 % intervals.
chart-parts-alt = { $counted } by { $kind }, { $month }: { $values }.

## The change of shop revenue

chart-part-revenue_from_new = New
chart-part-revenue_from_returning = Came back
chart-part-revenue_from_more = Buy more
chart-part-revenue_lost_to_less = Buy less
chart-part-revenue_lost_to_gone = Did not order
chart-part-revenue_change_of_guests = Guests
chart-part-revenue_change = Change

chart-revenue =
    { $way ->
        [rose] Shop revenue rose by { $size } against { $period }
        [fell] Shop revenue fell by { $size } against { $period }
       *[same] Shop revenue stayed as it was in { $period }
    }
chart-revenue-with = { chart-revenue }: { $parts }
chart-revenue-part =
    { $whom ->
        [new]
            { $more ->
                [yes] { $amount } more from first-time buyers
               *[no] { $amount } less from first-time buyers
            }
        [returning]
            { $more ->
                [yes] { $amount } more from those who came back
               *[no] { $amount } less from those who came back
            }
        [gone]
            { $more ->
                [yes] { $amount } more from those who did not order
               *[no] { $amount } less from those who did not order
            }
       *[others]
            { $more ->
                [yes] { $amount } more from all others
               *[no] { $amount } less from all others
            }
    }

## What actions brought

chart-action-brought =
    { $action } brought { $value } per customer ({ $interval }) beyond what would have come anyway
chart-action-lost-money =
    { $action } lost money: it brought { $value } per customer ({ $interval }), at a return of { $return } on its cost
chart-action-lost = { $action } lost { $value } per customer ({ $interval } brought): without it more would have come
chart-action-nobody-held-out = Nobody was held out, so what the actions brought is not known
chart-actions-unknown = Whether { $actions } brought anything cannot be told yet
chart-action-unknown =
    { $interval ->
        [none] Whether { $action } brought anything cannot be told yet
       *[other] Whether { $action } brought anything cannot be told yet: anything from { $interval } per customer is possible
    }

## Axes and marks

chart-expected =
    expected,
    with 95 %
    interval
chart-mean-chance =
    mean chance,
    with 95 %
    interval
chart-axis-tenths = groups, lowest chances first
chart-axis-months-ahead = months from today
chart-axis-still-active = customers still active
chart-axis-contacted = customers contacted
chart-axis-profit = expected profit
chart-axis-up-for-renewal = up for renewal
chart-axis-value-tenths = tenths of customers, by forecast
chart-axis-life = months since the first order or term
chart-axis-since-order = time since the last order
chart-axis-revenue = revenue of 365 days
chart-no-data =
    { $n ->
        [1] No data in this period
       *[other] No data in these { $n } periods
    }
