### The headline of a page and the findings at its top.

## Pieces that several messages share

findings-season =
    { $season ->
        [noise] but not against { $year }
        [small] but not by much against { $year }
        [few] but not for certain against { $year }
       *[opposite] but the other way against { $year }
    }
findings-interval =
    { $evidence ->
        [interval] {" "}(95 % interval { $interval })
        [both] {" "}(95 % interval { $interval }, from { $basis })
       *[none] {""}
    }
findings-basis =
    { $evidence ->
        [interval] {" "}({ $interval })
        [basis] {" "}({ $basis })
        [both] {" "}({ $interval }, { $basis })
       *[none] {""}
    }
findings-real =
    { $direction ->
        [worse] real, for the worse
        [better] real, for the better
       *[changed] real
    }
findings-number =
    { $n ->
        [1] one
        [2] two
        [3] three
        [4] four
        [5] five
        [6] six
        [7] seven
        [8] eight
        [9] nine
        [10] ten
        [11] eleven
        [12] twelve
       *[other] { $n }
    }

## Headline

findings-headline =
    { $running ->
        [yes] { $period } so far: { $clauses }
       *[no] { $period }: { $clauses }
    }
findings-clause =
    { $season ->
        [none] { $clause }
       *[other] { $clause } since { $period }, { findings-season }
    }
findings-brief =
    { $season ->
        [none] { $clause } ({ $value }, { $change })
       *[other] { $clause } since { $period } ({ $value }, { $change }), { findings-season }
    }
findings-no-certain-news = no certain news since { $period }
findings-nothing-moved = nothing moved beyond chance
findings-nothing-beyond-season = nothing moved beyond chance and the season
findings-too-few-moved = too few customers to tell whether anything moved
findings-nothing-to-compare = nothing to compare with yet
findings-too-few = too few customers to tell anything
findings-no-data = no data
findings-actions-lost = actions lost money
findings-targets-missed =
    { $n ->
        [one] { findings-number } target missed
       *[other] { findings-number } targets missed
    }

## A change that is real: .what happened and, after it, from which value

findings-moved =
    .what = { $stated }
    .since =
        { $way ->
            [up] , up from { $before } in { $period }.
            [down] , down from { $before } in { $period }.
            [slightly-up] , up by { $size } from what it was in { $period }.
           *[slightly-down] , down by { $size } from what it was in { $period }.
        }
findings-may-be-season =
    That is real against { $period }, { findings-season } ({ $then } then): it may be the season{ findings-interval }.
findings-first-exact =
    The change is { findings-real }: the number is known exactly and moved as far as matters.
findings-first =
    { $basis ->
        [none] The change is { findings-real }: chance alone would rarely move it this far{ findings-interval }.
       *[other] The change is { findings-real }: with { $basis }, chance alone would rarely move it this far{ findings-interval }.
    }
findings-also-real = Also { findings-real }{ findings-interval }.
findings-lost-money = What it brought is less than what it cost: the actions lost money.
findings-target-too = The target of { $target } was missed.

## Targets and the year before

findings-missed =
    .what = { $label } missed the target of { $target }
    .evidence =
        { $side ->
            [above] : { $value }{ findings-basis }, the whole interval lies above the target.
           *[below] : { $value }{ findings-basis }, the whole interval lies below the target.
        }
findings-missed-brief = { $label } missed the target ({ $value } against { $target })
findings-year =
    .what =
        { $way ->
            [up] { $label } rose against { $year }
           *[down] { $label } fell against { $year }
        }
    .values = : { $value } now, { $then } then. That is { findings-real }.

## What did not move

findings-unmoved =
    { $verdict ->
        [same] { findings-basis }, as in { $period }.
        [noise] { findings-basis }, no different from { $then } in { $period }.
        [season] { findings-basis }, after { $then } in { $period }: at this time of the year it changes this way, and the rest may be chance.
        [small] { findings-basis }, not much different from { $then } in { $period }.
        [few] { findings-basis }, too few to tell it from { $then } in { $period }.
       *[none] { findings-basis }.
    }
findings-closing-calm =
    { $else ->
        [yes] Nothing else moved beyond chance since { $period }.
       *[no] Nothing moved beyond chance since { $period }.
    }
findings-closing-calm-apart =
    { $else ->
        [yes] Apart from { $named }, nothing else moved beyond chance since { $period }.
       *[no] Apart from { $named }, nothing moved beyond chance since { $period }.
    }
findings-closing-season =
    { $else ->
        [yes] Nothing else moved beyond chance and the season since { $period }.
       *[no] Nothing moved beyond chance and the season since { $period }.
    }
findings-closing-season-apart =
    { $else ->
        [yes] Apart from { $named }, nothing else moved beyond chance and the season since { $period }.
       *[no] Apart from { $named }, nothing moved beyond chance and the season since { $period }.
    }
findings-closing-other = No other change since { $period } is certain.
findings-closing-other-apart = Apart from { $named }, no other change since { $period } is certain.
findings-closing-none-apart = Apart from { $named }, no change since { $period } is certain.
findings-closing-without = { $clause }.
findings-closing-without-apart = Apart from { $named }, { $clause }.
findings-closing-noise =
    { $n ->
        [one]
            { $else ->
                [yes] One other number changed, and not by more than chance would.
               *[no] One number changed, and not by more than chance would.
            }
       *[other]
            { $else ->
                [yes] { $number } other numbers changed, none by more than chance would.
               *[no] { $number } numbers changed, none by more than chance would.
            }
    }
findings-closing-chance = Chance alone could have made every change since { $period }.
findings-closing-seasonal = Perhaps the season: { $named }.
findings-closing-few = Too few to tell: { $named }.
findings-closing-empty = No value: { $named }.
findings-closing-missing = Not measured: { $named }.
findings-more = { findings-number } more
findings-also =
    .what =
        { $real ->
            [yes] Also real:
           *[no] Also:
        }
    .changes = {" "}{ $changes }.
