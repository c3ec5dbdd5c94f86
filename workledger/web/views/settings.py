"""Settings: legal entities, practices, offices, roles, exchange rates, users, two-person rules, API tokens."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from pydantic import SecretStr

from workledger.core import duties, tokens, users
from workledger.core import queries as core
from workledger.core.access import DutyRule, Permission, Role
from workledger.core.door import Options
from workledger.core.queries import UserRow
from workledger.core.refusals import Refused
from workledger.core.users import RoleGrant
from workledger.directory import actions, queries
from workledger.directory.actions import EntityDetails
from workledger.directory.calc import shapes
from workledger.directory.calc.ecb import MOST_BYTES
from workledger.directory.queries import ClientFilter
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, UploadForm, form_page
from workledger.web.options import COUNTRY_OPTIONS, CURRENCY_OPTIONS
from workledger.web.paging import number_of

_P = Permission
# The parts of the settings: word, address name, the permission that opens it (None: every user).
_PARTS: tuple[tuple[str, str, Permission | None], ...] = (
    ("Legal entities", "settings", _P.MANAGE_SETTINGS),
    ("Practices, offices, roles", "settings-structure", _P.MANAGE_DIRECTORY),
    ("Tax codes", "settings-taxes", _P.MANAGE_SETTINGS),
    ("Invoices", "settings-invoices", _P.MANAGE_SETTINGS),
    ("Exchange rates", "settings-rates", _P.POST_JOURNAL),
    ("Expense policy", "expenses-policy", _P.MANAGE_EXPENSES),
    ("Users", "settings-users", _P.MANAGE_USERS),
    ("Billing rules", "settings-billing", _P.MANAGE_SETTINGS),
    ("Two-person rules", "settings-rules", _P.MANAGE_SETTINGS),
    ("API tokens", "settings-tokens", _P.USE_API),
    ("My password", "settings-password", None),
)


def show(
    request: ActingRequest, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Show a page of the settings with the tabs of the parts that the reader may open."""
    parts = [
        (word, reverse(name), _is_part(request, name))
        for word, name, needs in _PARTS
        if needs is None or request.actor.can(needs)
    ]
    return render(request, template, {"parts": parts, **context}, status=status)


def _is_part(request: ActingRequest, name: str) -> bool:
    return bool(request.resolver_match and request.resolver_match.url_name == name)


def around_form(
    word: str, name: str, title: str, act: str, said: str | Callable[[Any], str], *, lead: str = ""
) -> FormPage:
    """A form of one part of the settings; `word` and `name` are the part's."""
    return FormPage(
        title=title,
        crumbs=(("Settings", reverse("settings-home")), (word, reverse(name))),
        act=act,
        done=reverse(name),
        said=said,
        lead=lead,
    )


@page()
def home(request: ActingRequest) -> HttpResponse:
    """Go to the first part that the reader may open."""
    return redirect(next(name for _, name, needs in _PARTS if needs is None or request.actor.can(needs)))


# --- legal entities -----------------------------------------------------------------------------------

_ENTITY_FIELDS = (
    Field("name", "Name", required=True, help="As it is registered and stands on invoices."),
    Field("street", "Street and number", row="street"),
    Field("additional", "Building, floor or department", row="street"),
    Field("postcode", "Postcode", row="place"),
    Field("city", "City", row="place"),
    Field("subdivision", "State or region", row="where", help="Its short code, such as HH."),
    Field("country", "Country", "find", required=True, options=COUNTRY_OPTIONS, row="where"),
    Field("email", "Email", "email", row="reach"),
    Field("phone", "Phone", row="reach"),
    Field("website", "Website"),
    Field("logo_svg", "Logo", "file", accept=".svg", help="A plain SVG up to 200 kB. Without a new file the logo stays."),
    Field("footer", "Footer", "lines", help="At the foot of every page, such as who manages the company. Up to 4 lines."),
    Field("vat_id", "VAT id", section="Tax and register", row="tax", help="With the country, such as DE123456788."),
    Field("tax_number", "Tax number", row="tax"),
    Field("register_number", "Number in the register of companies", help="Such as HRB 123456, Hamburg."),
    Field("standard_tax_rate", "Standard tax rate", "number", required=True, places=3, unit="%",
        help="Where no tax code says otherwise, without dates."),
    Field("prices_include_tax", "Prices of new contracts include tax", "check"),
    Field("bank_name", "Bank", section="Bank", row="bank", help="Where clients pay; stands on every invoice."),
    Field("account_holder", "Account holder", row="bank", help="If it is not the company itself."),
    Field("iban", "IBAN", row="account"),
    Field("bic", "BIC", row="account"),
    Field("routing_number", "Routing number", row="domestic", help="For an account without IBAN."),
    Field("account_number", "Account number", row="domestic"),
    Field("invoice_prefix", "Invoice numbers begin with", section="Invoices"),
)  # fmt: skip


