"""What is still to come: revenue and billing expected by month, in versions that are frozen at each close and compared.

Recognized to date comes from the ledger, the rest from contract terms, estimates and what is planned.
"""
