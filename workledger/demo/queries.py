"""Who can sign in to the demo firm."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery

from workledger.core.access import Role
from workledger.core.models import RoleAssignment
from workledger.directory.models import LegalEntity

PASSWORD = "workledger-demo"  # noqa: S105 - printed at every start; the demo is never loaded in production


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demo person as printed at the start."""

    email: str
    password: str
    role: str
    name: str


def is_loaded(firm_name: str) -> bool:
    """Tell whether the demo firm stands in this database."""
    return LegalEntity.objects.filter(name=firm_name).exists()


def sign_ins() -> list[SignIn]:
    """Return one person per role, in the order of the roles."""
    first: dict[str, SignIn] = {}
    held = RoleAssignment.objects.filter(user=OuterRef("user")).values("user").annotate(count=Count("pk"))
    active = RoleAssignment.objects.filter(user__is_active=True).select_related("user")
    rows = active.annotate(roles=Subquery(held.values("count"))).order_by(
        "roles", "pk"
    )  # who is just that first
    for row in rows:
        if row.role not in first:
            first[row.role] = SignIn(row.user.email, PASSWORD, Role(row.role).label, row.user.name)
    return [first[role] for role in Role if role in first]
