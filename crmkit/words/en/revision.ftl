### Numbers that were reported and have changed since.

revision-changed =
    { $change ->
        [none] { $label }: reported as { $then }, now { $now }.
       *[other] { $label }: reported as { $then }, now { $now } ({ $change }).
    }
revision-since = Since then { $facts }.
revision-unknown = The reason is not known.
revision-exports = the export files have changed
revision-setting = the setting { $name } has changed from { $before } to { $after }
revision-package = the package { $name } has changed from { $before } to { $after }
revision-other-settings = mappings, targets or other settings have changed
revision-own-code = your own Python files have changed
revision-crmkit = crmkit { $before } has become { $after }
revision-code = the code of crmkit has changed
revision-nothing = nothing
revision-no-data = no data
revision-ended =
    { $days ->
        [one] the period has ended: it was reported after { $days } day
       *[other] the period has ended: it was reported after { $days } days
    }
revision-definition = its definition has changed
revision-more =
    { $n ->
        [one] { $counted } more is counted
       *[other] { $counted } more are counted
    }
revision-fewer =
    { $n ->
        [one] { $counted } fewer is counted
       *[other] { $counted } fewer are counted
    }

## The section that compares with earlier reports

revision-title = Reported before
revision-section-changed =
    { $n ->
        [one] { $n } number of { $period } is not what its report gave.
       *[other] { $n } numbers of { $period } are not what its report gave.
    }
revision-section-same = The numbers of { $period } are those that its report gave ({ $compared } compared).
