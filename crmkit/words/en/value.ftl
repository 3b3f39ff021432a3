### The page on what customers are worth.

## The headline and the findings

value-headline-unknown = What customers are worth is { $reason }
value-headline-nothing = No customer is expected to bring anything more
value-headline = Your customers are worth { $money } over the next { $months }
value-no-number =
    .bold = There is no number yet.
    .rest = {" "}The data lack what it takes: { $reason }.
value-total-nothing =
    .bold = Nobody is expected to bring anything more.
    .rest = {" "}All customers have left, as far as the data tell.
value-total =
    .bold = { $customers } will bring { $money } within { $months }
    .rest = , in { $basis }, discounted at { $rate } % a year (95 % interval { $interval }).{ $beyond }
value-beyond = {" "}Another { $money } may come later, up to ten years.
value-held =
    .bold = The most valuable tenth hold { $share } % of it
    .rest = : { $customers }.{ $gone }
value-gone =
    { $n ->
        [one] {" "}{ $n } customer is as good as gone: less than { $least } is expected of her.
       *[other] {" "}{ $n } customers are as good as gone: less than { $least } is expected of each.
    }
value-channel =
    .bold = A new customer from { $channel } is worth { $money }
    .rest = {" "}in her first years, clearly the most (95 % interval { $interval }, { $customers }; the middle channel: { $middle }).
value-channels-alike =
    .bold = No channel's new customers are clearly worth more
    .rest = {" "}than those of every other: from { $least } to { $most } each in their first years, with overlapping intervals.
value-foresaw =
    .bold = { $months } ago the same method foresaw { $money }
    .rest = {" "}from the customers of { $day }, and { $came } came: { $side } its 95 % interval ({ $interval }){ $later }.
value-came-later = ; { $money } came by subscriptions not yet begun then
value-few = Few customers.

## Titles of the sections

value-nobody = Nobody is expected to bring anything more
value-tenth = The most valuable tenth of the customers hold { $share } % of what is to come
value-groups-alike = No { $by } is clearly worth more than another: from { $least } to { $most } per customer
value-groups-differ =
    { $by ->
        [cohort] Customers won in { $best } are worth { $most } each, those won in { $worst } { $least }
        [channel] Customers from { $best } are worth { $most } each, those from { $worst } { $least }
       *[other] Customers of { $column } { $best } are worth { $most } each, those of { $column } { $worst } { $least }
    }
value-tenure = How long subscribers stay, by { $by }
value-tenure-all =
    { $guess ->
        [forecast] After a year { $share } % of the subscribers are still there (a forecast)
       *[seen] After a year { $share } % of the subscribers are still there
    }
value-tenure-groups =
    { $apart ->
        [yes]
            { $guess ->
                [forecast] { $best } keeps { $kept } % for a year, { $worst } { $least } % (a forecast)
               *[seen] { $best } keeps { $kept } % for a year, { $worst } { $least } %
            }
       *[no]
            { $guess ->
                [forecast] { $best } keeps { $kept } % for a year, { $worst } { $least } % (a forecast): too close to tell apart
               *[seen] { $best } keeps { $kept } % for a year, { $worst } { $least } %: too close to tell apart
            }
    }
value-odds-alike = No plan or channel goes with leaving clearly sooner than another
value-odds =
    { $way ->
        [less] A subscription of { $group } is less likely to end than one of { $other }: { $odds } times the odds
       *[more] A subscription of { $group } is more likely to end than one of { $other }: { $odds } times the odds
    }
value-judged-young = The data are too young to judge the forecast by what came
value-judged-nothing = Nothing came that the forecast could be judged by
value-judged =
    { $days ->
        [1] On the one past day the total was missed by { $misses }; { value-nearer }
       *[other] On past days the total was missed by { $misses }; { value-nearer }
    }
value-nearer =
    { $nearer ->
        [ours] no other way was nearer for the single customer
        [boosting] gradient boosting was nearer for the single customer
       *[pace] last year's pace was nearer for the single customer
    }
value-each-time = { $miss } each time

## How it is done

