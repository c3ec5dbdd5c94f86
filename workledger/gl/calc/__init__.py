"""Pure calculation of the way to a general ledger: journals, charts, what a document moves there, when it is sent again."""
