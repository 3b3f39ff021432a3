### The page on what customers say.

## NPS and satisfaction by touchpoint

voice-touchpoint-nps = NPS
voice-touchpoint-csat = Satisfied
voice-touchpoint-ces = Found it easy
voice-touchpoint = { $touchpoint } ({ $metric } { $value })
voice-touchpoints =
    { $n ->
        [0] No touchpoint differs from all answers by more than chance
        [one] Unlike all answers by more than chance: { $named }
       *[other] Unlike all answers by more than chance: { $named }
    }
voice-touchpoints-subtitle = { $period }, with 95 % intervals. ▲ and ▼: above or below all answers by more than chance.

## Whom to call back

voice-follow-up =
    { $n ->
        [one] { $n } customer is waiting to be called back
       *[other] { $n } customers are waiting to be called back
    }
voice-follow-up-subtitle = Low answers and tickets open for more than { $days } days; the most valuable first.
voice-follow-up-worth = Worth: expected from now on.
voice-follow-up-paid = By turnover of 12 months: what each is worth from now on was not predicted.
voice-follow-up-unknown =
    { $n ->
        [one] The list has { $n } more, of somebody whom the survey did not record.
       *[other] The list has { $n } more, of people whom the survey did not record.
    }
voice-follow-up-front =
    .bold =
        { $n ->
            [one] Call back { $n } customer
           *[other] Call back { $n } customers
        }
    .rest =
        { $n ->
            [one] {" "}with a low answer or a ticket left open.
           *[other] {" "}with a low answer or a ticket left open, the most valuable first.
        }
voice-answers =
    { $n ->
        [one] { $n } low answer of { $period } waits for a reply
       *[other] { $n } low answers of { $period } wait for a reply
    }
voice-answers-subtitle = Who gave them is not recorded here; the survey tool knows it by the number of the answer.
voice-answers-front =
    .bold =
        { $n ->
            [one] Reply to { $n } low answer
           *[other] Reply to { $n } low answers
        }
    .rest = {" "}of this period.
voice-follow-up-list = Everybody to call back
voice-label-customer_id = Customer
voice-label-turnover_12_months = Turnover, 12 months
voice-label-last_on = Last
voice-label-response_id = Answer
voice-label-given_on = Given on

## What customers wrote about

voice-topic = Topic
voice-topic-new = { $topic } (new)
voice-topics-in = In
voice-topics-quotes = In their words
voice-topics-kind = Kind
voice-topics-text = Text
voice-topics-usual = A { $period } on average before
voice-topics-new = New in { $period }: "{ $topic }", in { $n } of { $of }
voice-topics-known = No new topic; most is written about "{ $topic }", in { $n } of { $of }
voice-topics-subtitle = Texts by the words they share; a topic is named by its own words and stays the same from month to month.
voice-topics-caption = Names, addresses and numbers in quotes are hidden. A topic tells what a text is about, not whether it is kind.
voice-topics-none =
    { $why ->
        [few] Too few texts for topics: they are listed one by one
       *[mixed] The texts are too mixed for topics: they are listed one by one
    }
voice-topics-none-subtitle = Texts of { $period }, the latest first; names, addresses and numbers are hidden.

## Moods

voice-moods-subtitle = Comments and customers' posts up to { $day } by language; right: the mood told is that of the stars, judged at the latest quarter of the comments, whose words were not learned from, with 95 % interval.
voice-moods-caption = Moods are for a tendency over many texts: of a single comment read the words. Posts have no stars, so how well they are read is not known.
voice-moods-texts = Texts
voice-moods-read = How they are read
voice-moods-right = Right
voice-moods-kinder = Net sentiment reads
voice-moods-unknown =
    { $n ->
        [0] not known: none to judge by
       *[other] not known: { $n } to judge by
    }
voice-moods-bias =
    { $way ->
        [same] as it is
        [kinder] { $points } points kinder than it is
       *[harder] { $points } points less kind than it is
    }

## Posts, channels and taking part

voice-posts-hours = from { $at } o'clock ({ $value })
voice-posts-weekday = on { $at }s ({ $value })
voice-posts =
    { $n ->
        [0]
            { $kind ->
                [hours] No time of day brings more or less than the { $overall } of all posts by more than chance
               *[weekday] No weekday brings more or less than the { $overall } of all posts by more than chance
            }
       *[other] Posts { $times } differ from the { $overall } of all by more than chance
    }
voice-posts-subtitle = Interactions for each time a post was shown, { $posts }, { $year }. By chance: what the same times would bring if they did not matter, on the networks they were used for.
voice-posts-caption = Times with fewer than five posts are not shown. What was posted when was not drawn by chance.
voice-channel-survey = Surveys answered
voice-channel-mailing = Messages clicked
voice-channel-best = Customers who respond best here
voice-channels =
    { $channel ->
        [none] Of { $several } reached on more than one channel, nobody was tried on two
       *[other] Of { $several } reached on more than one channel, { $channel } works best for { $most }
    }
voice-channels-subtitle = Shares of all contacts up to { $day }; { $others } were reached on one channel only, which says nothing about what they prefer.
voice-channels-caption = A customer's own rate is drawn towards that of all customers, which counts as { $contacts } contacts. Who was asked by telephone was not chosen by chance: a difference between channels is partly one between customers.
voice-engagement =
    { $case ->
        [none] Nobody left, or nobody stayed: the engagement score cannot be judged
        [few] Whether the engagement score tells who stays cannot be said yet: too few customers left
        [tells] The engagement score tells who stays: { $stayed } % of the customers at { $points } points stayed, { $least } % at { $lowest }
       *[not] The engagement score does not tell who stays: do not act on it
    }
voice-engagement-subtitle = Active customers on { $scored } by their score then, and the share still active on { $day }, with 95 % interval.
voice-engagement-caption =
    { $known ->
        [yes] Of 100 points: { $weights }. Of a customer who stayed and one who left, the score puts the right one first in { $auc } % of pairs ({ $low } to { $high } %; 50 % is guessing).
       *[no] Of 100 points: { $weights }. Of a customer who stayed and one who left, the score puts the right one first in no pair.
    }

## Why somebody is to be called back

voice-low =
    { $survey ->
        [nps] Would not recommend you (NPS { $score })
        [csat] Dissatisfied (CSAT { $score })
       *[ces] Found it hard (CES { $score })
    }
voice-low-of =
    { $survey ->
        [nps] Would not recommend you (NPS { $score } of { $most })
        [csat] Dissatisfied (CSAT { $score } of { $most })
       *[ces] Found it hard (CES { $score } of { $most })
    }
voice-overdue =
    { $n ->
        [one] Ticket open for { $n } day
       *[other] Ticket open for { $n } days
    }
