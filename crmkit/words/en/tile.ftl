### The tiles of the scorecard, their small pictures and their comparisons.

tile-topic-voice = What customers say
tile-topic-retention = Staying and leaving
tile-topic-revenue = Buying
tile-topic-acquisition = Winning customers
tile-topic-marketing = What marketing spends and brings
tile-topic-traffic = Visits and what becomes of them
tile-topic-pipeline = From lead to sale
tile-topic-value = What customers are worth
tile-topic-adoption = Using the CRM
tile-topic-engagement = Taking part
tile-topic-social = Social networks
tile-topic-goals = Targets
tile-too-few = Too few to say
tile-not-reached = Not reached
tile-no-data = No data
tile-caveat = Too few: { $reason }
tile-by-chance = { $interval } by chance
tile-target = Target { $target }

## Verdicts, as a badge says them

tile-verdict =
    { $verdict ->
        [better] Real, better
        [worse] Real, worse
        [real] Real
        [noise] Within noise
        [small] No large change
        [few] Too few to tell
        [season] May be the season
        [met] Met
        [missed] Missed
        [close] Too close to call
       *[none] {""}
    }

## Comparisons with another period

tile-change = { $change } on { $period }
tile-change-at-most = { $change } on { $period }, at most { $most }
tile-change-usual = { $change } on { $period }, { $usual } is usual then
tile-not-compared = Not compared with { $period }: { $reason }
tile-nothing-to-compare = No value for { $period } to compare with

## The small picture in words

tile-spark =
    { $course ->
        [same] { $label }, { $first } to { $last }: { $most } all the time
        [lone] { $label }, { $first } to { $last }: { $most } in { $most-period }
       *[moved] { $label }, { $first } to { $last }: { $start } at first, { $end } at last, lowest { $least } ({ $least-period }), highest { $most } ({ $most-period })
    }
tile-spark-missing =
    { $n ->
        [0] { tile-spark }
        [one] { tile-spark }; no value in { $n } period
       *[other] { tile-spark }; no value in { $n } periods
    }
tile-spark-target = { tile-spark-missing }; target { $target }
