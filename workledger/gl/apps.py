"""Registers the package, the general ledgers it can reach, and what it listens to."""

from workledger.core.triggers import WorkledgerAppConfig


class GeneralLedgerConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.gl"
    label = "gl"
    listeners = ("workledger.gl.sync.listeners", "workledger.gl.sync.closing", "workledger.gl.installed")
