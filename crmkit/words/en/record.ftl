### The track record: how what earlier reports said has held.

record-line =
    { $held ->
        [one] Of { $forecasts } of earlier reports { $held } came inside its band
       *[other] Of { $forecasts } of earlier reports { $held } came inside their band
    }
record-nothing-said = Nothing was said of what is to come so far
record-nothing-known = Nothing that an earlier report spoke of has come yet

## Findings: .what in bold and, after it, the figures

record-in-time =
    .what = Said in time:
    .figures = {" "}of { $forecasts } { $wide } came inside their interval of 95 %, and { $narrow } inside that of 80 %.
record-afterwards =
    .what = Made afterwards, as it would have been said then:
    .figures = {" "}of { $forecasts } { $wide } came inside their interval of 95 %, and { $narrow } inside that of 80 %.
record-naive =
    .what = { $better } of { $n } were nearer than the guess that nothing changes.
    .figures = {" "}For a month that is the same month of the year before, for customers what as long a time before brought.
record-verdicts =
    .what = { $held } of { $n } changes called real lasted:
    .figures = {" "}the three months after lay on the same side of the value before.
record-money =
    .what = { $label }: { $value } expected, { $came } came.
    .figures = {" "}That was said as of { $day }, with an interval of { $interval }.
record-open =
    .what = { $statements } wait for their time.
    .figures = {" "}They are scored when it is over.
record-begins =
    .what = The record begins with the next report.
    .figures = {" "}Each keeps what it says of what is to come.
record-method-kept = Each report keeps what it says before anything of it is known: numbers of the months ahead, customers expected to leave and to order, their orders and their money of 12 months, and the changes that it calls real. The first statement as of a day counts: a later report as of the same day changes nothing. It is scored when its time is over, with the number as it is known by then.
record-method-in-time = A statement is in time if the data did not hold its time when it was made. Reports of earlier periods that were made later say what would have been said then, from what was known then; they are scored apart.
record-method-verdicts = A change that was called real has lasted if the mean of the three months after it, for as many days, lies on the same side of the value before the change. One that is over after a month was real too: the share tells how long changes last.

## Tables

record-table-title = { $forecasts } by what they were about
record-table-subtitle = How many came inside their intervals, and how far they were from what came, beside the guess that nothing changes
record-verdicts-title = { $held } of { $n } changes called real lasted
record-verdicts-subtitle = Whether the three months after lay on the same side of the value before
record-list-title = What was said, and what came
record-list-subtitle = The latest { $shown } of { $statements }