@page(_P.MANAGE_SETTINGS)
def entities(request: ActingRequest) -> HttpResponse:
    """The companies of the firm."""
    return show(request, "web/settings/entities.html", {"rows": queries.entities(request.actor)})


@page(_P.MANAGE_SETTINGS)
def new_entity(request: ActingRequest) -> HttpResponse:
    """Add a company with its own books."""
    fields = (
        *(each for each in _ENTITY_FIELDS if each.name != "logo_svg"),
        Field(
            "currency", "Currency of the books", "find", required=True, options=CURRENCY_OPTIONS, section="Books",
            help="It stays as it is from the first posting on.",
        ),
        Field("first_day", "Books begin", "date", required=True, help="The first day that may be posted to."),
    )  # fmt: skip
    year = today().year
    shown = {"standard_tax_rate": Decimal(0), "invoice_prefix": "INV-", "first_day": date(year, 1, 1)}

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_entity.using(options)(
            actor=request.actor,
            entity=_entity_of(values),
            currency=values["currency"],
            first_day=values["first_day"],
            through=date(max(year, values["first_day"].year) + 1, 12, 31),
        )

    around = around_form(
        "Legal entities", "settings", "New legal entity", "Add legal entity", "Added the legal entity."
    )
    return form_page(request, Form(fields, shown), run, around)


