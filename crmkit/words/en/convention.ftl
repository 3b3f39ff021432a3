### The values of disputed metrics under each convention.

convention-agree = { $label } is counted in several ways, which agree here: { $value }. Here it is { $formula }.
convention-differ =
    { $label } is counted in several ways. Here it is { $formula }: { $value }. Other conventions give, in the same data, { $others }.
convention-other = { $formula }: { $value } ({ $change })
convention-same = The same { $value } would come of { $formulas }.
