"""Evidence: the trail from a contract's term to the payment, and where trails begin."""

from datetime import date, timedelta

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.routes import read
from workledger.api.wire import Day, Id, Words, list_of, shown
from workledger.core.access import Permission
from workledger.reporting import evidence

_TAG = "Evidence"
_VIEW = Permission.VIEW_LEDGER
_DAY = timedelta(days=1)

shown(evidence.Act, "EvidenceAct")
shown(evidence.Side, "EvidenceSide")
shown(evidence.Fact, "EvidenceFact", named={"steps": ("name", "said"), "page": ("kind", "id")})
shown(evidence.Stage, "EvidenceStage")
_TRAIL = shown(evidence.Evidence, also=("is_complete",))
_START = shown(evidence.Start, "EvidenceStart")


@read("/evidence/{source_kind}/{source_id}", _TRAIL, _VIEW, tag=_TAG, name="get_evidence",
      summary="Get the trail of evidence")  # fmt: skip
def get_evidence(request: HttpRequest, source_kind: Words, source_id: Id) -> evidence.Evidence:
    """Everything between what was agreed and what was paid for one time entry, expense or charge, with its acts."""
    return evidence.evidence(actor_of(request), source_kind, source_id)


@read("/invoices/by-number/{number}/evidence", list_of(_START), _VIEW, tag=_TAG, name="list_invoice_evidence",
      summary="List what an invoice bills")  # fmt: skip
def list_of_invoice(request: HttpRequest, number: Words) -> list[evidence.Start]:
    """The sources that an invoice or credit note bills, by its number: where trails begin."""
    return evidence.starts_of_invoice(actor_of(request), number)


@read("/entities/{entity_id}/evidence-sample", list_of(_START), _VIEW, tag=_TAG, name="draw_evidence_sample",
      summary="Draw a sample")  # fmt: skip
def draw_sample(
    request: HttpRequest, entity_id: Id, first: Day, through: Day, size: int = 25, seed: str = ""
) -> list[evidence.Start]:
    """A random sample of the work and charges of some days; the same seed draws the same from the same books."""
    end: date = through + _DAY
    return evidence.sample(actor_of(request), entity_id, first, end, size=size, seed=seed)
