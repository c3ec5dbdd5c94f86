"""Registers the package and listens to what the floors below tell."""

from workledger.core.triggers import WorkledgerAppConfig


class ExpensesConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.expenses"
    label = "expenses"
    listeners = ("workledger.expenses.listeners", "workledger.expenses.checks")
