### The page on segments.

segments-flow-subtitle = Customers of each segment on the eve of { $period } and on its last day, and how many came to it and left it in between, new customers included.

## The headline and the findings

segments-headline-unknown = Who your customers are cannot be said yet: it needs { $needs }
segments-headline-few = { $period }: { $bought }, too few for segments
segments-headline-nothing = { $period }: { $bought }, no turnover in the last 365 days
segments-headline = { $period }: “{ $segment }” are { $share } % of customers and bring { $revenue } % of turnover
segments-bought =
    { $n ->
        [one] { $n } customer who has bought
       *[other] { $n } customers who have bought
    }
segments-population =
    { $n ->
        [one] Of the { $bought }; { $n } other has not.
       *[other] Of the { $bought }; { $n } others have not.
    }
segments-none-yet =
    .bold = There are no segments yet
    .rest = : fewer than { $fewest } customers had bought by { $day }, and segments are learned from those who had. What compares segments is left out; know each customer by name.
segments-one =
    .bold = All customers are in one segment
    .rest = : there is no other to compare it with.
segments-natural =
    .bold = There are { $n } natural groups
    .rest = : { $named }.
segments-not-natural =
    .bold = There are no natural groups
    .rest = : { $why }. The segments here are fixed cuts on a scale.
segments-moved = { $customers } moved from “{ $source }” to “{ $to }”
segments-moved-new = { $customers } moved from New customers to “{ $to }”
segments-usually = : { $share } % of them, usually { $usual } %. Real.
segments-changed-nobody =
    .bold = Nobody changed segment
    .rest =
        { $unusual ->
            [some] .
           *[none] ; no move was more frequent than usual.
        }
segments-changed =
    .bold = { $n } of { $customers } changed segment
    .rest =
        { $unusual ->
            [some] {" "}({ $share } %).
           *[none] {" "}({ $share } %); no move was more frequent than usual.
        }
segments-both-ways = { $customers } upgraded and { $slid } slid
segments-brought-both = : those who upgraded bring { $up }, those who slid { $down }.
segments-brought-up = : those who upgraded bring { $up }.
segments-brought-down = : those who slid bring { $down }.
segments-amount =
    { $way ->
        [more] { $amount } more ({ $interval })
       *[less] { $amount } less ({ $interval })
    }

## What to do for the usual segments, and for others

segments-do-champions = Thank them, ask for recommendations, show them new products first.
segments-do-loyal = Offer what goes with what they buy; no discount is needed.
segments-do-potential-loyalists = Win the next order soon: a reason to come back within their usual gap.
segments-do-new-customers = Welcome them and make the second order easy.
segments-do-promising = Show the range; a small sample or a guide does more than a discount.
segments-do-need-attention = Remind them with something that fits their last order.
segments-do-about-to-sleep = Remind them once; they have bought little so far.
segments-do-at-risk = Write personally and ask what was wrong, before an offer.
segments-do-cannot-lose-them = Telephone. They brought much and have been away long.
segments-do-hibernating = Include them in the general newsletter only.
segments-do-lost = Spend nothing on them but one last question why.
segments-do-too-few-to-rank = Know each of them by name: there are too few for segments.
segments-do =
    { $brings ->
        [more]
            { $away ->
                [away] Telephone or write personally: they bring more than others and have been away.
               *[here] Thank them, show them new products first, ask for recommendations.
            }
       *[other]
            { $away ->
                [away] Remind them once with something that fits their last order.
               *[here] Make the next order easy: a reason to come back within their usual gap.
            }
    }
segments-what-to-do = What to do for each
segments-front =
    .bold = { $segment }, { $customers }
    .rest = : { $what }

## Whether the segments still fit

segments-no-fit =
    .bold = The segments no longer fit
    .rest = : { $why }. A proposal stands side by side below.
segments-review =
    { $verdict ->
        [no-longer-fits] The segments of { $day } no longer fit
        [fits] The segments of { $day } still fit
        [differs-as-a-year-ago] The segments of { $day } fit as they did a year ago: what differs is the season
        [too-new-to-judge] It is too early to judge whether the segments of { $day } fit
       *[too-few-to-judge] There are too few customers to judge whether the segments of { $day } fit
    }
segments-until-refresh = The segments are kept in the store and stay until { $command } is run.
segments-provisional = The segments are provisional: once a year of data is there, those of the end of a fiscal year are kept.
segments-too-new = They were learned less than two months ago. { $until }
segments-too-few = There are fewer than 40 customers. { $until }
segments-season = But customers were as different at this time a year ago, so it is the season. { $until }
segments-look-again = A season can look like a change: look again next month before you refresh. To take the proposal, run { $command }: it holds from then on, and earlier months keep the old segments.
segments-rarely = less than 1 %
segments-anew = If the segments were learned anew today, { $moved } of the customers who ordered within a year would be in another one; so large a change comes by chance in { $often } of cases where nothing has changed.
segments-groups-then =
    { $then ->
        [0] Then there was one group, now there are { $now } groups.
        [1] Then there was one group, now there are { $now } groups.
       *[other]
            { $now ->
                [0] Then there were { $then } groups, now there is one group.
                [1] Then there were { $then } groups, now there is one group.
               *[other] Then there were { $then } groups, now there are { $now } groups.
            }
    }
