"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class TimesheetsConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.timesheets"
    label = "timesheets"
    sql = ("timesheets.sql",)
    listeners = ("workledger.timesheets.checks",)
