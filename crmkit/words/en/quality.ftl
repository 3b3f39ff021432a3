### How far the data can be trusted.

quality-rows =
    { $n ->
        [0] no rows
        [one] { $n } row
       *[other] { $n } rows
    }
quality-all =
    { $n ->
        [0] There are no rows
        [one] The one row can be used
       *[other] All { $n } rows can be used
    }
quality-all-but = All but { $aside } of { quality-rows } can be used
quality-nothing =
    .what = Nothing was wrong.
    .more = {" "}Every row passed every check.
quality-look-into =
    .what =
        { $n ->
            [1] One thing should be looked into
            [2] Two things should be looked into
            [3] Three things should be looked into
            [4] Four things should be looked into
            [5] Five things should be looked into
            [6] Six things should be looked into
            [7] Seven things should be looked into
            [8] Eight things should be looked into
            [9] Nine things should be looked into
            [10] Ten things should be looked into
           *[other] { $n } things should be looked into
        }
    .named =
        { $others ->
            [0] : { $named }.
            [one] : { $named }; and { $others } other thing.
           *[other] : { $named }; and { $others } other things.
        }
quality-aside =
    .what =
        { $n ->
            [one] { $n } row is kept aside
           *[other] { $n } rows are kept aside
        }
    .named =
        { $n ->
            [one] {" "}and counts nowhere: { $named }{ quality-other-reasons }. { quality-mend }
           *[other] {" "}and count nowhere: { $named }{ quality-other-reasons }. { quality-mend }
        }
quality-other-reasons =
    { $others ->
        [0] {""}
        [one] ; and { $others } other reason
       *[other] ; and { $others } other reasons
    }
quality-mend = Mend what matters in the tool it comes from and load again.
quality-missing =
    .what = No number of the scorecard does without more than { $most } of its rows
    .named = : { $metrics } leaves out { $left } of { quality-rows } ({ $share }), because { $why }.
quality-less-than = less than { $share }
quality-twice =
    .what =
        { $n ->
            [one] { $n } row came twice
           *[other] { $n } rows came twice
        }
    .named =
        { $n ->
            [one] {" "}and counts once: in { $tables }.
           *[other] {" "}and count once: in { $tables }.
        }
quality-early =
    .what =
        { $n ->
            [one] One table ends early
           *[other] { $n } tables end early
        }
    .named = : { $named }. If there should be newer rows, export again.
quality-last-row = { $table } (last row { $day })
quality-table-lost = { $table }: { $aside } of { quality-rows } left out. Why: { $why }.
quality-table-warned = { $table }: { $finding }. { $consequence }
quality-reason = { $finding } ({ $count })
quality-reason-of-table = { $finding } ({ $table }, { $count })
quality-warning = { $finding } ({ $table })

## The tables of the page on data quality

quality-by-sql = by the settings' SQL
quality-files = What came in: { $rows }, every one accounted for
quality-files-subtitle = Rows in = kept + merged into another row + folded into their order + ignored (totals, tests) + kept aside.
quality-files-caption = A file may fill several tables: its rows count once in each.
quality-kept-apart = {" "}Personal data ({ $rows }) are kept apart and not in this table; the foot of the page counts them among the rows kept.
quality-warnings =
    { $n ->
        [one] One thing to look into
       *[other] { $n } things to look into
    }
quality-warnings-subtitle = Each table is compared with its own past and with the others.
quality-warnings-seen = What was seen
quality-warnings-then = What follows, and what to do
quality-found = What was found, row by row
quality-found-subtitle = Rejected rows lie beside the store with file, line and reason; notes change nothing but should be known.
quality-all-rows = Every number of the scorecard uses every row
quality-rows-missing = At most { $share } of the rows are missing from a number
quality-losses-subtitle = For each number of the scorecard: rows that it would count if nothing were wrong with them.
quality-joins-fine = No join makes rows more or fewer
quality-joins-many = Joins make { $rows } too many
quality-joins-subtitle = Rows before and after each looks up the row that its id names, such as an order's customer.
quality-loads =
    { $moved ->
        [no] The last load kept { $share } % of its rows aside, as before
       *[yes] The last load kept { $share } % of its rows aside, after { $before } % the load before
    }
quality-loads-subtitle = The last { $n } of { $of } loads. A jump is a file that was exported in another way.
