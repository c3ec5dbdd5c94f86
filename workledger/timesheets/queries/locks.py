"""Why time cannot be changed, in one sentence: by its line's state, its task, and what holds it above."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db.models import F

from workledger.timesheets.models import LineDecision, LineState


class LastDecision(NamedTuple):
    """The latest decision on a line: what, by whom ('' when the machine), on which day, why."""

    decision: str
    by: str
    on: date
    reason: str

    @property
    def story(self) -> str:
        """Who and when, as in 'by Pia Lead on 9 Mar'."""
        by = f" by {self.by}" if self.by else ""
        return f"{by} on {short(self.on)}".strip()


def short(day: date) -> str:
    """Return a day as a sentence names it."""
    return f"{day.day} {day:%b}"


def last_decisions(line_ids: Collection[int]) -> dict[int, LastDecision]:
    """Return the latest decision of each line that has one, in one query."""
    if not line_ids:
        return {}
    rows = (
        LineDecision.objects.filter(line_id__in=line_ids)
        .order_by("line_id", "-id")
        .distinct("line_id")
        .annotate(by=F("user__name"), email=F("user__email"))
        .values_list("line_id", "decision", "by", "email", "at", "reason")
    )
    return {
        line_id: LastDecision(decision, by or email or "", at.date(), reason)
        for line_id, decision, by, email, at, reason in rows
    }


def why_locked(state: str, last: LastDecision | None, held: str) -> str:
    """Return why a line's entry cannot be changed as it is, or ''. `held` is what a floor above says."""
    if held:
        return held
    if state == LineState.SUBMITTED:
        return (
            f"Submitted{f' {last.story}' if last else ''} and waiting for approval. Recall it to change it."
        )
    if state == LineState.APPROVED:
        story = f" {last.story}" if last else ""
        return f"Approved{story}. Changing it voids the approval: it has to be submitted and approved again."
    return ""
