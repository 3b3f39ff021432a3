### How moods are read, and how far they can be trusted.

mood-method =
    { $method ->
        [learned] learned from your answers with stars
        [lexicon] by a list of English words
        [none] not read: too few stars to judge by, or no better than guessing
        [stars] by the stars given with it
       *[each] each as below
    }
mood-untested =
    { $unread ->
        [none] Too few comments with stars to tell whether moods are read rightly
       *[other] Too few comments with stars to tell whether moods are read rightly; texts in { $unread } are not read
    }
mood-by-chance = The mood read off a comment agrees with its stars no more often than chance would: do not act on it
mood-agrees = The mood read off a comment is that of its stars in { $share } of cases; naming the same mood each time would reach { $always }
mood-remark-unknown = Do not act on it: whether moods are read rightly is not known yet
mood-remark-chance = Do not act on it: moods are read off words no better than by chance
mood-remark-words = Read off words; of comments { $share } are read as their stars say, of posts it is not known
mood-remark-stars = By the stars given with each comment
mood-shares = Of { $texts } in { $period }, errors of reading allowed for, { $kind } are kind and { $unkind } unkind.
mood-share = { $share } % ({ $low } to { $high } %)
