### Why a number moved.

## Reasons that were named more often

explain-reason =
    { $how ->
        [about] { $what } about "{ $reason }"
        [saying] { $what } that say "{ $reason }"
        [for] { $what } for "{ $reason }"
        [by] { $what } by "{ $reason }"
       *[other] { $what } with { $column } "{ $reason }"
    }
explain-rose =
    { $share ->
        [known]
            { $earlier ->
                [none] { $what } rose: { $now } of { $out_of } in { $period }, none before.
               *[some] { $what } rose: { $now } of { $out_of } in { $period }, after { $last } in { $previous } and { $usual } a { $noun } on average before.
            }
       *[none]
            { $earlier ->
                [none] { $what } rose: { $now } in { $period }, none before.
               *[some] { $what } rose: { $now } in { $period }, after { $last } in { $previous } and { $usual } a { $noun } on average before.
            }
    }
explain-rose-brief = { $what } rose: { $now } after { $before }
explain-mend =
    .bold = { $what }
    .rest = : find out what is behind it, and mend it ({ $now } after { $before }).
explain-fewer-than-one = fewer than one
explain-none = none
explain-reasons-before = A { $period } on average before
explain-quotes = In their words: { $quotes }

## The change as a whole

explain-unknown = { $label }: the change from { $before } to { $period } is not known ({ $reason }).
explain-note = Note: { $reason }.
explain-same = { $label } stayed at { $value } from { $before } to { $period }.
explain-moved =
    { $interval ->
        [none]
            { $way ->
                [rose] { $label } rose from { $then } in { $before } to { $now } in { $period } ({ $change }).
               *[fell] { $label } fell from { $then } in { $before } to { $now } in { $period } ({ $change }).
            }
       *[other]
            { $way ->
                [rose] { $label } rose from { $then } in { $before } to { $now } in { $period } ({ $change }; 95 % interval of the change { $interval }).
               *[fell] { $label } fell from { $then } in { $before } to { $now } in { $period } ({ $change }; 95 % interval of the change { $interval }).
            }
    }
explain-interval = { $low } to { $high }

## How it came about, and where

explain-parts = By { $by }: { $parts }.
explain-rest = all else { $change }
explain-association = What moved together need not be cause and effect: these parts say where the change is, not why.
explain-no-cause = No single cause stands out.
explain-no-column = Where it happened is not known: there is no column to look at with groups large enough to show.
explain-no-split = By place it cannot be split: { $reason }.
explain-even = { explain-no-cause } It is spread evenly: of { $groups } groups of { $columns } none moved apart from the others by more than chance.
explain-columns = { $n } columns
explain-place-mix =
    { $way ->
        [larger] Apart from all others, { $where } became a larger part of all ({ $then } to { $now }): { $part } of { $all }.
       *[smaller] Apart from all others, { $where } became a smaller part of all ({ $then } to { $now }): { $part } of { $all }.
    }
explain-place-against = The change is not from { $where }, where it went from { $then } to { $now }: { $part } of { $all }.
explain-place-rate = Apart from all others, { $where } went from { $then } to { $now }: { $part } of { $all }.
explain-place-sum = Apart from all others, { $where } went from { $then } to { $now }: { $part } of { $all }, where { $share } would be its share.
explain-group-unknown = those without a known { $column }
explain-group-small = the small groups of { $column }
explain-group = { $column } "{ $group }"
explain-group-yes = { $column } "yes"
explain-group-no = { $column } "no"
explain-group-part = { $group }, by its part of all

## What coincided

explain-coincided = It coincided, which proves nothing: { $events }.
explain-more-of-kind = { $n } more of this kind ({ $kind })
explain-price = the price of "{ $what }" changed from { $before } to { $now }, first seen on { $day }
explain-price-of-plan = the price of plan "{ $what }" changed from { $before } to { $now }, first seen on { $day }
explain-campaign = campaign "{ $what }" began on { $day }
explain-spending-began = spending on "{ $what }" began on { $day }
explain-spending-stopped = spending on "{ $what }" stopped after { $day }

## The section on a page

explain-part = Part
explain-of-the-change = Of the change
explain-95-interval = 95 % interval
explain-title = { $label }: { $cause }
