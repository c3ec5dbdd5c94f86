"""What revenue does when contracts tell it something; read when the app is ready."""

from workledger.contracts.events import LinesAgreed
from workledger.core.events import subscribe
from workledger.revenue import obligations


def on_lines_agreed(event: LinesAgreed) -> None:
    """Give each agreed line that is not recognized as invoiced its obligation, in the transaction of the act."""
    obligations.follow_lines(event.contract_ids)


subscribe(LinesAgreed, on_lines_agreed)
