"""Reads of the core: the action log with its row changes, proposals, users, tokens, two-person rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db.models import F, Q
from django.utils import timezone

from workledger.core import locks
from workledger.core.access import ROLE_PERMISSIONS, Actor, DutyRule, Permission, Role
from workledger.core.models import ActionLog, ApiToken, DutySwitch, Proposal, RoleAssignment, RowLog, User

PAGE_ROWS = 50
MOST_CHANGES = 200

# What a log keeps and not everybody may read, by the name of the field: the permission to read it, or None.
GUARDED_FIELDS: dict[str, Permission | None] = {
    "password": None,
    "token_hash": None,
    "secret": None,
    "cost_rate": Permission.VIEW_COST,
}
HIDDEN = "not shown"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to look for in the action log; empty is everything. Days are local; `through` is the last one."""

    user_id: int | None = None
    action: str = ""
    subject: str = ""
    subject_id: int | None = None
    door: str = ""
    since: date | None = None
    through: date | None = None
    words: str = ""
    with_parts: bool = False


@dataclass(frozen=True, slots=True)
class LogRow:
    """One act. `subject` is the label of a table such as 'directory.person', `subject_noun` what people call it."""

    id: int
    at: datetime
    action: str
    actor_kind: str
    actor_name: str
    user_id: int | None
    door: str
    reason: str
    subject: str
    subject_id: int | None
    subject_noun: str
    summary: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some rows of the log, newest first; `next_before` asks for the following ones."""

    rows: tuple[LogRow, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a changed row; None where it was or is empty."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that an act updated or deleted."""

    table: str
    noun: str
    row_id: int | None
    operation: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class LoggedAction:
    """An act with its input, what it changed row by row, and the acts it was made of.

    `changes` begin after `first_change` of the `change_count`, `parts` after `first_part` of the `part_count`.
    """

    row: LogRow
    input: dict[str, Any]
    changes: tuple[RowChange, ...]
    change_count: int
    parts: tuple[LogRow, ...]
    part_count: int
    parent: LogRow | None
    first_change: int = 0
    first_part: int = 0


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """An assistant's proposal as it waits or was decided."""

    id: int
    action: str
    what: str
    arguments: dict[str, Any]
    evidence: str
    proposed_by: str
    serves: str
    proposed_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role that a user holds, and for what it is limited."""

    id: int
    role: Role
    entity_id: int | None
    client_id: int | None


@dataclass(frozen=True, slots=True)
class UserRow:
    """Someone who signs in."""

    id: int
    name: str
    email: str
    is_active: bool
    last_login: datetime | None
    joined_at: datetime
    roles: tuple[RoleHeld, ...]

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that the roles allow somewhere."""
        return frozenset().union(*(ROLE_PERMISSIONS[held.role] for held in self.roles))


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token, without its secret."""

    id: int
    user_name: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_on: date | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A two-person rule with the decision that holds, if one was ever made."""

    rule: DutyRule
    sentence: str
    is_on: bool
    reason: str
    decided_at: datetime | None
    decided_by: str


def action_log(
    actor: Actor, wanted: LogFilter, *, before: int | None = None, limit: int = PAGE_ROWS
) -> LogPage:
    """Return a page of the log, newest first. Inner acts are left to the act they belong to."""
    rows = ActionLog.objects.visible_to(actor).filter(_log_condition(wanted)).order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: limit + 1])
    return LogPage(
        rows=tuple(_log_row(row) for row in found[:limit]),
        next_before=found[limit - 1].pk if len(found) > limit else None,
    )


