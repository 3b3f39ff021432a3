### The page of words.

glossary-headline = What { $numbers } mean, and how each is made
glossary-name = what the numbers count: { $topics }
glossary-columns = Every column of every table, with its unit
glossary-columns-subtitle = Names that end in _at hold local time, _on a day, n_ a count; money is net of tax; shares are 0 to 1.
glossary-here = In these data
