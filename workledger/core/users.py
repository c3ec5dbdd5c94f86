"""Users and the roles they hold. Owners are made and unmade by owners only, and one always remains."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from pydantic import SecretStr

from workledger.core import locks
from workledger.core.access import Actor, ActorKind, Permission, Role
from workledger.core.door import action, record
from workledger.core.models import RoleAssignment, User
from workledger.core.refusals import Forbidden, Problems, Refused

_MASKED = "*" * 10  # what a stored proposal keeps of a password


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role to hold: everywhere, or for one legal entity, or for one client."""

    role: Role
    entity_id: int | None = None
    client_id: int | None = None


@action("core.create_user", needs=Permission.MANAGE_USERS)
def create_user(
    *,
    actor: Actor,
    email: str,
    name: str,
    password: SecretStr | None = None,
    roles: list[RoleGrant] | None = None,
) -> int:
    """Create someone who can sign in, with the roles they hold; returns the user's id.

    Without a password the user signs in after somebody has set one. Refuses: bad_email, email_taken,
    missing_name, weak_password, owners_only, limited_role.
    """
    address = email.strip().lower()
    problems = Problems()
    try:
        validate_email(address)
    except ValidationError:
        problems.add("bad_email", "Write an email address such as fay@example.com.", "email")
    problems.check(
        not User.objects.filter(email=address).exists(),
        "email_taken", "Somebody already signs in with this email address.", "email",
    )  # fmt: skip
    problems.check(name.strip(), "missing_name", "Give the name that colleagues know.", "name")
    user = User(email=address, name=name.strip())
    if password is not None:
        _check_password(problems, password, user)
    problems.refuse()
    user.set_password(password.get_secret_value() if password else None)
    user.save()
    for grant in roles or []:
        assign_role(actor=actor, user_id=user.pk, grant=grant)
    record(user, f"Created the user {user.get_full_name()}")
    return int(user.pk)


@action("core.change_user", needs=Permission.MANAGE_USERS)
def change_user(*, actor: Actor, user_id: int, email: str, name: str) -> None:
    """Change how someone is called and signs in.

    Refuses: not_found, owners_only, bad_email, email_taken, missing_name.
    """
    user = _locked_user(actor, user_id)
    address = email.strip().lower()
    problems = Problems()
    try:
        validate_email(address)
    except ValidationError:
        problems.add("bad_email", "Write an email address such as fay@example.com.", "email")
    problems.check(
        not User.objects.filter(email=address).exclude(pk=user.pk).exists(),
        "email_taken", "Somebody else already signs in with this email address.", "email",
    )  # fmt: skip
    problems.check(name.strip(), "missing_name", "Give the name that colleagues know.", "name")
    problems.refuse()
    user.email, user.name = address, name.strip()
    user.save(update_fields=["email", "name"])
    record(user, f"Changed the user {user.get_full_name()}")


@action("core.set_password", needs=None)
def set_password(*, actor: Actor, user_id: int, password: SecretStr) -> None:
    """Set a user's password: one's own, or anybody's with the permission to manage users.

    Every other session of that user ends. Refuses: not_found, forbidden, owners_only, weak_password.
    """
    if user_id != actor.user_id and not actor.can(Permission.MANAGE_USERS):
        raise Forbidden.because("forbidden", "You may set your own password only; ask an administrator.")
    user = _locked_user(actor, user_id)
    problems = Problems()
    _check_password(problems, password, user)
    problems.refuse()
    user.set_password(password.get_secret_value())
    user.save(update_fields=["password"])
    record(user, f"Set the password of {user.get_full_name()}")


@action("core.deactivate_user", needs=Permission.MANAGE_USERS)
def deactivate_user(*, actor: Actor, user_id: int) -> None:
    """End someone's access at once; what they did stays on record.

    Refuses: not_found, already_inactive, own_access, owners_only, last_owner.
    """
    _hold_owners()
    user = _locked_user(actor, user_id)
    problems = Problems()
    problems.check(user.is_active, "already_inactive", f"{user.get_full_name()} has no access already.")
    problems.check(
        user_id != actor.user_id, "own_access", "You cannot end your own access. Ask another administrator."
    )
    _check_owner_remains(problems, _owners().exclude(user_id=user_id))
    problems.refuse()
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(user, f"Ended the access of {user.get_full_name()}")


