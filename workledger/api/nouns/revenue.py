"""Revenue: obligations of contracts, what is believed of them, runs, changes to decide."""

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.routes import LIMIT, Limit, act, read
from workledger.api.wire import Day, Id, list_of, shown
from workledger.core.access import Permission
from workledger.revenue import actions, inputs, queries
from workledger.revenue.calc.timeline import Measure

_TAG = "Revenue"
_VIEW = Permission.VIEW_REVENUE

shown(queries.SaidStep, "RevenueStep")
shown(Measure, "ProgressMeasure")
shown(queries.ObligationRow, "Obligation", also=("is_wide",))
shown(queries.VersionRow, "ObligationVersion")
shown(queries.EstimateRow, "ObligationEstimate")
shown(queries.ProgressRow, "ObligationProgress")
shown(queries.UncertainRow, "UncertainAmount", also=("constrained",))
shown(queries.MonthRow, "RevenueMonth")
_CONTRACT = shown(queries.ContractRevenue, also=("remaining", "unposted"))
_WHY = shown(queries.WhyRevenue)
_RUN = shown(queries.RunRow, "RecognitionRun")
_ENTRY = shown(queries.EntryRow, "RecognitionEntry")
shown(queries.ModifiedTerms)
_WAITING = shown(
    queries.ModificationRow, "ModificationToDecide", also=("amount",), named={"added": ("line", "price")}
)
shown(inputs.ObligationEffect, also=("at_once",))
shown(inputs.Modified, "Modification")
shown(inputs.ProposedEntry, "RecognizedEntry", named={"steps": ("name", "said")})
shown(inputs.ProposedProvision, "ProvidedLoss", named={"steps": ("name", "said")})
shown(inputs.NotRecognized)
shown(inputs.RunResult, "RecognitionResult")


@read("/contracts/{contract_id}/revenue", _CONTRACT, _VIEW, tag=_TAG, name="get_contract_revenue",
      summary="Get a contract's revenue")  # fmt: skip
def get_contract_revenue(
    request: HttpRequest, contract_id: Id, as_of: Day | None = None
) -> queries.ContractRevenue:
    """A contract's obligations with price, progress, what is earned and posted, and when the rest is expected."""
    return queries.contract_revenue(actor_of(request), contract_id, as_of or today())


@read("/contracts/{contract_id}/recognition-entries", list_of(_ENTRY), _VIEW, tag=_TAG,
      name="list_contract_recognition", summary="List a contract's recognition entries")  # fmt: skip
def list_contract_entries(
    request: HttpRequest, contract_id: Id, limit: Limit = LIMIT
) -> list[queries.EntryRow]:
    """What runs recognized of a contract, newest first."""
    return queries.entries(actor_of(request), contract_id=contract_id, limit=limit)


@read(
    "/obligations/{obligation_id}/why", _WHY, _VIEW, tag=_TAG, name="why_revenue", summary="Why this revenue?"
)
def why_revenue(request: HttpRequest, obligation_id: Id, as_of: Day | None = None) -> queries.WhyRevenue:
    """The derivation of an obligation's revenue through a day: its part of the price, its progress, and the rule."""
    return queries.why_revenue(actor_of(request), obligation_id, as_of or today())


@read("/recognition-runs", list_of(_RUN), _VIEW, tag=_TAG, name="list_recognition_runs",
      summary="List recognition runs")  # fmt: skip
def list_runs(
    request: HttpRequest, entity_id: Id | None = None, limit: Limit = LIMIT
) -> list[queries.RunRow]:
    """Recognition runs, newest first."""
    return queries.runs(actor_of(request), entity_id=entity_id, limit=limit)


@read("/recognition-runs/{run_id}/entries", list_of(_ENTRY), _VIEW, tag=_TAG, name="list_run_entries",
      summary="List a run's entries")  # fmt: skip
def list_run_entries(request: HttpRequest, run_id: Id, limit: Limit = LIMIT) -> list[queries.EntryRow]:
    """What a run recognized, with the derivation of each amount."""
    return queries.entries(actor_of(request), run_id=run_id, limit=limit)


@read("/contract-modifications", list_of(_WAITING), _VIEW, tag=_TAG, name="list_modifications_to_decide",
      summary="List changes of contracts to decide")  # fmt: skip
def list_modifications(
    request: HttpRequest, entity_id: Id | None = None, contract_id: Id | None = None
) -> list[queries.ModificationRow]:
    """Changes of contracts that wait until finance says what they are by the standard, oldest first."""
    return queries.modifications_waiting(actor_of(request), entity_id, contract_id=contract_id)


act("PUT", "/contracts/{contract_id}/obligations", actions.set_obligations, tag=_TAG, gives="ids")
act("POST", "/contracts/{contract_id}/modifications", actions.modify_contract, tag=_TAG)
act("POST", "/contract-modifications/{modification_id}/decision", actions.decide_modification, tag=_TAG)
act("POST", "/contract-modifications/{modification_id}/dismissal", actions.dismiss_modification, tag=_TAG)
act("POST", "/contracts/{contract_id}/uncertain-amounts", actions.estimate_variable, tag=_TAG, gives="id")
act("POST", "/obligations/{obligation_id}/estimates", actions.revise_estimate, tag=_TAG, gives="id")
act("POST", "/obligations/{obligation_id}/progress", actions.record_progress, tag=_TAG, gives="id")
act("POST", "/progress/{record_id}/decision", actions.decide_progress, tag=_TAG)
act("PUT", "/obligations/{obligation_id}/completion", actions.complete_obligation, tag=_TAG)
act("POST", "/obligations/{obligation_id}/exercise", actions.exercise_option, tag=_TAG)
act("POST", "/entities/{entity_id}/recognition-runs", actions.recognize, tag=_TAG)