value-method-what = The value of a customer is what she is expected to bring from the last day of the period on: for each month ahead, the chance that she still orders or still subscribes, times what she brings, discounted at { $rate } % a year (what comes later counts for less) and added up over { $months }. Who shops and subscribes brings both. A running term is paid already: the next payment comes with the renewal. A known notice ends the payments.
value-method-how = Orders are foreseen by a model of repeat buying and a Gamma-Gamma model of money per order day (several orders of a day are one, refunds lower the mean); renewals by a model in which subscribers differ in their risk. Nothing after the last day of the period is used. The interval of a customer is that of what she will really bring; that of the total comes from possible futures of all of them.
value-method-others = Whoever has given no notice late in a term is likelier to renew. Prices, plans and orders go on growing as they did for the same customers before; what customers bring in a way that is new to them (a first order, a subscription taken up, or taken up again) is what others like them brought a year ago.
value-method-doubt = To the chance of each customer and the doubt of the models comes what moves all at once and no model knows of: by as much as past days were missed, and by what is usual. For orders that is 10 % in the next months and 6 % in a year, but 25 % where the data have not seen every season twice, and 15 % for the money of an order; for subscriptions 3 % a year. From two whole years on, orders follow the calendar of the firm, so that a forecast made in June knows the autumn. A rise in prices such as there was none before stands outside the intervals.
value-method-futures = The pages on churn and on segments read the same possible futures: who orders, who is silent and what is paid are counted in each of them.

## The sections of the page

value-most = The { $customers } from whom most is to come
value-most-subtitle = Expected within { $months }, in { $basis }, discounted. The interval is for what this one customer will really bring: she may leave tomorrow.
value-most-caption = The whole list is in the export below.
value-ranked = Customers ranked by what is to come within { $months }
value-of-them = Expected of them
value-share-of-all = Share of all
value-share-of-ten-years = Share of ten years
value-within =
    { $months ->
        [120] ten years
       *[other] { $months } months
    }
value-later = { $share } % of what the models expect lies more than three years ahead
value-later-subtitle = What all customers of today are expected to bring, discounted; the further ahead, the less sure
value-new-subtitle =
    { $by ->
        [cohort] Brought in the first { $months }, what came and what is to come of it, per customer by quarter of the first order or term, with 95 % intervals
       *[other] Brought in the first { $months }, what came and what is to come of it, per customer won in the last 24 months, by { $by }, with 95 % intervals
    }
value-new-alt = Value of a new customer by { $by }. { $title }.
value-new-caption = So far: the share of it that came already; the rest is a forecast.
value-life = A customer brings { $year } in her first year and { $three } in three
value-life-subtitle = What the average customer has brought by each month since her first order or term; in part a forecast
value-life-alt = Money per customer by months since the beginning. { $title }.
value-life-came = Of it came already
value-tenure-subtitle = The share of subscriptions still running, by months since they began and by { $by }, with 95 % bands
value-tenure-alt = Share of subscriptions still running by months since they began, by { $by }. { $title }.
value-tenure-caption = Dashed: fewer than 10 are up for renewal there, or nobody yet; the line is a forecast, not an observation. Only groups of at least 20 subscriptions have a line, and of them the five largest. For the analyst: Kaplan-Meier.
value-tenure-running = Still running
value-tenure-due = Up for renewal
value-odds-subtitle = How many times as high the odds are that a subscription ends at a renewal, compared with another plan or channel after as many months, all else equal
value-odds-caption = Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: a discrete-time hazard with delayed entry, of plan and channel together.
value-judged-subtitle = Learned from what was known on each past day, compared with what came in the { $months } after
value-judged-caption = Mean error is per customer. Rank correlation: 1 where customers came in the order foreseen, 0 where by lot. Inside: customers whose own amount lay in their own 95 % interval. Money is not discounted here.
value-tenths = The tenth of whom most was foreseen brought { $came } each; { $foreseen } was foreseen
value-tenths-subtitle = Customers in ten groups of one size, by what was foreseen of them on the last past day: foreseen and brought, each
value-tenths-alt = Foreseen and actual money by tenths of the customers. { $title }.
value-who-pays = Who pays when
value-pays =
    { $when ->
        [start] the first payment is received now
        [end] payments come at the end of each period
       *[renewal] the next payment comes at the next renewal
    }
value-used-for = Used here for
value-used-new = new customers
value-used-running = customers whose term runs
value-conventions = The same customer is worth { $start }, { $end } or { $renewal }, by convention
value-conventions-subtitle = She pays { $now } a period (m) and renews each time with a chance of 80 % (r); { $later } that come a period later count as { $now } now (d = 10 %)
value-conventions-caption = Formulas with a constant r understate customers who differ: who has stayed long stays longer. Here each renewal has its own chance.
value-models =
    { $chosen ->
        [all] Each forecast is by the model that did best for customers it had not seen
        [none] Too few customers to try models on: the usual ones are taken
       *[some] A forecast is by the model that did best for customers it had not seen, where there are enough to try it on
    }
value-models-subtitle = For the analyst: log-likelihood per customer held out, the higher the better
value-judged-day = Learned up to
value-so-far = Brought so far
