"""Names the SQL that holds the ledger's rules."""

from workledger.core.triggers import WorkledgerAppConfig


class LedgerConfig(WorkledgerAppConfig):
    """The books."""

    name = "workledger.ledger"
    label = "ledger"
    sql = ("ledger.sql",)
