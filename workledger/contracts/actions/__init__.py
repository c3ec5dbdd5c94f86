"""Every write of contracts: agreements and their lines, rate cards and their rates."""

from workledger.contracts.actions.agreements import (
    activate_contract,
    add_line,
    change_line,
    close_contract,
    create_contracts,
    create_lines,
    create_task_types,
    save_contract,
)
from workledger.contracts.actions.rates import (
    approve_rate,
    approves_alone,
    create_rate_card,
    create_rate_cards,
    create_rates,
    decline_rate,
    end_rate,
    propose_rate,
    raise_rates,
    rename_rate_card,
    set_rate,
)

__all__ = [
    "activate_contract",
    "add_line",
    "approve_rate",
    "approves_alone",
    "change_line",
    "close_contract",
    "create_contracts",
    "create_lines",
    "create_rate_card",
    "create_rate_cards",
    "create_rates",
    "create_task_types",
    "decline_rate",
    "end_rate",
    "propose_rate",
    "raise_rates",
    "rename_rate_card",
    "save_contract",
    "set_rate",
]
