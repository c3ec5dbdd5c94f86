"""Rules of the house that no single test of a package would notice: they walk the registries."""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

import workledger
from workledger.core.access import Actor, ActorKind, Permission
from workledger.core.door import REGISTRY
from workledger.core.models import Record
from workledger.core.refusals import Refused
from workledger.core.triggers import RowPolicy, house_models, row_policy
from workledger.testing.world import World

ROOT = Path(workledger.__file__).parent
_LEFT_OUT = (".tests", ".migrations", ".cli", ".runtime", ".testing", ".wsgi")
for _module in walk_packages(workledger.__path__, "workledger."):
    if not any(part in _module.name for part in _LEFT_OUT):
        import_module(_module.name)  # so that every action, check and page is registered

ACTIONS = {name: act for name, act in REGISTRY.items() if not name.startswith("testing.")}
FLOORS = [
    "core", "ledger", "directory", "contracts", "projects", "timesheets", "expenses", "billing", "receivables", "revenue", "close",
    "forecast", "reporting", "metrics", "connect", "gl", "demo", "web",
]  # fmt: skip


# --- actions ---------------------------------------------------------------------------------------------


def test_there_are_actions() -> None:
    assert len(ACTIONS) > 60


@pytest.mark.parametrize("name", sorted(name for name, act in ACTIONS.items() if act.needs is not None))
@pytest.mark.django_db
def test_an_action_refuses_the_powerless_before_it_reads_anything(name: str) -> None:
    nobody = Actor(kind=ActorKind.PERSON, name="Stan Stranger", door="test")
    with CaptureQueriesContext(connection) as captured, pytest.raises(Refused) as refused:
        ACTIONS[name](actor=nobody)
    assert refused.value.codes == ("forbidden",)
    assert len(captured) == 0


def test_the_one_other_permission_is_not_enough(world: World) -> None:
    """Whoever holds every permission but the one named is still refused."""
    for act in ACTIONS.values():
        if act.needs is not None:
            most = world.olivia.actor.limited_to(set(Permission) - {act.needs}, "test")
            with pytest.raises(Refused, match=re.escape(f"'{act.needs}'")):
                act(actor=most)


def _asks_by_row(world: World) -> dict[str, dict[str, Any]]:
    """What Stan would send to each action that decides by row."""
    return {
        "core.set_password": {"user_id": world.carl.user_id, "password": "correct horse battery"},
        "core.revoke_token": {"token_id": 1},
        "timesheets.withdraw_approval": {"line_id": 1, "reason": "No", "on": date(2026, 3, 16)},
    }


# Called by other acts only, inside their permission; they change nothing that a caller could not.
_WITHIN_OTHERS = {"ledger.extend_periods", "billing.reprice_open_items"}


def test_actions_that_decide_by_row_refuse_the_stranger_and_change_nothing(world: World) -> None:
    by_row = {name for name, act in ACTIONS.items() if act.needs is None}
    asked = _asks_by_row(world)
    assert by_row == asked.keys() | _WITHIN_OTHERS, "each such action is asked for here"
    before = _row_counts()
    for name, arguments in asked.items():
        with pytest.raises(Refused):
            ACTIONS[name](actor=world.stan.actor, **arguments)
    assert _row_counts() == before


def _row_counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in house_models()}


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_action_says_what_it_does_and_what_it_refuses(name: str) -> None:
    function = ACTIONS[name].function
    said = inspect.getdoc(function) or ""
    assert said, "every action has a docstring"
    source = inspect.getsource(function)
    if re.search(r"\.refuse\(\)|Refused\.because|locks\.(for_update|one|all_for_update)\(", source):
        assert "Refuses" in said, "what can refuse says with which codes"


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_action_takes_its_actor_first_and_everything_by_name(name: str) -> None:
    parameters = list(inspect.signature(ACTIONS[name].function).parameters.values())
    assert parameters[0].name == "actor"
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    package, _, verb = name.partition(".")
    assert package in FLOORS
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", verb)


# It takes a source of progress and runs from the command line alone, where nothing is stored.
_NEVER_STORED = {"demo.load_firm"}


@pytest.mark.parametrize("name", sorted(ACTIONS.keys() - _NEVER_STORED))
def test_an_actions_arguments_and_result_can_be_stored(name: str) -> None:
    """Proposals and idempotency keys keep them as JSON."""
    act = ACTIONS[name]
    assert set(act._parameters) == set(inspect.signature(act.function).parameters) - {"actor"}
    assert act._result is not None