def _log_condition(wanted: LogFilter) -> Q:
    """Inner acts show only where the filter asks for them or names what they are about."""
    shows_parts = wanted.action or wanted.subject or wanted.with_parts
    condition = Q() if shows_parts else Q(parent_id=None)
    equals = {
        "user_id": wanted.user_id,
        "action": wanted.action,
        "subject": wanted.subject,
        "subject_id": wanted.subject_id,
        "door": wanted.door,
    }
    condition &= Q(**{name: value for name, value in equals.items() if value not in (None, "")})
    if wanted.since:
        condition &= Q(at__gte=_midnight(wanted.since))
    if wanted.through:
        condition &= Q(at__lt=_midnight(wanted.through + timedelta(days=1)))
    if wanted.words:
        condition &= Q(summary__icontains=wanted.words) | Q(reason__icontains=wanted.words)
    return condition


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def logged_action(actor: Actor, log_id: int, *, first_change: int = 0, first_part: int = 0) -> LoggedAction:
    """Return one act with what it changed, 200 rows from `first_change` on, and 200 of its parts; raises NotFound."""
    log = locks.one(ActionLog.objects.visible_to(actor), log_id)
    parts = ActionLog.objects.visible_to(actor).filter(parent_id=log_id)
    changes = RowLog.objects.visible_to(actor).filter(action_id=log_id)
    parent = ActionLog.objects.visible_to(actor).filter(pk=log.parent_id).first() if log.parent_id else None
    return LoggedAction(
        row=_log_row(log),
        input=guarded(actor, log.input),
        changes=tuple(
            _row_change(actor, row)
            for row in changes.order_by("id")[first_change : first_change + MOST_CHANGES]
        ),
        change_count=changes.count(),
        parts=tuple(_log_row(part) for part in parts.order_by("id")[first_part : first_part + MOST_CHANGES]),
        part_count=parts.count(),
        parent=_log_row(parent) if parent else None,
        first_change=first_change,
        first_part=first_part,
    )


