"""Who may do what: permissions, roles as data, actors. What is not granted is denied."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Permission(StrEnum):
    """One thing a role may allow. The value is stable: tokens and logs carry it."""

    VIEW_DIRECTORY = "directory.view"
    MANAGE_DIRECTORY = "directory.manage"
    VIEW_COST = "cost.view"
    MANAGE_COST = "cost.manage"
    VIEW_CLIENTS = "clients.view"
    MANAGE_CLIENTS = "clients.manage"
    VIEW_CONTRACTS = "contracts.view"
    MANAGE_CONTRACTS = "contracts.manage"
    APPROVE_ORDERS = "orders.approve"
    ANSWER_AS_CLIENT = "client.answer"
    PROPOSE_RATES = "rates.propose"
    APPROVE_RATES = "rates.approve"
    VIEW_PROJECTS = "projects.view"
    MANAGE_PROJECTS = "projects.manage"
    TRACK_TIME = "time.track"
    VIEW_ALL_TIME = "time.view_all"
    EDIT_ALL_TIME = "time.edit_all"
    APPROVE_TIME = "time.approve"
    APPROVE_ALL_TIME = "time.approve_all"
    TRACK_EXPENSES = "expenses.track"
    VIEW_ALL_EXPENSES = "expenses.view_all"
    APPROVE_EXPENSES = "expenses.approve"
    MANAGE_EXPENSES = "expenses.manage"
    VIEW_BILLING = "billing.view"
    PREPARE_BILLING = "billing.prepare"
    WRITE_OFF = "billing.write_off"
    APPROVE_ADJUSTMENTS = "billing.approve_adjustments"
    ISSUE_INVOICE = "billing.issue"
    CREDIT_INVOICE = "billing.credit"
    VIEW_INVOICES = "invoices.view"
    RECORD_PAYMENT = "payments.record"
    VIEW_RECEIVABLES = "receivables.view"
    VIEW_LEDGER = "ledger.view"
    POST_JOURNAL = "ledger.post"
    MANAGE_PERIODS = "ledger.periods"
    VIEW_REVENUE = "revenue.view"
    MANAGE_REVENUE = "revenue.manage"
    MANAGE_SYNC = "gl.manage"
    IMPORT_DATA = "import.run"
    VIEW_LOG = "log.view"
    VIEW_METRICS = "metrics.view"
    MANAGE_SETTINGS = "settings.manage"
    MANAGE_USERS = "users.manage"
    DECIDE_PROPOSALS = "proposals.decide"
    USE_API = "api.use"


class Role(StrEnum):
    """A bundle of permissions that a user holds, firm-wide or for one legal entity or client."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    FINANCE = "finance"
    PROJECT_MANAGER = "project_manager"
    RESOURCE_MANAGER = "resource_manager"
    CONSULTANT = "consultant"
    CLIENT_CONTACT = "client_contact"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The role's name as people read it."""
        return self.value.replace("_", " ").capitalize()


_P = Permission
_EVERYTHING = frozenset(Permission)
_READ_EVERYTHING = frozenset(
    {
        _P.VIEW_DIRECTORY, _P.VIEW_COST, _P.VIEW_CLIENTS, _P.VIEW_CONTRACTS, _P.VIEW_PROJECTS, _P.VIEW_ALL_TIME,
        _P.VIEW_BILLING, _P.VIEW_INVOICES, _P.VIEW_RECEIVABLES, _P.VIEW_LEDGER, _P.VIEW_LOG, _P.VIEW_METRICS,
        _P.VIEW_ALL_EXPENSES, _P.VIEW_REVENUE, _P.USE_API,
    }
)  # fmt: skip
_CONSULTANT = frozenset(
    {
        _P.VIEW_DIRECTORY, _P.VIEW_CLIENTS, _P.VIEW_PROJECTS, _P.TRACK_TIME, _P.TRACK_EXPENSES,
        _P.USE_API,
    }
)  # fmt: skip

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _EVERYTHING,
    Role.ADMINISTRATOR: _CONSULTANT
    | {
        _P.MANAGE_DIRECTORY, _P.MANAGE_CLIENTS, _P.VIEW_CONTRACTS, _P.MANAGE_PROJECTS, _P.VIEW_ALL_TIME,
        _P.IMPORT_DATA, _P.VIEW_LOG, _P.MANAGE_SETTINGS, _P.MANAGE_USERS, _P.DECIDE_PROPOSALS,
        _P.VIEW_ALL_EXPENSES,
    },
    Role.FINANCE: _READ_EVERYTHING
    | {
        _P.TRACK_TIME, _P.EDIT_ALL_TIME, _P.APPROVE_ALL_TIME, _P.APPROVE_TIME, _P.MANAGE_CLIENTS,
        _P.MANAGE_CONTRACTS, _P.APPROVE_ORDERS, _P.MANAGE_COST, _P.PROPOSE_RATES, _P.APPROVE_RATES, _P.PREPARE_BILLING,
        _P.WRITE_OFF, _P.APPROVE_ADJUSTMENTS, _P.ISSUE_INVOICE, _P.CREDIT_INVOICE, _P.RECORD_PAYMENT, _P.POST_JOURNAL,
        _P.MANAGE_PERIODS, _P.IMPORT_DATA, _P.DECIDE_PROPOSALS, _P.MANAGE_DIRECTORY, _P.MANAGE_PROJECTS,
        _P.TRACK_EXPENSES, _P.APPROVE_EXPENSES, _P.MANAGE_EXPENSES, _P.MANAGE_REVENUE, _P.MANAGE_SYNC,
    },
    Role.PROJECT_MANAGER: _CONSULTANT
    | {
        _P.VIEW_CONTRACTS, _P.MANAGE_CONTRACTS, _P.MANAGE_PROJECTS, _P.VIEW_ALL_TIME, _P.APPROVE_TIME,
        _P.VIEW_BILLING, _P.PREPARE_BILLING, _P.VIEW_INVOICES, _P.VIEW_METRICS, _P.PROPOSE_RATES, _P.VIEW_COST,
        _P.DECIDE_PROPOSALS, _P.VIEW_ALL_EXPENSES, _P.APPROVE_EXPENSES, _P.VIEW_REVENUE,
    },
    Role.RESOURCE_MANAGER: _CONSULTANT
    | {_P.MANAGE_DIRECTORY, _P.MANAGE_PROJECTS, _P.VIEW_ALL_TIME, _P.VIEW_METRICS, _P.DECIDE_PROPOSALS},
    Role.CONSULTANT: _CONSULTANT,
    Role.CLIENT_CONTACT: frozenset({_P.VIEW_INVOICES, _P.ANSWER_AS_CLIENT}),
    Role.AUDITOR: _READ_EVERYTHING,
}  # fmt: skip


