"""The one door for writes: `@action`.

An action is a keyword-only function whose first argument is the actor. The door checks the
permission, opens one transaction, looks up the idempotency key, runs the function, forces deferred
constraints, writes the action log, commits or rolls a dry run back, and retries deadlocks. An
assistant's call is stored as a proposal instead. An action called inside another joins its
transaction and is logged under it.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_type_hints

from django.apps import apps
from django.db import DatabaseError, OperationalError, connection, models, transaction
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from workledger.core.access import Actor, ActorKind, Permission
from workledger.core.models import ActionLog, IdempotencyKey, Proposal
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Proposed, Refused

P = ParamSpec("P")
R = TypeVar("R")

_RETRIES = 3
_RETRIED_STATES = {"40P01", "40001"}  # deadlock, serialization failure
_REFUSED_BY_DATABASE = "WL001"  # raised by the house's own triggers with a sentence for people


@dataclass(frozen=True, slots=True)
class Options:
    """How to run an action: a caller's idempotency key, a dry run, warnings confirmed by code, a reason."""

    idempotency_key: str = ""
    dry_run: bool = False
    confirmed: frozenset[str] = frozenset()
    reason: str = ""


@dataclass
class _Running:
    """The action that runs now in this context."""

    action: "Action[Any, Any]"
    log_id: int
    options: Options
    warnings: list[Problem] = field(default_factory=list)
    subject: str = ""
    subject_id: int | None = None
    summary: str = ""


class _DryRun(Exception):
    def __init__(self, result: Any) -> None:
        self.result = result


_running: ContextVar[_Running | None] = ContextVar("running_action", default=None)
REGISTRY: dict[str, "Action[Any, Any]"] = {}


class Action(Generic[P, R]):
    """A registered operation. Call it like the function it wraps, or `.using(Options(...))` first."""

    def __init__(
        self, name: str, needs: Permission | None, function: Callable[P, R], *, logs_input: bool
    ) -> None:
        self.name = name
        self.needs = needs
        self.function = function
        self.logs_input = logs_input
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:  # noqa: ARG002 - ParamSpec wants both; actions are keyword-only
        return self._enter(Options(), kwargs)

    def using(self, options: Options) -> Callable[P, R]:
        """Return the same call with options."""

        def call(*args: P.args, **kwargs: P.kwargs) -> R:  # noqa: ARG001 - as above
            return self._enter(options, kwargs)

        return call

    @functools.cached_property
    def _parameters(self) -> dict[str, TypeAdapter[Any]]:
        hints = get_type_hints(self.function)
        return {name: TypeAdapter(hint) for name, hint in hints.items() if name not in ("actor", "return")}

    @functools.cached_property
    def _result(self) -> TypeAdapter[R]:
        return TypeAdapter(get_type_hints(self.function)["return"])

    def arguments_from_json(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Turn stored JSON arguments into the function's types; raises `Refused` for what does not fit."""
        try:
            return {name: self._parameters[name].validate_python(value) for name, value in arguments.items()}
        except (KeyError, ValidationError) as error:
            raise Refused.because(
                "arguments_do_not_fit", f"The stored arguments do not fit: {error}"
            ) from error

    def _enter(self, options: Options, kwargs: dict[str, Any]) -> R:
        actor: Actor = kwargs["actor"]
        if self.needs is not None and not actor.can(self.needs):
            raise Forbidden.because("forbidden", _who_can(self))
        if actor.kind is ActorKind.ASSISTANT and _running.get() is None:
            raise Proposed(_store_proposal(self, actor, kwargs, options))
        if _running.get() is not None:
            return self._run(options, actor, kwargs)
        for attempt in range(_RETRIES):
            try:
                return self._outermost(options, actor, kwargs)
            except OperationalError as error:
                again = _sqlstate(error) in _RETRIED_STATES and not connection.in_atomic_block
                if not again or attempt == _RETRIES - 1:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _outermost(self, options: Options, actor: Actor, kwargs: dict[str, Any]) -> R:
        try:
            with transaction.atomic():
                claimed = _claim_key(self, actor, kwargs, options)
                if claimed.result is not None:
                    return self._result.validate_python(claimed.result["value"])
                result = self._run(options, actor, kwargs)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
                if claimed.row is not None:
                    claimed.row.result = {"value": self._result.dump_python(result, mode="json")}
                    claimed.row.save(update_fields=["result"])
                if options.dry_run:
                    raise _DryRun(result)
        except _DryRun as dry:
            return cast("R", dry.result)
        except DatabaseError as error:
            refusal = _as_refusal(error)
            if refusal is None:
                raise
            raise refusal from error
        return result

    def _run(self, options: Options, actor: Actor, kwargs: dict[str, Any]) -> R:
        outer = _running.get()
        if outer is not None:
            options = replace(outer.options, confirmed=outer.options.confirmed | options.confirmed)
        running = _Running(self, 0, options)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT v, set_config('workledger.action', v::text, true)"
                " FROM nextval(pg_get_serial_sequence('core_actionlog', 'id')) v"
            )
            running.log_id = cursor.fetchone()[0]
        token = _running.set(running)
        try:
            result = self.function(**kwargs)  # type: ignore[call-arg]
        finally:
            _running.reset(token)
        unconfirmed = [problem for problem in running.warnings if problem.code not in options.confirmed]
        if unconfirmed:
            raise NeedsConfirmation(unconfirmed)
        ActionLog.objects.bulk_create([self._log_row(running, actor, kwargs, outer)])
        if outer is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('workledger.action', %s, true)", [str(outer.log_id)])
        return result

    def _log_row(
        self, running: _Running, actor: Actor, kwargs: dict[str, Any], outer: _Running | None
    ) -> ActionLog:
        return ActionLog(
            id=running.log_id,
            action=self.name,
            parent_id=outer.log_id if outer else None,
            actor_kind=actor.kind,
            actor_name=actor.name,
            user_id=actor.user_id,
            door=actor.door,
            reason=running.options.reason,
            subject=running.subject,
            subject_id=running.subject_id,
            summary=running.summary,
            input=_input(kwargs) if self.logs_input else {},
        )


