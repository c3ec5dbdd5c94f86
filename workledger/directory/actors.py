"""From a signed-in user to an actor: roles, scopes and the person behind the user."""

from collections.abc import Iterable

from workledger.core.access import ROLE_PERMISSIONS, Actor, ActorKind, Permission, Role
from workledger.core.models import User
from workledger.directory.models import Contact, Person


def actor_for(user: User, door: str) -> Actor:
    """Return what this user may do. A role held for one entity or client limits the sight to those.

    A user with no role may do nothing. A client contact sees the client they belong to.
    """
    assignments = list(user.role_assignments.values_list("role", "entity_id", "client_id"))
    person_id = Person.objects.filter(user_id=user.pk).values_list("pk", flat=True).first()
    roles = frozenset(Role(role) for role, _, _ in assignments)
    permissions: frozenset[Permission] = frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))
    client_ids = _limits(client for _, _, client in assignments)
    if roles == {Role.CLIENT_CONTACT} and client_ids is None:
        client_ids = frozenset(Contact.objects.filter(user_id=user.pk).values_list("client_id", flat=True))
    return Actor(
        kind=ActorKind.PERSON,
        name=user.get_full_name(),
        door=door,
        permissions=permissions if user.is_active else frozenset(),
        user_id=user.pk,
        person_id=person_id,
        entity_ids=_limits(entity for _, entity, _ in assignments),
        client_ids=client_ids,
        roles=roles,
    )


def _limits(ids: Iterable[int | None]) -> frozenset[int] | None:
    """Return None (no limit) as soon as one assignment has none."""
    found = list(ids)
    if not found or None in found:
        return None
    return frozenset(identifier for identifier in found if identifier is not None)
