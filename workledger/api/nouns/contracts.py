"""Contracts, their lines, rate cards, rates, and why a rate is what it is."""

from collections.abc import Sequence
from typing import Literal

from django.http import HttpRequest

from workledger.api import listing
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.contracts import actions, effects, queries
from workledger.contracts.calc.terms import TermFact
from workledger.contracts.models import ContractState
from workledger.core.access import Permission

_CONTRACTS, _RATES = "Contracts", "Rates"
_VIEW = Permission.VIEW_CONTRACTS

_CONTRACT = shown(queries.ContractRow, "Contract")
shown(TermFact)
_LINE = shown(queries.LineRow, "ContractLine")
_CARD_ROW = shown(queries.CardRow, "RateCard")
shown(queries.RateStep, "Rate")
shown(queries.RateTrack, "RateTrack", omit=("keys",))
_CARD = shown(queries.CardPage, "RateCardWithRates", omit=("waiting",))
_PAGE = shown(queries.ContractPage, "ContractWithLines")
_WHY = shown(queries.WhyRate)
shown(effects.ClientEffect)
_EFFECT = shown(effects.RateEffect)
_TASK_TYPE = shown(listing.TaskTypeListed, "TaskType")


@read(
    "/contracts", page_of(_CONTRACT), _VIEW, tag=_CONTRACTS, name="list_contracts", summary="List contracts"
)
def list_contracts(
    request: HttpRequest,
    words: Words = "",
    state: ContractState | None = None,
    client_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ContractRow]:
    """Contracts by number."""
    rows = queries.list_contracts(actor_of(request), state=state or "", client_id=client_id, search=words)
    return cut(rows, lambda row: (row.number.casefold(), row.id), cursor, limit)


@read("/contracts/{contract_id}", _PAGE, _VIEW, tag=_CONTRACTS, name="get_contract", summary="Get a contract")
def get_contract(request: HttpRequest, contract_id: Id, as_of: Day | None = None) -> queries.ContractPage:
    """A contract with its lines and the rate cards that price its work, nearest first."""
    return queries.contract_page(actor_of(request), contract_id, today=as_of or today())


@read(
    "/contracts/{contract_id}/lines", list_of(_LINE), _VIEW,
    tag=_CONTRACTS, name="list_contract_lines", summary="List a contract's lines",
)  # fmt: skip
def list_lines(request: HttpRequest, contract_id: Id) -> Sequence[queries.LineRow]:
    """A contract's lines in their order."""
    return queries.contract_page(actor_of(request), contract_id, today=today()).lines


act("POST", "/contracts", actions.save_contract, tag=_CONTRACTS, gives="id", own={"contract_id": lambda: None},
    name="contracts_create_contract")  # fmt: skip
act("PUT", "/contracts/{contract_id}", actions.save_contract, tag=_CONTRACTS, gives="id")
act("POST", "/contracts/{contract_id}/activate", actions.activate_contract, tag=_CONTRACTS)
act("POST", "/contracts/{contract_id}/close", actions.close_contract, tag=_CONTRACTS)
act("POST", "/contracts/{contract_id}/lines", actions.add_line, tag=_CONTRACTS, gives="id")
act("PUT", "/contract-lines/{line_id}", actions.change_line, tag=_CONTRACTS)
act("POST", "/contracts/batch", actions.create_contracts, tag=_CONTRACTS, gives="ids")
act("POST", "/contract-lines/batch", actions.create_lines, tag=_CONTRACTS, gives="ids")


@read("/task-types", list_of(_TASK_TYPE), _VIEW, Permission.VIEW_PROJECTS, tag=_RATES, name="list_task_types",
      summary="List task types")  # fmt: skip
def list_task_types(request: HttpRequest) -> list[listing.TaskTypeListed]:
    """The kinds of work that rates can be for."""
    return listing.task_types(actor_of(request))


act("POST", "/task-types", actions.create_task_types, tag=_RATES, gives="ids")


@read("/rate-cards", page_of(_CARD_ROW), _VIEW, tag=_RATES, name="list_rate_cards", summary="List rate cards")
def list_rate_cards(
    request: HttpRequest,
    words: Words = "",
    level: Literal["", "entity", "client", "contract"] = "",
    as_of: Day | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.CardRow]:
    """Rate cards by name, with how many rates hold on a day and how many wait for approval."""
    rows = queries.list_cards(actor_of(request), today=as_of or today(), level=level, search=words)
    return cut(rows, lambda row: (row.name.casefold(), row.id), cursor, limit)


@read("/rate-cards/{card_id}", _CARD, _VIEW, tag=_RATES, name="get_rate_card", summary="Get a rate card")
def get_rate_card(request: HttpRequest, card_id: Id, as_of: Day | None = None) -> queries.CardPage:
    """A rate card with its rates by whom they are for, most specific first."""
    return queries.card_page(actor_of(request), card_id, today=as_of or today())


act("POST", "/rate-cards", actions.create_rate_card, tag=_RATES, gives="id")
act("POST", "/rate-cards/batch", actions.create_rate_cards, tag=_RATES, gives="ids")
act("PUT", "/rate-cards/{card_id}", actions.rename_rate_card, tag=_RATES)
act("POST", "/rate-cards/{card_id}/raise", actions.raise_rates, tag=_RATES)
act("POST", "/rates", actions.set_rate, tag=_RATES)
act("POST", "/rates/batch", actions.create_rates, tag=_RATES)
act("POST", "/rates/propose", actions.propose_rate, tag=_RATES, gives="id")
act("POST", "/rates/{rate_id}/approve", actions.approve_rate, tag=_RATES)
act("POST", "/rates/{rate_id}/decline", actions.decline_rate, tag=_RATES)
act("POST", "/rates/{rate_id}/end", actions.end_rate, tag=_RATES)


@read(
    "/rates/{rate_id}/effect", _EFFECT, Permission.APPROVE_RATES,
    tag=_RATES, name="get_rate_effect", summary="What approving a rate would do",
)  # fmt: skip
def get_rate_effect(request: HttpRequest, rate_id: Id) -> effects.RateEffect:
    """Open work that a proposed rate would price again, with its old and new value, and what bills keep, by client."""
    return effects.effect_of(actor_of(request), rate_id)


@read("/why-rate", _WHY, _VIEW, tag=_RATES, name="why_rate", summary="Why this rate?")
def why_rate(
    request: HttpRequest, contract_line_id: Id, person_id: Id, day: Day, task_type_id: Id | None = None
) -> queries.WhyRate:
    """The rate of a person's hour on a contract line on a day: the rule that won, those that lost, and why."""
    return queries.why_rate(actor_of(request), contract_line_id, person_id, task_type_id, day)
