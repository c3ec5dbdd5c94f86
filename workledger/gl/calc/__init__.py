"""Pure calculation of the way to a general ledger: what a document moves there, how it is written down, when it is sent again."""