class DutyRule(StrEnum):
    """A two-person rule. A firm of one may switch it off; the choice stays on record (`DutySwitch`)."""

    APPROVE_OWN_TIME = "approve_own_time"
    APPROVE_OWN_EXPENSES = "approve_own_expenses"
    APPROVE_TIME_AND_ISSUE = "approve_time_and_issue"
    PROPOSE_AND_APPROVE_RATE = "propose_and_approve_rate"
    PROPOSE_AND_APPROVE_ORDER = "propose_and_approve_order"
    REOPEN_OWN_LOCK = "reopen_own_lock"
    APPROVE_OWN_PROGRESS = "approve_own_progress"
    APPROVE_OWN_ADJUSTMENT = "approve_own_adjustment"

    @property
    def sentence(self) -> str:
        """What the rule asks, as people read it."""
        return _DUTY_SENTENCES[self]


_DUTY_SENTENCES = {
    DutyRule.APPROVE_OWN_TIME: "Nobody approves their own time.",
    DutyRule.APPROVE_OWN_EXPENSES: "Nobody approves their own expenses.",
    DutyRule.APPROVE_TIME_AND_ISSUE: "Who alone approved all the time on an invoice does not issue it.",
    DutyRule.PROPOSE_AND_APPROVE_RATE: "Who proposes a rate does not approve it.",
    DutyRule.PROPOSE_AND_APPROVE_ORDER: "Who drafts a change order does not approve it.",
    DutyRule.REOPEN_OWN_LOCK: "Who locked a period does not reopen it.",
    DutyRule.APPROVE_OWN_PROGRESS: "Who records progress does not approve it.",
    DutyRule.APPROVE_OWN_ADJUSTMENT: "Who asks for a write-off, write-up or transfer over the limit does not approve it.",
}


class ActorKind(StrEnum):
    """What stands behind an act."""

    PERSON = "person"
    ASSISTANT = "assistant"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, through which door, with which permissions, on which rows.

    `entity_ids` and `client_ids` are None for 'all', else the only ids whose rows are seen.
    `person_id` is the directory's person behind the user, if any.
    """

    kind: ActorKind
    name: str
    door: str
    permissions: frozenset[Permission] = field(default=frozenset(), repr=False)
    user_id: int | None = None
    person_id: int | None = None
    entity_ids: frozenset[int] | None = None
    client_ids: frozenset[int] | None = None
    roles: frozenset[Role] = frozenset()

    def can(self, permission: Permission) -> bool:
        """Tell whether this actor holds a permission."""
        return permission in self.permissions

    def as_assistant(self, name: str) -> "Actor":
        """Return an assistant that serves this person: same sight, but its acts become proposals."""
        return replace(self, kind=ActorKind.ASSISTANT, name=name)

    def limited_to(self, permissions: Iterable[Permission], door: str) -> "Actor":
        """Return this actor with no more than `permissions` (a token's scopes)."""
        return replace(self, permissions=self.permissions & frozenset(permissions), door=door)


def system_actor(door: str, name: str = "Workledger") -> Actor:
    """Return the actor of the machine's own operator: set-up, command line, demo, tests."""
    return Actor(kind=ActorKind.SYSTEM, name=name, door=door, permissions=_EVERYTHING)
