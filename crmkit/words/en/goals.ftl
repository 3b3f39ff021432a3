### Targets, budgets, and what precedes a win.

goals-number =
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
goals-none = No target is set
goals-one =
    { $verdict ->
        [met] The one target was met
        [missed] The one target was missed
        [close] The one target was too close to call
        [few] The one target had too few cases to judge
        [exact] The one target had no interval to judge by
       *[empty] The one target had no number
    }
goals-several = Of { goals-number } targets { $verdicts }
goals-part =
    { $verdict ->
        [met]
            { $n ->
                [one] one was met
               *[other] { goals-number } were met
            }
        [missed]
            { $n ->
                [one] one was missed
               *[other] { goals-number } were missed
            }
        [close]
            { $n ->
                [one] one was too close to call
               *[other] { goals-number } were too close to call
            }
        [few] { goals-number } had too few cases to judge
        [exact] { goals-number } had no interval to judge by
       *[empty] { goals-number } had no number
    }

## Budgets

goals-no-budget = No budget is set for these days
goals-spent =
    { $used ->
        [none] { $spent } of { $budget } for { $purpose } was spent
       *[other] { $spent } of { $budget } for { $purpose } was spent, { $used }
    }
goals-overspent = { goals-spent }; overspent: { $over }

## What precedes a win

goals-no-interaction = No deal that was decided saw an interaction before
goals-too-few-deals = Too few deals to tell which kinds of event go together with wins
goals-no-kind = No kind of event goes together with more or fewer wins than chance would give
goals-kind =
    { $vowel ->
        [yes] an { $kind } ({ $with } against { $without })
       *[no] a { $kind } ({ $with } against { $without })
    }
goals-more = Deals with { $more } before the decision were won more often
goals-less = Deals with { $less } before the decision were won less often
goals-both = { goals-more }; those with { $less } before the decision were won less often
