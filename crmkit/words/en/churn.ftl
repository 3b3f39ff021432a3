### The page on who is about to leave.

## Reasons for cancelling

churn-reason-rose = Cancelled because of “{ $reason }”: { $now } in { $period }, after { $before }
churn-reasons-alike = No reason for cancelling was given more often than before by more than chance
churn-reasons-usual = A { $period } on average before

## The list of those who may leave

churn-leaving =
    { $n ->
        [one] One customer may leave
       *[other] { $n } of { $of } customers who may leave, those with most money at risk
    }

## The headline and the findings

churn-headline-unknown = Who is about to leave cannot be said yet: it needs { $needs }
churn-headline-nobody = Nobody's activity ends in the days ahead
churn-headline =
    { $kind ->
        [shops]
            { $between ->
                [yes] About { $customers } will stop ordering for { $days }, between { $low } and { $high }
               *[no] About { $customers } will stop ordering for { $days }
            }
       *[all]
            { $between ->
                [yes] About { $customers } will leave within { $days }, between { $low } and { $high }
               *[no] About { $customers } will leave within { $days }
            }
    }
churn-no-list =
    .bold = There is no list yet.
    .rest = {" "}It needs { $needs }.
churn-nobody =
    .bold = Nobody can leave yet.
    .rest = {" "}No customer's paid term ends within { $days }.
churn-expected =
    .bold =
        { $n ->
            [one] Of { $customers } who may leave { $n } is expected to
           *[other] Of { $customers } who may leave { $n } are expected to
        }
    .rest = {" "}within { $days } (95 % interval { $low } to { $high }).{ $back }
churn-back = {" "}Of them { $n } ({ $low } to { $high }) will be back within a year.
churn-back-of-shoppers = {" "}Of the { $leavers } without a subscription { $n } ({ $low } to { $high }) will be back within a year.
churn-money =
    .bold = { $money } would go with them
    .rest = {" "}({ $low } to { $high }): { $basis }.
churn-do-not-act = Do not act on single customers.
churn-tried =
    .bold = Tried on { $days }: { $expected } customers were expected to leave, { $lost } left.
    .rest = {" "}The tenth with the highest chances left { $lift } times as often as the average.

## Titles of the sections

churn-compared = { $most } against { $least }
churn-drivers = Leavers differ from stayers most in { $names }
churn-drivers-none = In nothing do leavers differ from stayers by more than chance
churn-group = { $feature }: { $group }
churn-group-at-most = { $feature } at most { $limit }
churn-group-above = { $feature } above { $limit }
churn-pair-group = { $one }, and { $other }
churn-pair = Of customers with { $group }, { $lost } % left; each alone lets { $expected } % be expected
churn-remaining-half = Half of the { $n } customers of today will have left in { $when }
churn-remaining = Of the { $n } customers of today { $kept } ({ $low } to { $high }) will still be active in { $months } months
churn-risks-alike = Customers of no plan, channel or country leave sooner than others by more than chance
churn-risk = Where 100 customers of “{ $against }” leave, { $n } of as many of the { $what } “{ $group }” do
churn-methods-used = Of the ways to tell leavers, the one used came closest on past days
churn-methods-few-days = Another way to tell leavers came closer than the one used, but on { $n } of { $days } only
churn-methods-few-left = Another way to tell leavers came closer than the one used, but so few customers have left that it cannot be learned safely
churn-groups-alike = No group left more often than the others by more than chance
churn-groups = Of the customers of the { $what } “{ $group }” { $lost } left, of all others { $others }
churn-no-reason = Nobody has given a reason for cancelling
churn-reasons = The reason given most often: “{ $reason }”, { $share } of the cancellations

## How it is done

churn-method-nothing = Nothing was learned: it needs { $needs }.
churn-method-who = Who leaves is told by the same rule as the churn rate. Whoever buys without a subscription may leave at any time, a subscriber only if the paid term ends within { $days }; who has given notice is not listed.
churn-method-how =
    { $why ->
        [least] Chances are learned by { $method }, which asks for least: so few have left that nothing more can be learned safely. It learned from { $rows }, each a customer on a past day, of which { $lost } ended in leaving; no outcome was used before it was known.
       *[best] Chances are learned by { $method }, which did best on past days. It learned from { $rows }, each a customer on a past day, of which { $lost } ended in leaving; no outcome was used before it was known.
    }
churn-method-total = How many leave in all is counted, for customers without a subscription, in the possible futures that the pages on value and segments read too: the chances of the list are moved together until they add up to it, which changes neither their order nor the reasons. Money at risk is what those who stay bring, less what is expected of them once they have left: who is silent may come back.

## The sections of the page

churn-notice =
    { $n ->
        [one] { $n } customer who has given notice is not listed.
       *[other] { $n } customers who have given notice are not listed.
    }
