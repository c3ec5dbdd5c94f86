"""The books: accounts, periods, append-only journal entries and postings, balances.

Every amount in the product is a posting. Other packages build `EntryDraft`s in their `posting.py` and
call `actions.post`; they read through `queries`. Dimensions are ids of higher floors, kept as plain
numbers so that the ledger knows no domain.
"""
