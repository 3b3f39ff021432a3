### What a run says: pages that could not be made, the front page of a period, the archive.

## A page that could not be made

run-failed = { $period }: this page could not be made
run-failed-heading = What went wrong
run-not-made = { $period }: not made: needs { $needs }
run-not-made-heading = Why there is no such page
run-not-made-cause = It is made from { $needs }, and the data have none.
run-not-made-next = Where there is an export of these, load it too: `crmkit tables { $table }` lists the columns.
run-disk-full =
    .cause = The disk is full.
    .next = Free some space and run it again.
run-not-drawn =
    .cause = The page could not be drawn: { $error }
    .next = That is a fault of crmkit or of what the notebook shows: open the executed notebook to see it.
run-step-failed =
    .own = A step of the notebook failed. { $what }
    .other = A step of the notebook failed with { $what }
    .next = If that names data or a setting, mend it; else open the notebook and run it there.
run-too-slow =
    .cause =
        { $unit ->
            [minutes] The notebook did not finish within { $time } minutes and was stopped.
           *[seconds] The notebook did not finish within { $time } seconds and was stopped.
        }
    .next = Close other programs and run it again, or allow it more time with --deadline.
run-no-kernel =
    .cause = No kernel could be started for the notebook: { $error }
    .next = Install crmkit again, with its packages; `python -m ipykernel --version` must answer.
run-kernel-died =
    .cause = The program that ran the notebook stopped without a message; most often the memory was full.
    .next = Close other programs and run it again with --jobs 1, so that only one notebook is in memory.

## What was left out of a page

run-too-large = the page has { $size } kB, more than { $most }: show fewer rows or simpler figures
run-cut = an output of { $n } characters was cut: the executed notebook has all of it
run-cut-here = (Cut: the executed notebook has all { $n } characters.)
run-unsafe = a <{ $tag }> was left out: a page runs no code and loads nothing
run-outside = a <{ $tag }> from outside was left out: a page loads nothing
run-this-page = this page
run-no-description = A figure in the section “{ $section }”; its author gave no description.
run-no-alternative = a figure in the section '{ $section }' has no text alternative: show it with crmkit's figure(alt=...)

## The front page of a period, and the archive

run-index = All pages of { $period }
run-index-headline = { $period }: all pages
run-all-pages = All pages
run-archive = All periods
run-archive-headline = All reports
run-archive-kicker = Archive
run-no-pages = No pages yet
run-complete =
    { $of ->
        [one] { $n } of { $of } page complete
       *[other] { $n } of { $of } pages complete
    }
run-without-data =
    { $of ->
        [one] { $n } of { $of } page complete, { $without } not made, as the data have nothing for them
       *[other] { $n } of { $of } pages complete, { $without } not made, as the data have nothing for them
    }
run-periods =
    { $n ->
        [0] no periods reported
        [one] { $n } period reported
       *[other] { $n } periods reported
    }