churn-leaving-subtitle = Chance of leaving within { $days }, and what raises it most.
churn-leaving-caption = What leavers had in common in the past need not be why they left.
churn-list = Everybody who may leave
churn-calls-subtitle = Expected profit by number of customers contacted; a contact costs { $cost } and keeps { $share } of those who would leave.
churn-calls-alt = Expected profit rises up to { $who } and falls after. { $title }.
churn-past = On { $n } of { $days } about as many left as expected
churn-past-subtitle = Customers expected to leave within { $days } of each day, from what was known by that day, and those who left.
churn-past-alt = Expected and actual losses by day. { $title }.
churn-past-caption = About as many: the number lies within the 95 % interval.
churn-tenths = In { $n } of { $groups } groups about as many left as their chances said
churn-tenths-subtitle = Customers of all past days in { $groups } groups of one size, from the lowest chances to the highest: the mean chance, with its 95 % interval, and the share who left.
churn-tenths-alt = Foretold and actual shares of customers who left, in { $groups } groups. { $title }.
churn-tenths-caption = About as many: the share lies within the 95 % interval.
churn-methods-subtitle = The closest first. The last columns are for the analyst, the means of all past days.
churn-methods-caption = Log-loss: how far the chances were from what came, less is better. { churn-auc } { churn-lift } Slope: 1 where the chances are as sure as they should be, below where too sure.
churn-auc = AUC: of a leaver and a stayer, how often the leaver had the higher chance; 0.5 is drawing lots.
churn-lift = Lift: how many times as often as the average customer the tenth with the highest chances left.
churn-groups-subtitle = Of the customers who could leave on past days, the share who left within { $days }, with 95 % interval.
churn-groups-caption = This need not be why they left: customers of a plan or a channel differ in other ways too.
churn-reasons-of-year = Reasons given for cancelling in the last 12 months.
churn-earlier = The report of { $day } expected { $expected } to leave, { $lost } left
churn-earlier-subtitle = What earlier reports expected, and who has left since.
churn-earlier-caption = { churn-auc } { churn-lift }
churn-remaining-subtitle = How many of today's customers will still be active, with 95 % band; new ones are not counted.
churn-remaining-alt = Customers still active, by month from today. { $title }.
churn-remaining-caption = Nobody has been watched for longer than { $months }: for customers beyond that age the curve continues the pattern. Who comes back later counts as having left.
churn-remaining-differs =
    { $left_out ->
        [none] The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave within { $days } and goes by each one's own chance, so the two need not agree.
        [notice] The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave within { $days }, not the { $notice } who gave notice, and goes by each one's own chance, so the two need not agree.
        [beyond] The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave within { $days }, not the { $beyond } whose term runs on beyond that, and goes by each one's own chance, so the two need not agree.
       *[both] The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave within { $days }, not the { $notice } who gave notice and the { $beyond } whose term runs on beyond that, and goes by each one's own chance, so the two need not agree.
    }
churn-remaining-analyst = For the analyst: discrete-time survival by age, plan, channel and country.
churn-remaining-month = Months from today
churn-remaining-value = Still active
churn-drivers-subtitle = Customers with much of something compared with those with little of it, alike in everything else: how many times as high their odds of leaving are, with 95 % interval.
churn-drivers-caption = Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: odds ratios between the ninetieth and the tenth percentile, of texts between the two groups that differ most, all else equal; features that overlap share their say, so orders are compared among customers who ordered last on the same day.
churn-drivers-odds = Odds of leaving, times
churn-pairs-subtitle = Groups in which two things together go with more losses, or fewer, than each by itself.
churn-pairs-caption = Found and counted in the same customers of past days, after allowing for all groups looked at; the next ones will differ less. It need not be why they left.
churn-pairs-expected = Expected from each alone
churn-risks-doubtful = differs with age
churn-risks-ratio = Leave, times as often
churn-risks-subtitle = How many times as often the customers of a group leave as those compared with, at the same age and alike in the rest, with 95 % interval.
churn-risks-caption =
    { $doubtful ->
        [some] Where the interval holds 1 it may be chance. “Differs with age”: the ratio is not the same for new and for old customers, and this is its mean (the check of proportional hazards fails). { churn-risks-analyst }
       *[none] Where the interval holds 1 it may be chance. No ratio differs between new and old customers (the check of proportional hazards). { churn-risks-analyst }
    }
churn-risks-analyst = For the analyst: hazard ratios of a Cox model from the start of each stretch of activity; who left and came back counts again.
churn-shifts =
    { $n ->
        [0] The customers of today are like those that the chances were learned from
       *[other] In { $n } of { $of } today's customers are unlike those that the chances were learned from
    }
churn-shifts-subtitle = The middle customer then and now, how far all have moved (above 0.25 they are called different), and how much the chances rest on it.
churn-shifts-caption = The chances rest by { $share } % on what is different; above half, no list is given. For the analyst: moved is the population stability index.
churn-shifts-weight = Share in the chances
