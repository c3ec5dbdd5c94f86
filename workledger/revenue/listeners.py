"""What revenue does when contracts tell it something; read when the app is ready."""

from workledger.contracts.events import ContractModified, LinesAgreed
from workledger.core.events import subscribe
from workledger.revenue import modifications, obligations


def on_lines_agreed(event: LinesAgreed) -> None:
    """Give each agreed line that is not recognized as invoiced its obligation, in the transaction of the act."""
    obligations.follow_lines(event.contract_ids)


def on_contract_modified(event: ContractModified) -> None:
    """Open a modification to decide where the change touches revenue that is recognized over a price."""
    modifications.open_modification(event)


subscribe(LinesAgreed, on_lines_agreed)
subscribe(ContractModified, on_contract_modified)
