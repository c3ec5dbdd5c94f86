"""A figure's postings as words of an address, and back: what pages, the API and files open a figure by."""

from collections.abc import Mapping
from datetime import date

from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.kernel.period import END_OF_TIME
from workledger.ledger.sums import START_OF_TIME
from workledger.reporting.ground import Ground, load
from workledger.reporting.report import Drill
from workledger.reporting.sums import Axis, ReportBasis, Slice

_NAMES = ("entity", "accounts", "start", "end", "basis", "known_on", "where", "kinds", "sign", "by_hours")


def words_of(drill: Drill) -> dict[str, str]:
    """Return the words that name a figure's postings; what is usual is left out."""
    chosen = drill.chosen
    words = {
        "entity": str(chosen.book_id),
        "accounts": ",".join(map(str, chosen.account_ids)),
        "start": chosen.start.isoformat() if chosen.start > START_OF_TIME else "",
        "end": chosen.end.isoformat() if chosen.end < END_OF_TIME else "",
        "basis": chosen.basis.value if chosen.basis is ReportBasis.EARNED else "",
        "known_on": chosen.known_on.isoformat() if chosen.known_on else "",
        "where": ",".join(f"{axis}:{'+'.join(map(str, ids))}" for axis, ids in chosen.where),
        "kinds": ",".join(chosen.kinds),
        "sign": "-1" if drill.sign < 0 else "",
        "by_hours": "1" if drill.by_hours else "",
    }
    return {name: word for name, word in words.items() if word}


def drill_of(actor: Actor, words: Mapping[str, str]) -> tuple[Ground, Drill]:
    """Read the words of a figure, with the ground it stands on. Accounts the actor may not see are left out.

    Raises NotFound for an entity that is not visible. Refuses: figure_unknown (the words name no figure).
    """
    said = {name: words.get(name, "") for name in _NAMES}
    try:
        ground = load(actor, int(said["entity"]))
        seen = {account.pk for account in ground.accounts}
        wanted = [int(each) for each in said["accounts"].split(",") if each]
        where = tuple(_limit(each) for each in said["where"].split(",") if each)
        chosen = Slice(
            ground.book_id,
            tuple(pk for pk in wanted if pk in seen),
            date.fromisoformat(said["start"]) if said["start"] else START_OF_TIME,
            date.fromisoformat(said["end"]) if said["end"] else END_OF_TIME,
            ReportBasis(said["basis"] or ReportBasis.POSTED),
            date.fromisoformat(said["known_on"]) if said["known_on"] else None,
            where,
            tuple(each for each in said["kinds"].split(",") if each),
        )
    except ValueError:
        raise Refused.because(
            "figure_unknown", "This names no figure. Open it from its report again.", "where"
        ) from None
    return ground, Drill(chosen, -1 if said["sign"] == "-1" else 1, said["by_hours"] == "1")


def _limit(text: str) -> tuple[Axis, tuple[int, ...]]:
    name, _, ids = text.partition(":")
    axis = Axis(name)
    if axis is Axis.KIND:
        raise ValueError(text)
    return axis, tuple(int(each) for each in ids.split("+"))