@action("core.reactivate_user", needs=Permission.MANAGE_USERS)
def reactivate_user(*, actor: Actor, user_id: int) -> None:
    """Give someone their access back, with the roles they held. Refuses: not_found, already_active, owners_only."""
    user = _locked_user(actor, user_id)
    problems = Problems()
    problems.check(not user.is_active, "already_active", f"{user.get_full_name()} can sign in already.")
    problems.refuse()
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(user, f"Gave {user.get_full_name()} access again")


@action("core.assign_role", needs=Permission.MANAGE_USERS)
def assign_role(*, actor: Actor, user_id: int, grant: RoleGrant) -> int:
    """Give a user a role; returns the assignment's id.

    Refuses: not_found, role_held_once, owners_only, own_role, limited_role, limited_owner.
    """
    user = _locked_user(actor, user_id)
    problems = Problems()
    if not _is_owner(actor):
        problems.check(
            grant.role is not Role.OWNER, "owners_only", "Only an owner makes somebody an owner.", "role"
        )
        problems.check(
            user_id != actor.user_id,
            "own_role", "Nobody gives themselves a role. Ask another administrator or an owner.", "role",
        )  # fmt: skip
    problems.check(
        grant.role is not Role.OWNER or (grant.entity_id is None and grant.client_id is None),
        "limited_owner", "An owner owns the whole firm. Choose another role for one entity or client.", "role",
    )  # fmt: skip
    if actor.entity_ids is not None:
        problems.check(
            grant.entity_id in actor.entity_ids,
            "limited_role", "You manage some legal entities only. Give the role for one of them.", "entity_id",
        )  # fmt: skip
    problems.refuse()
    assignment = RoleAssignment.objects.create(
        user=user, role=grant.role, entity_id=grant.entity_id, client_id=grant.client_id
    )
    record(user, f"Gave {user.get_full_name()} the role {grant.role.label.lower()}")
    return int(assignment.pk)


@action("core.remove_role", needs=Permission.MANAGE_USERS)
def remove_role(*, actor: Actor, assignment_id: int) -> None:
    """Take a role from a user. Refuses: not_found, owners_only, last_owner, limited_role."""
    _hold_owners()
    assignment = locks.for_update(RoleAssignment.objects.visible_to(actor), assignment_id)
    user = _locked_user(actor, assignment.user_id)
    problems = Problems()
    if actor.entity_ids is not None:
        problems.check(
            assignment.entity_id in actor.entity_ids,
            "limited_role", "You manage some legal entities only, and this role reaches further.",
        )  # fmt: skip
    _check_owner_remains(problems, _owners().exclude(pk=assignment_id))
    problems.refuse()
    label = Role(assignment.role).label.lower()
    assignment.delete()
    record(user, f"Took the role {label} from {user.get_full_name()}")


def _is_owner(actor: Actor) -> bool:
    return actor.kind is ActorKind.SYSTEM or Role.OWNER in actor.roles


def _locked_user(actor: Actor, user_id: int) -> User:
    """Lock a user; an owner's access is touched only by owners and by themselves."""
    user = User.objects.filter(pk=user_id).select_for_update().first()
    if user is None:
        raise locks.not_found(User)
    if not _is_owner(actor) and user_id != actor.user_id:
        if RoleAssignment.objects.filter(user=user, role=Role.OWNER).exists():
            raise Forbidden.because(
                "owners_only", f"{user.get_full_name()} is an owner; only an owner may do this."
            )
    return user


def _hold_owners() -> None:
    """Let one act at a time take owners away, so that two do not each leave the other as the last."""
    locks.named("core.owners")


def _owners() -> QuerySet[RoleAssignment]:
    rows: QuerySet[RoleAssignment] = RoleAssignment.objects.filter(role=Role.OWNER, user__is_active=True)
    return rows


def _check_owner_remains(problems: Problems, owners_after: QuerySet[RoleAssignment]) -> None:
    if _owners().exists() and not owners_after.exists():
        problems.add("last_owner", "This is the last owner. Make somebody else an owner first.")


def _check_password(problems: Problems, password: SecretStr, user: User) -> None:
    text = password.get_secret_value()
    if text == _MASKED:
        raise Refused.because(
            "password_not_kept", "A proposal keeps no password. Set it yourself.", "password"
        )
    try:
        validate_password(text, user)
    except ValidationError as error:
        for message in error.messages:
            problems.add("weak_password", message, "password")