def guarded(actor: Actor, value: Any) -> Any:
    """Return logged JSON with what this actor may not read replaced by a word."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _is_hidden(actor, key) and inner is not None else guarded(actor, inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [guarded(actor, inner) for inner in value]
    return value


def _is_hidden(actor: Actor, field: str) -> bool:
    if field not in GUARDED_FIELDS:
        return False
    needed = GUARDED_FIELDS[field]
    return needed is None or not actor.can(needed)


def _row_change(actor: Actor, row: RowLog) -> RowChange:
    before, after = row.before, row.after or {}
    names = [name for name in before if row.after is None or before[name] != after.get(name)]
    fields = []
    for name in names:
        if name == "made_by_action":
            continue
        hidden = _is_hidden(actor, name)
        fields.append(
            FieldChange(name, HIDDEN, HIDDEN) if hidden else FieldChange(name, before[name], after.get(name))
        )
    return RowChange(row.table_name, _table_noun(row.table_name), row.row_id, row.operation, tuple(fields))


def _log_row(row: ActionLog) -> LogRow:
    return LogRow(
        id=row.pk,
        at=row.at,
        action=row.action,
        actor_kind=row.actor_kind,
        actor_name=row.actor_name,
        user_id=row.user_id,
        door=row.door,
        reason=row.reason,
        subject=row.subject,
        subject_id=row.subject_id,
        subject_noun=_label_noun(row.subject),
        summary=row.summary,
        parent_id=row.parent_id,
    )


def _label_noun(label: str) -> str:
    if not label:
        return ""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:  # a table of an earlier version
        return label.rpartition(".")[2]


def _table_noun(table: str) -> str:
    nouns = {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}
    return nouns.get(table, table)


def subject_nouns() -> dict[str, str]:
    """Return what an act can be about: table label to noun, in the order of the nouns."""
    nouns = {
        model._meta.label_lower: str(model._meta.verbose_name)
        for model in apps.get_models()
        if model.__module__.startswith("workledger.")
    }
    return dict(sorted(nouns.items(), key=lambda pair: pair[1]))


def users(actor: Actor) -> list[UserRow]:
    """Return everybody who signs in, with their roles, by name; none without the permission to manage users."""
    if not actor.can(Permission.MANAGE_USERS):
        return []
    held: dict[int, list[RoleHeld]] = {}
    for row in RoleAssignment.objects.visible_to(actor).order_by("id"):
        held.setdefault(row.user_id, []).append(
            RoleHeld(row.pk, Role(row.role), row.entity_id, row.client_id)
        )
    return [
        _user_row(user, held.get(user.pk, ()))
        for user in User.objects.order_by("-is_active", "name", "email")
    ]


def user(actor: Actor, user_id: int) -> UserRow:
    """Return one user; raises NotFound."""
    rows = (
        User.objects.all()
        if actor.can(Permission.MANAGE_USERS)
        else User.objects.filter(pk=actor.user_id or 0)
    )
    found = rows.filter(pk=user_id).first()
    if found is None:
        raise locks.not_found(User)
    held = RoleAssignment.objects.filter(user=found).order_by("id")
    return _user_row(found, [RoleHeld(row.pk, Role(row.role), row.entity_id, row.client_id) for row in held])


def user_names(actor: Actor) -> list[tuple[int, str]]:
    """Return (id, name) of everybody who may stand in the log, for filters."""
    if not actor.can(Permission.VIEW_LOG):
        return []
    return [(found.pk, found.get_full_name()) for found in User.objects.order_by("name", "email")]


def _user_row(found: User, held: Iterable[RoleHeld]) -> UserRow:
    return UserRow(
        id=found.pk,
        name=found.get_full_name(),
        email=found.email,
        is_active=found.is_active,
        last_login=found.last_login,
        joined_at=found.joined_at,
        roles=tuple(held),
    )


def tokens(actor: Actor) -> list[TokenRow]:
    """Return one's own API tokens, live ones first; everybody's with the permission to manage users."""
    rows = (
        ApiToken.objects.all()
        if actor.can(Permission.MANAGE_USERS)
        else ApiToken.objects.filter(user_id=actor.user_id or 0)
    )
    ordered = rows.select_related("user").order_by(F("revoked_at").asc(nulls_first=True), "-id")
    return [
        TokenRow(
            id=token.pk,
            user_name=token.user.get_full_name(),
            name=token.name,
            scopes=tuple(token.scopes),
            created_at=token.created_at,
            expires_on=token.expires_on,
            revoked_at=token.revoked_at,
        )
        for token in ordered
    ]


def proposals(actor: Actor, *, state: str = "open", limit: int = PAGE_ROWS) -> list[ProposalRow]:
    """Return proposals in a state, newest first."""
    rows = Proposal.objects.visible_to(actor).filter(state=state).select_related("serves_user", "decided_by")
    return [_proposal_row(actor, row) for row in rows.order_by("-id")[:limit]]


def proposal(actor: Actor, proposal_id: int) -> ProposalRow:
    """Return one proposal; raises NotFound."""
    rows = Proposal.objects.visible_to(actor).select_related("serves_user", "decided_by")
    return _proposal_row(actor, locks.one(rows, proposal_id))


def open_proposal_count(actor: Actor) -> int:
    """Return how many proposals wait for a decision by such as this actor."""
    return Proposal.objects.visible_to(actor).filter(state="open").count()


def _proposal_row(actor: Actor, row: Proposal) -> ProposalRow:
    return ProposalRow(
        id=row.pk,
        action=row.action,
        what=action_words(row.action),
        arguments=guarded(actor, row.arguments),
        evidence=row.evidence,
        proposed_by=row.proposed_by,
        serves=row.serves_user.get_full_name() if row.serves_user else "",
        proposed_at=row.proposed_at,
        state=row.state,
        decided_by=row.decided_by.get_full_name() if row.decided_by else "",
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def action_words(name: str) -> str:
    """Return an action's name as people read it: 'billing.issue_invoice' is 'Issue invoice'."""
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def duties(actor: Actor) -> list[DutyRow]:
    """Return every two-person rule with the decision that holds."""
    latest = {switch.rule: switch for switch in DutySwitch.objects.visible_to(actor).order_by("id")}
    names = _actor_names([switch.made_by_action for switch in latest.values()])
    found = []
    for rule in DutyRule:
        switch = latest.get(rule.value)
        found.append(
            DutyRow(
                rule=rule,
                sentence=rule.sentence,
                is_on=switch.is_on if switch else True,
                reason=switch.reason if switch else "",
                decided_at=switch.decided_at if switch else None,
                decided_by=names.get(switch.made_by_action or 0, "") if switch else "",
            )
        )
    return found


def _actor_names(action_ids: Sequence[int | None]) -> dict[int, str]:
    wanted = [action_id for action_id in action_ids if action_id is not None]
    return dict(ActionLog.objects.filter(pk__in=wanted).values_list("pk", "actor_name"))
