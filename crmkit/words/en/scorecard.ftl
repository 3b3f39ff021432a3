### The sections of the scorecard: targets, budgets, and what precedes a sale.

scorecard-goals-subtitle = Targets of the settings for { $period }. Met or missed only where the whole interval lies on one side.
scorecard-goals-running = The { $period } is still running: of a sum, such as new customers, the target is its part for the days so far.
scorecard-budgets-subtitle =
    { $days ->
        [0] Costs against the budgets of the settings, { $period }.
       *[other] Costs against the budgets of the settings, the first { $days } of { $of } days of { $period }, budgets their part of it.
    }
scorecard-precedents-subtitle =
    { $span ->
        [period] Share won of the deals decided in { $period }, with and without each kind of interaction, and the difference with its 95 % interval.
       *[year] Share won of the deals decided from { $period }, with and without each kind of interaction, and the difference with its 95 % interval.
    }
scorecard-precedents-caption = An association, not an effect: colleagues visit where there is something to win, and a deal that lasts longer sees more of everything. Only what happened before the decision is counted.
scorecard-not-judged =
    { $why ->
        [few] Too few to judge
       *[other] No verdict
    }
scorecard-not-judged-because = { $told }: { $reason }
