"""Period ends: accruals and revaluation, their policy and their runs."""

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.routes import LIMIT, Limit, act, read
from workledger.api.wire import Id, list_of, shown
from workledger.close import period_end_inputs as inputs
from workledger.close import period_end_queries as queries
from workledger.close.actions import accruals, valuation
from workledger.close.models import RunKind
from workledger.core.access import Permission

_TAG = "Period ends"
_VIEW = Permission.VIEW_LEDGER

_ROW = shown(inputs.PeriodEndRow)
shown(inputs.PeriodEndResult, also=("effect",))
shown(queries.PostedEntry, "PeriodEndEntry")
_RUN = shown(queries.RunRow, "PeriodEndRun")


@read("/periods/{period_id}/accruals", list_of(_RUN), _VIEW, tag=_TAG, name="list_accruals",
      summary="List a period's accruals")  # fmt: skip
def list_accruals(request: HttpRequest, period_id: Id, limit: Limit = LIMIT) -> list[queries.RunRow]:
    """Runs that accrued at a period's end, newest first, with their entries and what reverses them."""
    return queries.runs(actor_of(request), RunKind.ACCRUAL, period_id=period_id, limit=limit)


@read("/periods/{period_id}/revaluations", list_of(_RUN), _VIEW, tag=_TAG, name="list_revaluations",
      summary="List a period's revaluations")  # fmt: skip
def list_revaluations(request: HttpRequest, period_id: Id, limit: Limit = LIMIT) -> list[queries.RunRow]:
    """Runs that revalued at a period's end, newest first, with their entries and what reverses them."""
    return queries.runs(actor_of(request), RunKind.REVALUATION, period_id=period_id, limit=limit)


@read("/period-end-runs/{run_id}/lines", list_of(_ROW), _VIEW, tag=_TAG, name="list_period_end_lines",
      summary="List a run's lines")  # fmt: skip
def list_lines(request: HttpRequest, run_id: Id) -> list[inputs.PeriodEndRow]:
    """What a run posted, line by line, with the reason of each."""
    return queries.run_lines(actor_of(request), run_id)


act("POST", "/entities/{entity_id}/periods/{period_id}/accruals", accruals.accrue, tag=_TAG)
act("POST", "/entities/{entity_id}/periods/{period_id}/revaluations", valuation.revalue, tag=_TAG)
act("PUT", "/entities/{entity_id}/accrual-policy", accruals.set_accrual_policy, tag=_TAG)
