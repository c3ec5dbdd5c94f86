"""What every table has in common, and the tables of the door: users, logs, keys, proposals, series."""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Func, Q

from workledger.core.access import Actor, DutyRule, Permission, Role
from workledger.core.triggers import RowPolicy


class CurrentAction(Func):
    """The id of the action that is running, read by the database; NULL outside an action."""

    function = "workledger_action"
    template = "%(function)s()"
    output_field = models.BigIntegerField()


class Visibility:
    """Which rows of a table an actor sees.

    `needs` is the permission to see rows at all; `own` are look-ups to the person whose own rows are
    seen without it; `entity` and `client` are look-ups to what an actor may be limited to. A table
    without `client` is invisible to an actor who is limited to clients.
    """

    def __init__(
        self, needs: Permission | None, *, entity: str = "", client: str = "", own: tuple[str, ...] = ()
    ) -> None:
        self.needs = needs
        self.entity = entity
        self.client = client
        self.own = own

    def condition(self, actor: Actor) -> Q | None:
        """Return the filter for this actor, or None for 'no row'."""
        condition = Q()
        if self.needs is not None and not actor.can(self.needs):
            if not self.own or actor.person_id is None:
                return None
            for path in self.own:
                condition |= Q(**{path: actor.person_id})
        if actor.entity_ids is not None and self.entity:
            condition &= Q(**{f"{self.entity}__in": actor.entity_ids})
        if actor.client_ids is not None:
            if not self.client:
                return None
            condition &= Q(**{f"{self.client}__in": actor.client_ids})
        return condition


R = TypeVar("R", bound="Record")


class RecordQuerySet(models.QuerySet[R]):
    """Rows reach people only through `visible_to`."""

    def visible_to(self, actor: Actor) -> Self:
        """Return the rows that `actor` may see."""
        condition = self.model.visibility.condition(actor)
        return self.none() if condition is None else self.filter(condition)


class Record(models.Model):
    """Base of every table: the action that made the row, a row policy, a visibility."""

    row_policy: ClassVar[RowPolicy] = RowPolicy.LOGGED
    visibility: ClassVar[Visibility] = Visibility(Permission.MANAGE_SETTINGS)

    made_by_action = models.BigIntegerField(null=True, editable=False, db_default=CurrentAction())

    objects: ClassVar[RecordQuerySet[Any]] = RecordQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    """Users by email."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password the user signs in after setting one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by email, whatever its case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """Someone who signs in. What they may do stands in `RoleAssignment`."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """The name people read."""
        return self.name or self.email


class RoleAssignment(Record):
    """A user holds a role: everywhere, or for one legal entity, or for one client (ids of higher floors)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=30, choices=[(role.value, role.label) for role in Role])
    entity_id = models.BigIntegerField(null=True, blank=True)
    client_id = models.BigIntegerField(null=True, blank=True)

    visibility = Visibility(Permission.MANAGE_USERS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "entity_id", "client_id"],
                nulls_distinct=False,
                name="role_held_once",
                violation_error_message="This user already holds that role.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class DutySwitch(Record):
    """A decision to switch a two-person rule on or off. The latest row per rule holds; none means on."""

    rule = models.CharField(max_length=40, choices=[(rule.value, rule.sentence) for rule in DutyRule])
    is_on = models.BooleanField()
    reason = models.TextField()
    decided_at = models.DateTimeField(db_default=models.functions.Now())

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(None)

    def __str__(self) -> str:
        return f"{self.rule} {'on' if self.is_on else 'off'}"


class ActionLog(models.Model):
    """What was done, in business language: who, what, on what, through which door, why."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    action = models.CharField(max_length=80)
    parent_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=200)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    door = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    subject = models.CharField(max_length=80, blank=True)
    subject_id = models.BigIntegerField(null=True)
    summary = models.TextField(blank=True)
    input = models.JSONField(default=dict)

    row_policy: ClassVar[RowPolicy] = RowPolicy.APPEND_ONLY
    visibility: ClassVar[Visibility] = Visibility(Permission.VIEW_LOG)
    objects: ClassVar[RecordQuerySet[Any]] = RecordQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="action_log_newest"),
            models.Index(fields=["subject", "subject_id"], name="action_log_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"


class RowLog(models.Model):
    """Each update and delete of a logged table, written by the database, with the action that ran."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    table_name = models.CharField(max_length=63)
    operation = models.CharField(max_length=6)
    row_id = models.BigIntegerField(null=True)
    before = models.JSONField()
    after = models.JSONField(null=True)
    action_id = models.BigIntegerField(null=True, db_default=CurrentAction())
    database_user = models.CharField(max_length=63)

    row_policy: ClassVar[RowPolicy] = RowPolicy.APPEND_ONLY
    visibility: ClassVar[Visibility] = Visibility(Permission.VIEW_LOG)
    objects: ClassVar[RecordQuerySet[Any]] = RecordQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["table_name", "row_id"], name="row_log_row"),
            models.Index(fields=["action_id"], name="row_log_action"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.table_name} {self.row_id}"


class IdempotencyKey(models.Model):
    """A caller's key with the hash of its input and the first result."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=200)
    caller = models.CharField(max_length=60)
    action = models.CharField(max_length=80)
    input_hash = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    at = models.DateTimeField(db_default=models.functions.Now())

    row_policy: ClassVar[RowPolicy] = RowPolicy.PROJECTION

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key


class Proposal(Record):
    """An assistant's act, stored until a person accepts or declines it."""

    action = models.CharField(max_length=80)
    arguments = models.JSONField()
    evidence = models.TextField(blank=True)
    proposed_by = models.CharField(max_length=200)
    serves_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=models.functions.Now())
    state = models.CharField(
        max_length=10,
        default="open",
        choices=[("open", "Open"), ("accepted", "Accepted"), ("declined", "Declined")],
    )
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    visibility = Visibility(Permission.DECIDE_PROPOSALS)

    def __str__(self) -> str:
        return f"{self.action} proposed by {self.proposed_by}"


class NumberSeries(Record):
    """A gapless series: the next number is taken in the transaction that uses it."""

    name = models.CharField(max_length=80, unique=True)
    next_value = models.BigIntegerField(default=1)

    row_policy = RowPolicy.PROJECTION

    def __str__(self) -> str:
        return f"{self.name}: {self.next_value}"


class ApiToken(Record):
    """A token for the API: only its hash is kept; its scopes are permissions."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    visibility = Visibility(Permission.MANAGE_USERS)

    def __str__(self) -> str:
        return self.name
