### Tables: what stands in and around them.

## A table of one row, as a sentence after the row's name

table-single = : { $facts }.
table-fact = { $label } { $value }
