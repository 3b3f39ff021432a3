### What to do next, and what trials showed.

actions-chosen-by-lot =
    Who responds cannot be told yet ({ $what }, { $n } treated): choosing people by what is known of them brings { $qini } ({ $low } to { $high }) more for each person drawn than the lot, which may be chance. The next draw is by lot.
actions-chosen-by-lot-for-money =
    Who responds can be told ({ $what }, { $n } treated): { $half } for each treated in the half chosen by what is known of people, { $mean } for all; { $qini } ({ $low } to { $high }) more for each person drawn than the lot. The money does not show it yet, so the next draw is by lot.
actions-chosen-by-model =
    Who responds can be told ({ $what }, { $n } treated): { $half } for each treated in the half chosen by { $columns }, { $mean } for all; { $qini } ({ $low } to { $high }) more for each person drawn than the lot. The next draw chooses by it.

actions-who-responds = Who responds to an action
actions-who-responds-how = A model of what was known before the draw, judged on people whom it had not seen; the next draw chooses by it only where it beats the lot in money.
actions-by-group =
    { $n ->
        [0] No group responds differently from all others by more than chance
        [one] One group responds differently from all others by more than chance
       *[other] { $n } groups respond differently from all others by more than chance
    }
actions-by-group-how = The mean of the treated less that of those held out in each group, with 95 % interval; “yes” allows for how many groups were looked at.
actions-differs =
    { $differs ->
        [true] yes
       *[other] no
    }
actions-column-treated = Treated
actions-column-held = Held out
actions-column-effect = Effect on each
actions-column-differs = Unlike the others

actions-call-running = Call only those on the list of the trial that runs
actions-call-running-until = : { $trial } has { $treated } to call and { $held } left out for comparison, until { $until }.
actions-call-stop = Do not call those who may leave:
actions-call-none = No call pays for itself
actions-call-none-why = { " " }if it keeps { $kept } of those who would leave. That share is { $origin }.
actions-call-draw =
    { $treated ->
        [one] Call one customer who may leave and leave { $held } out for comparison
       *[other] Call { $treated } who may leave and leave { $held } out for comparison
    }
actions-call-roll-out =
    { $treated ->
        [one] Call one customer who may leave
       *[other] Call { $treated } who may leave and leave { $held } out to see that it lasts
    }
actions-call-gain = : expected to bring { $gain } ({ $low } to { $high }), cost included. { $origin }
actions-call-assumed = Assumed: a call keeps { $kept } of those who would leave; that share is { $origin }.
actions-call-profit =
    { $n ->
        [one] A call would pay for one customer, if it kept { $kept } of those who would leave
       *[other] A call would pay for { $n } customers, if it kept { $kept } of those who would leave
    }
actions-call-profit-origin = The share that a call keeps is { $origin }. Fewer may be drawn now: nobody who was just contacted or takes part in a trial.
