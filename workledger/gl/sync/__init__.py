"""Keeps a general ledger in step: an outbox of documents, an inbox of what comes back, a daily tie-out.

queueing.py    documents into the outbox, in the transaction of the act that made them
journals.py    everything that no document carries, as journals
delivery.py    the only place that talks to a connector: sending, asking for changes, comparing
actions/       every write
queries.py     what the pages read
"""
