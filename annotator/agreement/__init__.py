"""What judgments together say, and how far to trust them: pure functions over long-form arrays.

`alpha`          chance-corrected agreement (Krippendorff)
`dawid_skene`    true answers and annotators' error rates from answers alone
`bradley_terry`  generators ranked from comparisons with ties (Davidson)
`consensus`      one item's probabilities of a, tie and b, and its state
`annotators`     one annotator's side bias, repeat consistency, agreement and pace
`proportions`    an interval for a share

Every module takes plain arrays, knows no database, uses numpy alone, and answers degenerate input with a
stated result: not a number and the reason, never a warning.
"""
