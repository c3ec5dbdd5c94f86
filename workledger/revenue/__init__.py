"""Revenue by the standard (ASC 606, IFRS 15): performance obligations, estimates, progress, recognition runs.

What a contract line that is not recognized as invoiced earns is computed here, month by month, and posted as the
difference to what was posted before. Billing below never learns of it: Contract position holds both.
"""