segments-why-groups =
    { $then ->
        [0] where there was one group, there are now { $now } groups
        [1] where there was one group, there are now { $now } groups
       *[other]
            { $now ->
                [0] where there were { $then } groups, there is now one group
                [1] where there were { $then } groups, there is now one group
               *[other] where there were { $then } groups, there are now { $now } groups
            }
    }
segments-why-elsewhere = the groups are the same, but their customers are no longer where they were
segments-why-anew = learned anew today, they would put { $moved } of buying customers into another one
segments-fact-learned = Learned from the data up to
segments-fact-moved = Would be in another segment
segments-label-fresh = Customers, if learned today
segments-change = { $n } from “{ $source }” to “{ $to }”
segments-changes = Would change most: { $changes }.

## The sections of the page

segments-label-per-customer = Turnover per customer
segments-label-days = Days since they bought
segments-label-there = Of those there
segments-label-turnover = Turnover of 365 days
segments-label-tenure = Days as a customer
segments-label-gaps = Gaps between all
segments-label-others = Per other customer
segments-apart = What sets each segment apart
segments-apart-subtitle = Turnover and orders of 365 days to { $day }, with 95 % intervals. ▲ and ▼: more or less per customer than the others, by more than chance.
segments-by-rules = Segments by the rules of your settings, the first that holds.
segments-learned = Learned from the data up to { $day }; equal customers are called alike in every month.
segments-where = Who moved where
segments-where-subtitle = From the eve of { $period } to its last day. Gained: change of these customers' turnover of 365 days.
segments-where-caption = Usually: the mean of up to six such periods before.
segments-typical-subtitle = Two of each segment, nearest to its middle.
segments-list = Each customer with her segment
segments-search =
    { $verdict ->
        [asked] { $groups }, as the settings ask
        [found] Customers fall into { $groups }
       *[none] Customers are one crowd: no number of groups holds
    }
segments-search-subtitle = Customers put into 2, 3, ... groups by { $what }, as of { $day }: are there gaps between the groups, or is the number only a number?
segments-search-caption = A number holds if there is a gap between every two groups, at most 5 % are moved and no group is below 5 customers. Moved: who is put elsewhere if other customers had been drawn. For the analyst: k-means; silhouette is 1 where every customer is near her own group and far from the next, 0 where there is no difference.
segments-groups = “{ $segment }” are { $share } of customers and bring { $revenue } of turnover
segments-groups-subtitle = The natural groups on { $day }; turnover and orders of 365 days, per customer.
segments-groups-caption = In { $period } { $changed } of customers changed group: { $sure } whichever customers the groups had been learned from, { $border } on the border. Groups moved to where customers now are would have put { $refitted } elsewhere.
segments-map = The middle one of “{ $segment }” bought { $ago } and brings { $money } a year
segments-map-alt = Map of { $customers } by time since they bought and turnover of 365 days. { $title }; “{ $last }” bought { $ago }.
segments-map-subtitle =
    { $drawn ->
        [some] Each dot is a customer, { $n } of { $of } drawn evenly from each segment, on { $day }, placed by two of the numbers that make her segment; a name stands at the middle customer of the segment.
       *[all] Each dot is a customer on { $day }, placed by two of the numbers that make her segment; a name stands at the middle customer of the segment.
    }
segments-map-caption = A projection: segments that overlap here may differ in how often their customers buy.
segments-days-ago =
    { $n ->
        [0] today
        [one] { $n } day ago
       *[other] { $n } days ago
    }
segments-flow =
    { $n ->
        [0] Nobody upgraded and nobody slid
       *[other] { $up } upgraded, { $down } slid
    }
segments-flow-drawn = Customers by segment on the eve of { $period } (left) and on its last day (right). Green went up, red down, blue bought for the first time, the pale bands stayed.
segments-flow-alt = Flow between segments in { $period }: { $title }.{ $most }
segments-flow-most = {" "}Most moved from “{ $source }” to “{ $to }”: { $n }.
segments-moves = What the moves brought and cost
segments-moves-subtitle = Change of these customers' turnover of 365 days in { $period }, with 95 % interval.
segments-moves-caption = Who slides brings less in the months after it, too: a year's turnover falls late.
segments-traits =
    { $n ->
        [0] No segment differs from the others in who they are or what they think
        [one] { $n } segment differs from the others in more than what they buy
       *[other] { $n } segments differ from the others in more than what they buy
    }
segments-traits-subtitle = Up to { $most } clearest differences of each, { $day }; compared were { $what }.
segments-traits-caption = Only differences that are more than chance, all comparisons taken together, and only what is known of at least a third of a segment. What goes together is no cause.
segments-traits-list = Each segment against the others, in all that is known
segments-trait = { $topic }: { $what }
segments-known = { $n } of { $of }
segments-outlook = value and risk