def action(
    name: str, *, needs: Permission | None, logs_input: bool = True
) -> Callable[[Callable[P, R]], Action[P, R]]:
    """Register a function as the one way to do `name` (`package.verb_noun`).

    `needs` is the permission; None means that any signed-in actor may ask and the action itself decides by
    row (one's own time, say). `logs_input=False` keeps secrets and bulk input out of the action log.
    """

    def register(function: Callable[P, R]) -> Action[P, R]:
        if name in REGISTRY:
            raise ValueError(f"the action {name} is registered twice")
        REGISTRY[name] = Action(name, needs, function, logs_input=logs_input)
        return REGISTRY[name]

    return register


def warn(code: str, message: str, field: str = "") -> None:
    """Note a warning that the caller must confirm by its code, or the act is undone."""
    _current().warnings.append(Problem(code, message, field))


def record(subject: models.Model | None, summary: str) -> None:
    """Say in the action log what was done, and to what."""
    running = _current()
    running.summary = summary
    if subject is not None:
        running.subject, running.subject_id = subject._meta.label_lower, subject.pk


def current_action_id() -> int:
    """Return the id of the running action's log row."""
    return _current().log_id


def _current() -> _Running:
    running = _running.get()
    if running is None:
        raise RuntimeError("called outside an action")
    return running


def _input(kwargs: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in kwargs.items() if name != "actor"}
    return cast("dict[str, Any]", to_jsonable_python(shown, fallback=repr, bytes_mode="base64"))


def _input_hash(action: Action[Any, Any], kwargs: dict[str, Any]) -> str:
    text = json.dumps([action.name, _input(kwargs)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Claim:
    row: IdempotencyKey | None = None
    result: dict[str, Any] | None = None


def _claim_key(action: Action[Any, Any], actor: Actor, kwargs: dict[str, Any], options: Options) -> _Claim:
    """Take the caller's key, waiting for one who holds it; return the first result if there is one."""
    if not options.idempotency_key:
        return _Claim()
    caller = f"{actor.kind}:{actor.user_id or actor.name}"[:60]
    wanted = _input_hash(action, kwargs)
    row, created = IdempotencyKey.objects.get_or_create(
        key=options.idempotency_key, caller=caller, defaults={"action": action.name, "input_hash": wanted}
    )
    if created:
        return _Claim(row=row)
    if row.input_hash != wanted:
        message = "This idempotency key was used for another request. Send a new key for a new request."
        raise Refused.because("idempotency_key_reused", message)
    return _Claim(row=row, result=row.result)


def _store_proposal(action: Action[Any, Any], actor: Actor, kwargs: dict[str, Any], options: Options) -> int:
    proposal = Proposal.objects.create(
        action=action.name,
        arguments=_input(kwargs),
        evidence=options.reason,
        proposed_by=actor.name,
        serves_user_id=actor.user_id,
    )
    return int(proposal.pk)


def _who_can(action: Action[Any, Any]) -> str:
    return f"You may not do this. It needs the permission '{action.needs}'; ask an owner or administrator."


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _as_refusal(error: Exception) -> Refused | None:
    """Turn a constraint's violation into the refusal that its message promises; None for any other error."""
    diagnostics = getattr(error.__cause__, "diag", None)
    if diagnostics is None:
        return None
    if _sqlstate(error) == _REFUSED_BY_DATABASE:
        return Refused.because(diagnostics.message_hint or "refused_by_database", diagnostics.message_primary)
    message = _constraint_messages().get(diagnostics.constraint_name or "")
    if message is None:
        return None
    return Refused.because(diagnostics.constraint_name, *message)


@functools.cache
def _constraint_messages() -> dict[str, tuple[str, str]]:
    """Map each named constraint with a message of its own to (message, field)."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            message = constraint.violation_error_message
            if message and message != constraint.default_violation_error_message:
                fields = getattr(constraint, "fields", ())
                found[constraint.name] = (str(message), fields[-1] if fields else "")
    return found


@action("core.decide_proposal", needs=Permission.DECIDE_PROPOSALS)
def decide_proposal(*, actor: Actor, proposal_id: int, accept: bool, reason: str) -> None:
    """Accept (run) or decline an assistant's proposal.

    Refuses: not_found, already_decided, forbidden (the action's own permission), what the action refuses.
    """
    if actor.kind is not ActorKind.PERSON:
        raise Forbidden.because("person_decides", "Only a person decides on a proposal.")
    rows = Proposal.objects.visible_to(actor)
    proposal = rows.filter(pk=proposal_id).select_for_update().first()
    if proposal is None:
        raise NotFound.because("not_found", "There is no such proposal.")
    if proposal.state != "open":
        raise Refused.because("already_decided", f"This proposal was already {proposal.state}.")
    if accept:
        act = REGISTRY[proposal.action]
        act(actor=actor, **act.arguments_from_json(proposal.arguments))
    proposal.state = "accepted" if accept else "declined"
    proposal.decided_by_id = actor.user_id
    proposal.decided_at = models.functions.Now()
    proposal.decision_reason = reason
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
    record(proposal, f"{proposal.state.capitalize()} {proposal.action}, proposed by {proposal.proposed_by}")
