### The top and the foot of a page.

page-through = Data through { $day }
page-running =
    { $noun ->
        [month] The month is still running: { $days } days, compared with as many before
        [quarter] The quarter is still running: { $days } days, compared with as many before
        [year] The year is still running: { $days } days, compared with as many before
       *[week] The week is still running: { $days } days, compared with as many before
    }
page-measured =
    { $n ->
        [one] { $measured } of { $n } number measured
       *[other] { $measured } of { $n } numbers measured
    }
page-notes =
    { $n ->
        [one] { $n } note on data quality
       *[other] { $n } notes on data quality
    }

## Data quality

page-quality = Data quality
page-quality-none = Nothing to report: every row passed the checks.
page-quality-note =
    { $rows ->
        [0] { $text }. { $consequence }
        [one] { $text } ({ $rows } row). { $consequence }
       *[other] { $text } ({ $rows } rows). { $consequence }
    }

## How we decide

page-method = How we decide
page-method-real =
    { $together ->
        [alone] A change is called real when chance alone would rarely produce it (Benjamini-Hochberg, at most 5 % false alarms); { page-method-verdicts }
        [counted] A change is called real when chance alone would rarely produce it, counting that this page looks at { $n } numbers at once (Benjamini-Hochberg, at most 5 % false alarms); { page-method-verdicts }
       *[families] A change is called real when chance alone would rarely produce it, counting how many numbers are looked at together: those that stand on the scorecard too with all numbers there, the others of this page with each other (Benjamini-Hochberg, at most 5 % false alarms); { page-method-verdicts }
    }
page-method-verdicts =
    it is compared with all of the twelve periods before, where nothing moved in them. It is within noise when a change large enough to matter would have been seen; there was no large change when it is surely less than twice as large as that; otherwise there are too few customers to tell. Where two years are known, a change from the month before that goes no further than that of the same month of the years before may be the season.
page-method-interval =
    The interval beside a value holds the true value with 95 % confidence; the fewer the customers, the wider it is. Sums and counts, such as revenue, are exact: their interval is how far chance alone would take such a month. A target is met or missed only when the whole interval lies on one side of it.
page-method-marks =
    An arrow shows which way a number went, and the word beside it whether that is good. In the small charts the shaded band is the 95 % interval and the dashed line the target.

## What the numbers count

page-glossary = What the numbers count
page-glossary-said =
    { $n ->
        [0] Definition, formula and source of no numbers
        [one] Definition, formula and source of { $n } number
       *[other] Definition, formula and source of { $n } numbers
    }
