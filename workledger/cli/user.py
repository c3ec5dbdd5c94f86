"""``workledger user``: who signs in, for the person who owns the machine."""

import sys

import click
from pydantic import SecretStr

from workledger.cli.output import emit, table
from workledger.core import queries, users
from workledger.core.access import Role, system_actor
from workledger.core.refusals import Refused

DOOR = "cli"


@click.group("user")
def command() -> None:
    """Add and list users, set passwords.

    \b
    Example:
      workledger user list
    """


@command.command("add")
@click.argument("email")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]),
    help="What they may do; may be given more than once.",
)  # fmt: skip
@click.option("--name", default="", help="The name colleagues know; the part before the @ otherwise.")
@click.option("--password", help="Asked for when left out; other users of this machine may see it here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(email: str, roles: tuple[str, ...], name: str, password: str | None, as_json: bool) -> None:
    """Create a user.

    \b
    Example:
      workledger user add fay@example.com --role finance --name "Fay Fischer"
    """
    user_id = users.create_user(
        actor=system_actor(DOOR),
        email=email,
        name=name or email.partition("@")[0].replace(".", " ").title(),
        password=_secret(password),
        roles=[users.RoleGrant(Role(role)) for role in roles],
    )
    emit({"id": user_id, "email": email}, as_json=as_json, text=f"{email} can sign in now.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List everybody who signs in.

    \b
    Example:
      workledger user list --json
    """
    rows = queries.users(system_actor(DOOR))
    emit(
        [
            {
                "id": row.id,
                "email": row.email,
                "name": row.name,
                "active": row.is_active,
                "roles": [held.role for held in row.roles],
            }
            for row in rows
        ],
        as_json=as_json,
        text=lambda: (
            table(
                [("Email", "Name", "Roles", "")]
                + [
                    (
                        row.email,
                        row.name,
                        ", ".join(held.role.label for held in row.roles) or "none",
                        "" if row.is_active else "no access",
                    )
                    for row in rows
                ]
            )
            if rows
            else ["Nobody signs in yet. Add somebody with: workledger user add EMAIL --role owner"]
        ),
    )


@command.command("password")
@click.argument("email")
@click.option("--password", help="Asked for when left out; other users of this machine may see it here.")
def set_password(email: str, password: str | None) -> None:
    """Set a user's password; their other sessions end.

    \b
    Example:
      workledger user password fay@example.com
    """
    actor = system_actor(DOOR)
    found = [row for row in queries.users(actor) if row.email == email.strip().lower()]
    if not found:
        raise Refused.because(
            "not_found", f"Nobody signs in as {email}. List users with: workledger user list"
        )
    users.set_password(actor=actor, user_id=found[0].id, password=_secret(password))
    emit({}, as_json=False, text=f"The password of {found[0].email} is set.")


def _secret(password: str | None) -> SecretStr:
    """Take the password given, else ask for it, else read one line from standard input."""
    if password is None:
        if sys.stdin.isatty():
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        else:
            password = sys.stdin.readline().rstrip("\n")
    return SecretStr(password)
