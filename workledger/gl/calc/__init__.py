"""Journals as another general ledger takes them, without a database."""