@page(_P.MANAGE_SETTINGS)
def entity(request: ActingRequest, entity_id: int) -> HttpResponse:
    """Letterhead, tax and bank of one company."""
    found = queries.entity_page(request.actor, entity_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.save_entity.using(options)(
            actor=request.actor, entity_id=entity_id, entity=_entity_of(values)
        )

    around = FormPage(
        title=found.details.name,
        crumbs=(("Settings", reverse("settings-home")), ("Legal entities", reverse("settings"))),
        act="Save",
        done=reverse("settings-entity", args=[entity_id]),
        said="Saved. Documents show it from now on; issued ones stay as they are.",
        lead=f"Books in {found.currency}.",
        template="web/settings/entity.html",
        context={"entity": found, "iban": shapes.grouped(found.details.iban)},
    )
    return form_page(request, Form(_ENTITY_FIELDS, asdict(found.details)), run, around)


@require_GET
@page(_P.MANAGE_SETTINGS)
def logo(request: ActingRequest, entity_id: int) -> HttpResponse:
    """The logo as a picture that can do nothing."""
    found = queries.entity_page(request.actor, entity_id)
    if not found.details.logo_svg:
        raise Http404
    answer = HttpResponse(found.details.logo_svg, content_type="image/svg+xml")
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


def _entity_of(values: Mapping[str, Any]) -> EntityDetails:
    names = EntityDetails.__dataclass_fields__
    return EntityDetails(**{name: value for name, value in values.items() if name in names})


# --- practices, offices, roles ------------------------------------------------------------------------

_NAME = Field("name", "Name", required=True)
_OFFICE_FIELDS = (
    _NAME,
    Field("country", "Country", "find", required=True, options=COUNTRY_OPTIONS, row="where"),
    Field("subdivision", "State or region", row="where", help="Its short code, such as HH: holidays differ."),
)
_ROLE_FIELDS = (
    _NAME,
    Field("level", "Level", "whole", required=True, help="Orders roles; the highest stands first."),
)


@page(_P.MANAGE_DIRECTORY)
def structure(request: ActingRequest) -> HttpResponse:
    """How the firm is divided."""
    return show(
        request, "web/settings/structure.html", {"structure": queries.structure(request.actor, today())}
    )


@page(_P.MANAGE_DIRECTORY)
def practice(request: ActingRequest, practice_id: int | None = None) -> HttpResponse:
    """Add or rename a practice."""
    rows = {row.id: row for row in queries.structure(request.actor, today()).practices}
    shown = {"name": rows[practice_id].name} if practice_id in rows else {}

    def run(values: Mapping[str, Any], options: Options) -> object:
        name = values["name"]
        if practice_id is None:
            return actions.add_practice.using(options)(actor=request.actor, name=name)
        return actions.change_practice.using(options)(actor=request.actor, practice_id=practice_id, name=name)

    return _part_of_firm(request, "practice", practice_id, Form((_NAME,), shown), run)


@page(_P.MANAGE_DIRECTORY)
def office(request: ActingRequest, office_id: int | None = None) -> HttpResponse:
    """Add or change an office."""
    rows = {row.id: row for row in queries.structure(request.actor, today()).offices}
    shown = asdict(rows[office_id]) if office_id in rows else {}

    def run(values: Mapping[str, Any], options: Options) -> object:
        if office_id is None:
            return actions.add_office.using(options)(actor=request.actor, **values)
        return actions.change_office.using(options)(actor=request.actor, office_id=office_id, **values)

    return _part_of_firm(request, "office", office_id, Form(_OFFICE_FIELDS, shown), run)


@page(_P.MANAGE_DIRECTORY)
def role(request: ActingRequest, role_id: int | None = None) -> HttpResponse:
    """Add or change what people are billed as."""
    rows = {row.id: row for row in queries.structure(request.actor, today()).roles}
    shown = asdict(rows[role_id]) if role_id in rows else {"level": 0}

    def run(values: Mapping[str, Any], options: Options) -> object:
        if role_id is None:
            return actions.add_role.using(options)(actor=request.actor, **values)
        return actions.change_role.using(options)(actor=request.actor, role_id=role_id, **values)

    return _part_of_firm(request, "role", role_id, Form(_ROLE_FIELDS, shown), run)


def _part_of_firm(
    request: ActingRequest,
    noun: str,
    pk: int | None,
    form: Form,
    run: Callable[[Mapping[str, Any], Options], object],
) -> HttpResponse:
    if pk is not None and not form.initial.get("name"):
        raise Http404
    title = f"New {noun}" if pk is None else str(form.initial["name"])
    act = f"Add {noun}" if pk is None else "Save"
    around = around_form("Practices, offices, roles", "settings-structure", title, act, f"Saved the {noun}.")
    return form_page(request, form, run, around)


# --- exchange rates -----------------------------------------------------------------------------------

_RATE_FIELDS = (
    Field("base", "One", "find", required=True, options=CURRENCY_OPTIONS, row="pair"),
    Field("quote", "is worth so many", "find", required=True, options=CURRENCY_OPTIONS, row="pair"),
    Field("rate", "Rate", "number", required=True, places=8, row="rate"),
    Field("day", "From", "date", required=True, row="rate", help="It holds until a later one."),
)


_RATES_FILE_FIELDS = (
    Field(
        "content", "File", "file", accept=".csv,.zip",
        help="The European Central Bank's eurofxref-hist.csv or eurofxref.csv, or the zip of either.",
    ),
    Field("currencies", "Currencies", help="Such as USD GBP CHF. Empty: all of the file."),
)  # fmt: skip


@page(_P.POST_JOURNAL)
def rates(request: ActingRequest) -> HttpResponse:
    """What currencies are worth."""
    return show(request, "web/settings/rates.html", {"rows": queries.exchange_rates(request.actor)})


@page(_P.POST_JOURNAL)
def new_rate(request: ActingRequest) -> HttpResponse:
    """Set a rate from a day on."""

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.set_exchange_rate.using(options)(actor=request.actor, **values)

    around = around_form(
        "Exchange rates", "settings-rates", "New exchange rate", "Set rate", "Set the rate.",
        lead="A rate of the same day is replaced; what was posted with it stays.",
    )  # fmt: skip
    return form_page(request, Form(_RATE_FIELDS, {"day": today()}), run, around)


@page(_P.POST_JOURNAL)
def import_rates(request: ActingRequest) -> HttpResponse:
    """Take over the European Central Bank's reference rates from their file."""

    def run(values: Mapping[str, Any], options: Options) -> actions.ImportedRates:
        return actions.import_exchange_rates.using(options)(
            actor=request.actor, content=_uploaded(request), currencies=values["currencies"].upper().split()
        )

    around = around_form(
        "Exchange rates", "settings-rates", "Import exchange rates", "Import", lambda done: done.words,
        lead="The same file twice changes nothing. Rates that were set by hand are kept.",
    )  # fmt: skip
    return form_page(request, UploadForm(_RATES_FILE_FIELDS), run, around)


def _uploaded(request: ActingRequest) -> bytes:
    sent = request.FILES.get("content")
    if sent is None:
        raise Refused.because("file_missing", "Choose the file of the European Central Bank.", "content")
    if (sent.size or 0) > MOST_BYTES:
        message = f"This file is larger than {MOST_BYTES >> 20} MB: it holds more than rates."
        raise Refused.because("file_too_large", message, "content")
    return bytes(sent.read())


# --- users --------------------------------------------------------------------------------------------

_ROLE_OPTIONS = tuple((role.value, role.label) for role in Role)
_PASSWORD_HELP = "At least 10 characters, and none that is commonly used."  # noqa: S105 - words beside a field


@page(_P.MANAGE_USERS)
def user_list(request: ActingRequest) -> HttpResponse:
    """Who signs in, and as what."""
    names = _reach_names(request)
    rows = [
        (row, [(held.role.label, names.get((held.entity_id, held.client_id), "")) for held in row.roles])
        for row in core.users(request.actor)
    ]
    return show(request, "web/settings/users.html", {"rows": rows})


@page(_P.MANAGE_USERS)
def new_user(request: ActingRequest) -> HttpResponse:
    """Let somebody sign in."""
    fields = (
        Field("name", "Name", required=True),
        Field("email", "Email", "email", required=True, help="They sign in with it."),
        Field("password", "First password", "secret", help=f"{_PASSWORD_HELP} Tell it to them in person."),
        Field(
            "role",
            "Role",
            "choice",
            options=_ROLE_OPTIONS,
            empty="None yet",
            help="More can be given afterwards.",
        ),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return users.create_user.using(options)(
            actor=request.actor,
            email=values["email"],
            name=values["name"],
            password=SecretStr(values["password"]) if values["password"] else None,
            roles=[RoleGrant(Role(values["role"]))] if values["role"] else [],
        )

    around = FormPage(
        title="New user",
        crumbs=(("Settings", reverse("settings-home")), ("Users", reverse("settings-users"))),
        act="Create user",
        done=lambda user_id: reverse("settings-user", args=[user_id]),
        said="Created the user.",
    )
    return form_page(request, Form(fields), run, around)


@page(_P.MANAGE_USERS)
def user(request: ActingRequest, user_id: int) -> HttpResponse:
    """One user: name, roles, access."""
    found = core.user(request.actor, user_id)
    return _user_page(request, found)


def _user_page(request: ActingRequest, found: UserRow, grant: Form | None = None) -> HttpResponse:
    names = _reach_names(request)
    form = grant or _grant_form(request)
    context = {
        "found": found,
        "held": [(held, names.get((held.entity_id, held.client_id), "")) for held in found.roles],
        "grant": form,
        "access": "Has access" if found.is_active else "No access",
        "access_tone": "good" if found.is_active else "warn",
        "is_self": found.id == request.actor.user_id,
        "permissions": sorted(found.permissions),
    }
    return show(request, "web/settings/user.html", context, status=422 if form.problems else 200)


def _grant_form(request: ActingRequest) -> Form:
    """A role, and what it reaches: 'all', 'e' and an entity's id, or 'c' and a client's."""
    reaches = [("all", "The whole firm")]
    reaches += [(f"e{row.id}", row.name) for row in queries.entities(request.actor)]
    clients = queries.clients(request.actor, ClientFilter(kind=""))
    reaches += [(f"c{row.id}", f"Client {row.name}") for row in clients]
    fields = (
        Field("role", "Role", "choice", required=True, options=_ROLE_OPTIONS, row="grant"),
        Field("reach", "For", "choice", required=True, options=tuple(reaches), row="grant"),
    )
    return Form(fields, {"role": Role.CONSULTANT.value, "reach": "all"})


def _reach_names(request: ActingRequest) -> dict[tuple[int | None, int | None], str]:
    """What a role may be limited to, by (entity, client)."""
    names: dict[tuple[int | None, int | None], str] = {(None, None): "The whole firm"}
    names |= {(row.id, None): row.name for row in queries.entities(request.actor)}
    names |= {(None, row.id): row.name for row in queries.clients(request.actor, ClientFilter(kind=""))}
    return names


@page(_P.MANAGE_USERS)
def change_user(request: ActingRequest, user_id: int) -> HttpResponse:
    """Change how somebody is called and signs in."""
    found = core.user(request.actor, user_id)
    fields = (Field("name", "Name", required=True), Field("email", "Email", "email", required=True))

    def run(values: Mapping[str, Any], options: Options) -> None:
        users.change_user.using(options)(actor=request.actor, user_id=user_id, **values)

    form = Form(fields, {"name": found.name, "email": found.email})
    return form_page(request, form, run, _around_user(found, f"Change {found.name}", "Save", "Saved."))


@page(_P.MANAGE_USERS)
def user_password(request: ActingRequest, user_id: int) -> HttpResponse:
    """Set somebody's password."""
    found = core.user(request.actor, user_id)
    fields = (Field("password", "New password", "secret", required=True, help=_PASSWORD_HELP),)
    around = _around_user(
        found, "Set password", "Set password", "Set the password.", lead="Their other sessions end at once."
    )
    return form_page(request, Form(fields), _password_run(request, user_id), around)


@page()
def my_password(request: ActingRequest) -> HttpResponse:
    """Set one's own password."""
    fields = (Field("password", "New password", "secret", required=True, help=_PASSWORD_HELP),)
    around = FormPage(
        title="My password",
        crumbs=(("Settings", reverse("settings-home")),),
        act="Set password",
        done=reverse("settings-password"),
        said="Set your password. Sign in again with it.",
        lead="You sign in again with it; every other session of yours ends.",
    )
    return form_page(request, Form(fields), _password_run(request, request.actor.user_id or 0), around)


def _password_run(request: ActingRequest, user_id: int) -> Callable[[Mapping[str, Any], Options], object]:
    def run(values: Mapping[str, Any], options: Options) -> None:
        users.set_password.using(options)(
            actor=request.actor, user_id=user_id, password=SecretStr(values["password"])
        )

    return run


def _around_user(found: UserRow, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    home_of = reverse("settings-user", args=[found.id])
    return FormPage(
        title=title,
        crumbs=(
            ("Settings", reverse("settings-home")),
            ("Users", reverse("settings-users")),
            (found.name, home_of),
        ),
        act=act,
        done=home_of,
        said=said,
        lead=lead,
    )


@require_POST
@page(_P.MANAGE_USERS)
def assign_role(request: ActingRequest, user_id: int) -> HttpResponse:
    """Give a role."""
    form = _grant_form(request)

    def run(values: Mapping[str, Any], options: Options) -> int:
        kind, pk = values["reach"][:1], number_of(values["reach"][1:])
        grant = RoleGrant(
            Role(values["role"]),
            entity_id=pk if kind == "e" else None,
            client_id=pk if kind == "c" else None,
        )
        return users.assign_role.using(options)(actor=request.actor, user_id=user_id, grant=grant)

    is_done, _ = form.submit(request, run)
    if not is_done:
        return _user_page(request, core.user(request.actor, user_id), form)
    messages.success(request, "Gave the role.")
    return redirect("settings-user", user_id)


@require_POST
@page(_P.MANAGE_USERS)
def remove_role(request: ActingRequest, user_id: int, assignment_id: int) -> HttpResponse:
    """Take a role."""
    users.remove_role.using(act_options(request))(actor=request.actor, assignment_id=assignment_id)
    messages.success(request, "Took the role.")
    return redirect("settings-user", user_id)


@require_POST
@page(_P.MANAGE_USERS)
def deactivate(request: ActingRequest, user_id: int) -> HttpResponse:
    """End somebody's access."""
    users.deactivate_user.using(act_options(request))(actor=request.actor, user_id=user_id)
    messages.success(
        request,
        "Ended the access at once.",
        extra_tags=f"undo:{reverse('settings-user-reactivate', args=[user_id])}",
    )
    return redirect("settings-user", user_id)


@require_POST
@page(_P.MANAGE_USERS)
def reactivate(request: ActingRequest, user_id: int) -> HttpResponse:
    """Give somebody their access back."""
    users.reactivate_user.using(act_options(request))(actor=request.actor, user_id=user_id)
    messages.success(request, "Gave the access back.")
    return redirect("settings-user", user_id)


# --- two-person rules ---------------------------------------------------------------------------------


@page(_P.MANAGE_SETTINGS)
def rules(request: ActingRequest) -> HttpResponse:
    """What one person may not do alone."""
    return show(request, "web/settings/rules.html", {"rows": core.duties(request.actor)})


@page(_P.MANAGE_SETTINGS)
def rule(request: ActingRequest, name: str) -> HttpResponse:
    """Switch a rule, with the reason on record."""
    rows = {row.rule.value: row for row in core.duties(request.actor)}
    if name not in rows:
        raise Http404
    row = rows[name]
    fields = (Field("reason", "Why", "lines", required=True, help="It stays on record with your name."),)

    def run(values: Mapping[str, Any], options: Options) -> None:
        duties.switch_duty.using(options)(
            actor=request.actor, rule=DutyRule(name), is_on=not row.is_on, reason=values["reason"]
        )

    verb = "off" if row.is_on else "on"
    around = around_form(
        "Two-person rules", "settings-rules", f"Switch {verb}", f"Switch the rule {verb}", f"Switched the rule {verb}.",
        lead=row.sentence,
    )  # fmt: skip
    return form_page(request, Form(fields), run, around)


# --- API tokens ---------------------------------------------------------------------------------------


@page(_P.USE_API)
def token_list(request: ActingRequest) -> HttpResponse:
    """What opens the API in one's name; everybody's for who manages users."""
    context = {
        "rows": core.tokens(request.actor),
        "shows_all": request.actor.can(_P.MANAGE_USERS),
        "today": today(),
    }
    return show(request, "web/settings/tokens.html", context)


@page(_P.USE_API)
def new_token(request: ActingRequest) -> HttpResponse:
    """Make a token and show it this once."""
    scopes = tuple((each.value, _scope_words(each)) for each in Permission if request.actor.can(each))
    fields = (
        Field("name", "Name", required=True, help="After what will use it, such as Wall screen."),
        Field("expires_on", "Last day", "date", help="Empty lets it work until it is revoked."),
        Field("scopes", "May", "many", options=scopes, help="No more than you may yourself."),
    )
    form = Form(fields)
    if request.method == "POST":
        is_done, made = form.submit(request, _token_run(request))
        if is_done and isinstance(made, tokens.CreatedToken):
            secret = made.secret.get_secret_value()
            answer = show(
                request, "web/settings/token_made.html", {"secret": secret, "name": form.values["name"]}
            )
            answer["Cache-Control"] = "no-store"
            return answer
    around = around_form("API tokens", "settings-tokens", "New API token", "Make token", "")
    context = {"form": form, "around": around, "cancel": reverse("settings-tokens")}
    return render(request, "web/form.html", context, status=422 if form.problems else 200)


def _token_run(request: ActingRequest) -> Callable[[Mapping[str, Any], Options], object]:
    def run(values: Mapping[str, Any], options: Options) -> tokens.CreatedToken:
        return tokens.create_token.using(options)(
            actor=request.actor,
            name=values["name"],
            scopes=[scope for scope in Permission if scope.value in values["scopes"]],
            today=today(),
            expires_on=values["expires_on"],
        )

    return run


@require_POST
@page(_P.USE_API)
def revoke_token(request: ActingRequest, token_id: int) -> HttpResponse:
    """End a token at once."""
    tokens.revoke_token.using(act_options(request))(actor=request.actor, token_id=token_id)
    messages.success(request, "Revoked the token. What used it is refused from now on.")
    return redirect("settings-tokens")


def _scope_words(permission: Permission) -> str:
    """'billing.issue' reads 'Billing: issue'."""
    area, _, verb = permission.value.partition(".")
    return f"{'API' if area == 'api' else area.capitalize()}: {verb.replace('_', ' ')}"
