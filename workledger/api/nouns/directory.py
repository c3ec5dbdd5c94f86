"""People with terms and time off, and the firm's own structure: entities, practices, offices, roles, tax codes, exchange rates."""

from typing import Literal

from django.http import HttpRequest

from workledger.api import listing
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.directory import actions, queries
from workledger.directory.queries.firm import NamedRow

_PEOPLE, _FIRM = "People", "The firm"
_ANYBODY = (Permission.VIEW_DIRECTORY,)

shown(queries.TermsRow, "Terms")
_PERSON = shown(queries.PersonRow, "Person")
shown(queries.TimeOffRow, "TimeOffOfPerson")
_PERSON_PAGE = shown(queries.PersonPage, "PersonWithHistory")
_TIME_OFF = shown(listing.TimeOffListed, "TimeOff")
_ENTITY = shown(queries.EntityRow, "LegalEntity")
shown(actions.EntityDetails, "LegalEntityDetails")
_ENTITY_PAGE = shown(queries.EntityPage, "LegalEntityWithDetails")
shown(NamedRow, "PracticeOrRole")
shown(queries.OfficeRow, "Office")
_STRUCTURE = shown(queries.Structure, "Structure")
_RATE = shown(queries.RateRow, "ExchangeRate")
shown(queries.TaxRateRow, "TaxRate")
_TAX_CODE = shown(queries.TaxCodeRow, "TaxCode")


@read("/people", page_of(_PERSON), *_ANYBODY, tag=_PEOPLE, name="list_people", summary="List people")
def list_people(
    request: HttpRequest,
    words: Words = "",
    practice_id: Id | None = None,
    office_id: Id | None = None,
    role_id: Id | None = None,
    state: Literal["", "current", "left", "coming"] = "",
    as_of: Day | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.PersonRow]:
    """People by name, with the terms that hold on `as_of` (today). Cost rates are null without the permission."""
    wanted = queries.PeopleFilter(words, practice_id, office_id, role_id, state)
    rows = queries.people(actor_of(request), wanted, as_of or today())
    return cut(rows, lambda row: (row.name.casefold(), row.id), cursor, limit)


@read("/people/{person_id}", _PERSON_PAGE, *_ANYBODY, tag=_PEOPLE, name="get_person", summary="Get a person")
def get_person(request: HttpRequest, person_id: Id, as_of: Day | None = None) -> queries.PersonPage:
    """A person with all terms and time off, latest first."""
    return queries.person_page(actor_of(request), person_id, as_of or today())


act("POST", "/people", actions.add_person, tag=_PEOPLE, takes="person", gives="id")
act("PUT", "/people/{person_id}", actions.change_person, tag=_PEOPLE)
act("POST", "/people/{person_id}/terms", actions.change_terms, tag=_PEOPLE, gives="id")
act("POST", "/people/{person_id}/end", actions.end_terms, tag=_PEOPLE)


@read("/time-off", page_of(_TIME_OFF), *_ANYBODY, tag=_PEOPLE, name="list_time_off", summary="List time off")
def list_time_off(
    request: HttpRequest,
    person_id: Id | None = None,
    start: Day | None = None,
    end: Day | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.TimeOffListed]:
    """Absence that touches the half-open range [start, end), earliest first."""
    return listing.time_off(actor_of(request), person_id, start, end, cursor, limit)


act("POST", "/time-off", actions.set_time_off, tag=_PEOPLE, gives="id", own={"time_off_id": lambda: None})
act(
    "PUT", "/time-off/{time_off_id}", actions.set_time_off, tag=_PEOPLE, gives="id",
    name="directory_change_time_off",
)  # fmt: skip
act("DELETE", "/time-off/{time_off_id}", actions.remove_time_off, tag=_PEOPLE)


@read("/entities", list_of(_ENTITY), tag=_FIRM, name="list_entities", summary="List legal entities")
def list_entities(request: HttpRequest) -> list[queries.EntityRow]:
    """The legal entities, by name. An entity's id is its book's id too."""
    return queries.entities(actor_of(request))


@read("/entities/{entity_id}", _ENTITY_PAGE, tag=_FIRM, name="get_entity", summary="Get a legal entity")
def get_entity(request: HttpRequest, entity_id: Id) -> queries.EntityPage:
    """A legal entity with what its documents show."""
    return queries.entity_page(actor_of(request), entity_id)


act("POST", "/entities", actions.add_entity, tag=_FIRM, gives="id")
act("PUT", "/entities/{entity_id}", actions.save_entity, tag=_FIRM)


@read("/structure", _STRUCTURE, *_ANYBODY, tag=_FIRM, name="get_structure", summary="Get the structure")
def get_structure(request: HttpRequest, as_of: Day | None = None) -> queries.Structure:
    """Practices, offices and roles, each with how many people have it on a day."""
    return queries.structure(actor_of(request), as_of or today())


act("POST", "/practices", actions.add_practice, tag=_FIRM, gives="id")
act("PUT", "/practices/{practice_id}", actions.change_practice, tag=_FIRM)
act("POST", "/offices", actions.add_office, tag=_FIRM, gives="id")
act("PUT", "/offices/{office_id}", actions.change_office, tag=_FIRM)
act("POST", "/roles", actions.add_role, tag=_FIRM, gives="id")
act("PUT", "/roles/{role_id}", actions.change_role, tag=_FIRM)


@read(
    "/exchange-rates",
    list_of(_RATE),
    *_ANYBODY,
    tag=_FIRM,
    name="list_exchange_rates",
    summary="List exchange rates",
)
def list_exchange_rates(request: HttpRequest) -> list[queries.RateRow]:
    """The latest exchange rates, newest first: units of `quote` for one `base` from a day on."""
    return queries.exchange_rates(actor_of(request))


act("POST", "/exchange-rates", actions.set_exchange_rate, tag=_FIRM, gives="id")


@read("/tax-codes", list_of(_TAX_CODE), tag=_FIRM, name="list_tax_codes", summary="List tax codes")
def list_tax_codes(request: HttpRequest, as_of: Day | None = None) -> list[queries.TaxCodeRow]:
    """The tax codes of the legal entities with their dated rates, and what each charges on `as_of` (today)."""
    return queries.tax_codes(actor_of(request), as_of or today())


@read("/tax-codes/{tax_code_id}", _TAX_CODE, tag=_FIRM, name="get_tax_code", summary="Get a tax code")
def get_tax_code(request: HttpRequest, tax_code_id: Id, as_of: Day | None = None) -> queries.TaxCodeRow:
    """A tax code with its dated rates, and what it charges on `as_of` (today)."""
    return queries.tax_code(actor_of(request), tax_code_id, as_of or today())


act("POST", "/entities/{entity_id}/tax-codes", actions.add_tax_code, tag=_FIRM, gives="id")
act("PUT", "/tax-codes/{tax_code_id}", actions.change_tax_code, tag=_FIRM)
act("POST", "/tax-codes/{tax_code_id}/rates", actions.change_tax_rate, tag=_FIRM)
