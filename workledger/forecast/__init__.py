"""What is still to come: revenue and billing expected by month, in versions that are frozen at each close and compared.

Recognized to date comes from the ledger, the rest from contract terms, estimates and what is planned. `outlook` builds a
forecast of now or of an earlier day, `actions.freeze` keeps one, `queries` read and compare them. `plans.register_plan`
is where planned work comes in.
"""