# --- tables ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_table_has_the_triggers_of_its_row_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled = 'O' GROUP BY 1"
        )
        present = {table: set(names) for table, names in cursor.fetchall()}
    wanted = {
        RowPolicy.LOGGED: {"row_log_update", "row_log_delete"},
        RowPolicy.APPEND_ONLY: {"append_only"},
        RowPolicy.PROJECTION: set[str](),
    }
    of_policies = {"row_log_update", "row_log_delete", "append_only"}
    for model in house_models():
        found = present.get(model._meta.db_table, set()) & of_policies
        assert found == wanted[row_policy(model)], model.__name__


def _relations() -> Iterator[tuple[type[models.Model], models.ForeignKey[Any, Any], type[models.Model]]]:
    house = set(house_models())
    for model in house:
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model in house:
                yield model, field, field.related_model


def _floor(model: type[models.Model]) -> int:
    return FLOORS.index(model._meta.app_label)


def test_no_foreign_key_points_to_a_higher_floor() -> None:
    upward = [
        f"{model.__name__}.{field.name}" for model, field, to in _relations() if _floor(to) > _floor(model)
    ]
    assert upward == []


# The list of invoices joins what is owed on each; the name is used from the floor of receivables only.
_KNOWN_REVERSE = {"Receivable.invoice"}


def test_no_reverse_accessor_lands_on_a_lower_floor() -> None:
    downward = {
        f"{model.__name__}.{field.name}"
        for model, field, to in _relations()
        if _floor(to) < _floor(model) and not field.remote_field.hidden
    }
    assert downward == _KNOWN_REVERSE


@pytest.mark.parametrize("model", house_models(), ids=lambda model: model.__name__)
def test_no_table_keeps_a_float(model: type[models.Model]) -> None:
    assert not [field.name for field in model._meta.concrete_fields if isinstance(field, models.FloatField)]


def test_every_record_names_who_sees_it() -> None:
    default = Record.visibility
    unnamed = {model.__name__ for model in house_models() if getattr(model, "visibility", None) is default}
    # balances and number series are read by queries that ask for the permission themselves
    assert unnamed <= {"Balance", "NumberSeries"}


# --- source ----------------------------------------------------------------------------------------------

_CLOCKS = {("date", "today"), ("datetime", "now"), ("timezone", "now"), ("timezone", "localdate"),
           ("timezone", "localtime"), ("datetime", "utcnow")}  # fmt: skip
_EDGE = {"web", "api", "cli", "runtime"}


def _below_the_edge() -> Iterator[Path]:
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in _EDGE and "tests" not in parts and "migrations" not in parts:
            yield path


def test_no_clock_below_the_edge() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _below_the_edge()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in _CLOCKS
    ]
    assert found == []


def test_no_test_replaces_a_module_s_today() -> None:
    """What is imported for the first time meanwhile would keep the replacement: `set_today` sets the clock."""
    named = re.compile(r"setattr\([^\n]*\btoday\b")
    assert [str(path) for path in ROOT.rglob("tests/*.py") if named.search(path.read_text())] == []


def test_every_package_says_what_it_owns() -> None:
    for path in ROOT.rglob("__init__.py"):
        if "tests" not in path.parts and "migrations" not in path.parts:
            assert ast.get_docstring(ast.parse(path.read_text())), path


# --- pages -----------------------------------------------------------------------------------------------

_OF_OTHERS = ("accounts/",)
_OPEN_TO_ALL = {"-/health"}
_WORDS = {
    "monday": "2026-03-09",
    "metric": "wip",
    "kind": "block",
    "name": "wip",
    "act": "hold",
    "what": "time",
}


def _addresses() -> Iterator[tuple[str, str]]:
    """Yield (route, address) of every page, with a sample for each part that varies."""
    for route in _walk(get_resolver()):
        if route.startswith(_OF_OTHERS) or route in _OPEN_TO_ALL:
            continue
        yield route, "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: _WORDS.get(part[1], "1"), route)


def _walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from _walk(each, route)


ADDRESSES = sorted(set(_addresses()))
_METHODS = ("GET", "POST", "PUT", "DELETE")


def test_there_are_pages() -> None:
    assert len(ADDRESSES) > 60


@pytest.mark.parametrize(("route", "address"), ADDRESSES, ids=[route for route, _ in ADDRESSES])
def test_a_page_refuses_the_stranger(route: str, address: str, world: World) -> None:
    visitor = Client()
    sign_in = reverse("account_login")
    for method in _METHODS:
        answer = visitor.generic(method, address)
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith(sign_in)
        assert to_sign_in or answer.status_code in (401, 405), route
    visitor.force_login(world.stan.user)
    before = _row_counts()
    codes = {visitor.generic(method, address).status_code for method in _METHODS}
    assert codes - {405} == {403}, route
    assert _row_counts() == before
