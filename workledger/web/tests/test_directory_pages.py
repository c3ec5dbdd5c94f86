"""People, clients, settings, the log and the inbox, as the named people meet them."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.core.access import DutyRule
from workledger.core.door import Options
from workledger.core.models import ActionLog, ApiToken, DutySwitch, Proposal, RoleAssignment, User
from workledger.core.refusals import Proposed
from workledger.core.tokens import find_token
from workledger.directory.actions import (
    ClientDetails,
    NewTerms,
    PersonDetails,
    add_client,
    add_person,
    add_practice,
    change_terms,
)
from workledger.directory.models import (
    Client,
    Contact,
    EmploymentTerms,
    LegalEntity,
    Person,
    Practice,
    TaxCode,
    TimeOff,
)
from workledger.testing.world import TODAY, Somebody, World

SignIn = Callable[[Somebody], Browser]

LISTS = (
    "people", "clients", "settings", "settings-structure", "settings-rates", "settings-users", "settings-rules",
    "settings-tokens", "action_log", "inbox",
)  # fmt: skip
FORMS = (
    "person-new", "client-new", "settings-entity-new", "settings-practice-new", "settings-office-new",
    "settings-role-new", "settings-rate-new", "settings-user-new", "settings-token-new", "settings-password",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _on_the_named_day(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


def rows_of(world: World) -> list[str]:
    """The pages of single rows, and the forms that belong to them."""
    person, client, user = world.carl.person_id, world.acme.pk, world.carl.user_id
    contact = Contact.objects.get(client=client).pk
    log = ActionLog.objects.latest("id").pk
    return [
        *(reverse(name, args=[person]) for name in ("person", "person-change", "person-terms", "person-leave", "person-time_off")),
        *(reverse(name, args=[client]) for name in ("client", "client-change", "client-contact-new")),
        reverse("client-contact", args=[client, contact]),
        reverse("settings-entity", args=[world.entity_id]),
        reverse("settings-practice", args=[world.practice.pk]),
        reverse("settings-office", args=[world.office.pk]),
        reverse("settings-role", args=[world.lead.pk]),
        *(reverse(name, args=[user]) for name in ("settings-user", "settings-user-change", "settings-user-password")),
        reverse("settings-rule", args=[DutyRule.APPROVE_OWN_TIME]),
        reverse("action_log-act", args=[log]),
    ]  # fmt: skip


def test_the_owner_opens_every_page(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.olivia)
    for url in [*map(reverse, LISTS), *map(reverse, FORMS), *rows_of(world)]:
        answer = browser.get(url)
        assert answer.status_code == 200, url
        html = answer.content.decode()
        assert re.search(r"<h1>[^<]*\w", html), url
        assert "{{" not in html and "{%" not in html and "<c-" not in html, url  # noqa: PT018 - one look


def test_the_stranger_opens_none(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.stan)
    for url in [*map(reverse, LISTS), *map(reverse, FORMS), *rows_of(world)]:
        assert browser.get(url).status_code in (403, 404), url


def test_who_is_not_signed_in_is_asked_to(world: World) -> None:
    for url in [*map(reverse, LISTS), *rows_of(world)]:
        assert Browser().get(url).status_code == 302, url


def test_the_consultant_sees_people_and_clients_and_changes_neither(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.carl)
    for name in ("people", "clients", "inbox", "settings-tokens", "settings-password"):
        assert browser.get(reverse(name)).status_code == 200, name
    for name in ("person-new", "client-new", "settings", "settings-users", "settings-rules", "action_log"):
        assert browser.get(reverse(name)).status_code == 403, name
    assert "New person" not in browser.get(reverse("people")).content.decode()
    assert (
        browser.post(reverse("person-change", args=[world.pia.person_id]), {"name": "X"}).status_code == 403
    )
    assert Person.objects.get(pk=world.pia.person_id).name == "Pia Lead"


def test_the_client_s_contact_sees_no_directory(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.cleo)
    for name in ("people", "clients", "settings-tokens", "action_log"):
        assert browser.get(reverse(name)).status_code == 403, name


@pytest.mark.parametrize("name", ["people", "person"])
def test_cost_is_for_those_who_may_see_it(world: World, browser_of: SignIn, name: str) -> None:
    url = reverse(name, args=[world.carl.person_id] if name == "person" else [])
    assert "€50.00" in browser_of(world.fay).get(url).content.decode()
    assert "50.00" not in browser_of(world.carl).get(url).content.decode()


def test_sorting_by_cost_tells_nothing_to_who_may_not_see_it(world: World, browser_of: SignIn) -> None:
    names = re.compile(r"(Pia Lead|Carl Consultant)</a>")
    for sort in ("cost_rate", "-cost_rate"):
        html = browser_of(world.carl).get(reverse("people"), {"sort": sort}).content.decode()
        assert names.findall(html.split("<tbody>")[1]) == ["Carl Consultant", "Pia Lead"]


def test_people_are_found_by_name_place_and_state(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    wien = add_person(
        actor=world.fay.actor,
        person=PersonDetails("Nina New"),
        terms=NewTerms(start=date(2026, 4, 1), entity_id=world.entity_id),
    )
    assert wien

    def found(**asked: str | int) -> set[str]:
        html = browser.get(reverse("people"), asked).content.decode()
        return {name for name in ("Pia", "Carl", "Nina") if f"{name} " in html.partition("<tbody>")[2]}

    assert found() == {"Pia", "Carl"}
    assert found(state="coming") == {"Nina"}
    assert found(state="all") == {"Pia", "Carl", "Nina"}
    assert found(role=world.lead.pk) == {"Pia"}
    assert found(q="carl@") == {"Carl"}
    assert found(office="x", sort="nothing") == {"Pia", "Carl"}


def test_a_person_is_added_by_the_form(world: World, browser_of: SignIn) -> None:
    typed = {
        "name": "Nina New", "email": "nina@fjord.example", "start": "1.4.", "weekly_hours": "32,5",
        "entity_id": world.entity_id, "role_id": world.consultant.pk, "cost_rate": "48.50",
    }  # fmt: skip
    answer = browser_of(world.fay).post(reverse("person-new"), typed)
    nina = Person.objects.get(name="Nina New")
    assert answer["Location"] == reverse("person", args=[nina.pk])
    terms = EmploymentTerms.objects.get(person=nina)
    assert (terms.start, terms.weekly_hours, terms.cost_rate) == (
        date(2026, 4, 1),
        Decimal("32.5"),
        Decimal("48.5"),
    )


def test_what_is_not_understood_and_what_is_refused_stand_beside_their_fields_together(
    world: World, browser_of: SignIn
) -> None:
    typed = {"name": "", "start": "someday", "weekly_hours": "400", "entity_id": world.entity_id}
    answer = browser_of(world.fay).post(reverse("person-new"), typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    for field in ("name", "start", "weekly_hours"):
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', html), field
    assert 'value="someday"' in html
    assert not Person.objects.filter(name="").exists()


def test_new_terms_over_posted_cost_ask_first(
    world: World, browser_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workledger.directory.actions.people._cost_is_posted", lambda *_: True)
    typed = {
        "start": "2026-03-02", "weekly_hours": "40", "entity_id": world.entity_id, "cost_rate": "60",
    }  # fmt: skip
    browser, url = browser_of(world.fay), reverse("person-terms", args=[world.carl.person_id])
    asked = browser.post(url, typed)
    assert asked.status_code == 409
    assert 'name="confirm" value="labour_cost_posted"' in asked.content.decode()
    assert EmploymentTerms.objects.filter(person_id=world.carl.person_id).count() == 1
    assert browser.post(url, {**typed, "confirm": "labour_cost_posted"}).status_code == 302
    assert EmploymentTerms.objects.filter(person_id=world.carl.person_id).count() == 2


def test_time_off_comes_and_goes_and_its_kind_is_not_everybody_s(world: World, browser_of: SignIn) -> None:
    fay, page = browser_of(world.fay), reverse("person", args=[world.carl.person_id])
    fay.post(
        reverse("person-time_off", args=[world.carl.person_id]),
        {"kind": "sick", "start": "16.3.", "last_day": "17.3.", "share": "1"},
    )
    row = TimeOff.objects.get()
    assert (row.start, row.end, row.kind) == (date(2026, 3, 16), date(2026, 3, 18), "sick")
    assert "Sick leave" in fay.get(page).content.decode()
    assert "Sick leave" in browser_of(world.carl).get(page).content.decode()
    assert "Sick leave" not in browser_of(world.pia).get(page).content.decode()
    fay.post(reverse("person-time_off-remove", args=[world.carl.person_id, row.pk]))
    assert not TimeOff.objects.exists()


def client_form(**changed: object) -> dict[str, object]:
    return {
        "name": "Nordlicht SE", "country": "DE", "currency": "EUR", "payment_terms_days": "14", "tax_treatment": "S",
        "group_lines_by": "person", "paper": "a4", "language": "de", "attach_timesheet": "on", **changed,
    }  # fmt: skip


def test_a_client_is_added_and_changed_by_the_form(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    browser.post(reverse("client-new"), client_form())
    client = Client.objects.get(name="Nordlicht SE")
    assert (client.billing_profile.payment_terms_days, client.billing_profile.group_lines_by) == (
        14,
        "person",
    )
    browser.post(reverse("client-change", args=[client.pk]), client_form(name="Nordlicht AG", tax_rate="7,5"))
    client = Client.objects.get(pk=client.pk)
    assert (client.name, client.billing_profile.tax_rate) == ("Nordlicht AG", Decimal("7.5"))


def test_a_client_s_problems_stand_beside_their_fields(world: World, browser_of: SignIn) -> None:
    wrong = client_form(
        name="Acme AG", vat_id="DE1", currency="", payment_terms_days="soon", invoice_email="x"
    )
    html = browser_of(world.fay).post(reverse("client-new"), wrong).content.decode()
    for sentence in (
        "already a client named",
        "not the form of a VAT id",
        "three-letter ISO",
        "whole number",
        "Write an email",
    ):
        assert sentence in html, sentence


def test_a_client_s_page_links_to_what_the_reader_may_see(world: World, browser_of: SignIn) -> None:
    url = reverse("client", args=[world.acme.pk])
    fay, carl = (browser_of(somebody).get(url).content.decode() for somebody in (world.fay, world.carl))
    assert "Atlas programme" in fay and "Beacon" in fay and "Invoices" in fay  # noqa: PT018 - one look
    assert "Compass" not in fay
    assert "Beacon" in carl
    assert "Atlas programme" not in carl
    assert ">Invoices<" not in carl


def test_a_contact_is_added_and_removed(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    browser.post(reverse("client-contact-new", args=[world.borealis.pk]), {"name": "Bo Berg"})
    bo = Contact.objects.get(name="Bo Berg")
    browser.post(reverse("client-contact", args=[world.acme.pk, bo.pk]), {"name": "Stolen"})
    assert Contact.objects.get(pk=bo.pk).name == "Bo Berg"
    browser.post(reverse("client-contact-remove", args=[world.borealis.pk, bo.pk]))
    assert not Contact.objects.filter(pk=bo.pk).exists()


def test_the_letterhead_with_its_logo(world: World, browser_of: SignIn) -> None:
    browser, url = browser_of(world.olivia), reverse("settings-entity", args=[world.entity_id])
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h4"/></svg>'
    typed = {
        "name": "Fjord & Co GmbH", "country": "DE", "standard_tax_rate": "19", "iban": "DE02 1203 0000 0000 2020 51",
        "invoice_prefix": "F-", "logo_svg": _upload(svg),
    }  # fmt: skip
    assert browser.post(url, typed).status_code == 302
    entity = LegalEntity.objects.get()
    assert (entity.iban, entity.logo_svg) == ("DE02120300000000202051", svg)
    typed.pop("logo_svg")
    browser.post(url, typed)
    assert LegalEntity.objects.get().logo_svg == svg
    logo = browser.get(reverse("settings-entity-logo", args=[world.entity_id]))
    assert logo["Content-Type"] == "image/svg+xml"
    assert "sandbox" in logo["Content-Security-Policy"]
    bad = browser.post(url, {**typed, "logo_svg": _upload("<svg><script>1</script></svg>"), "iban": "DE1"})
    assert bad.status_code == 422
    assert "holds scripts" in bad.content.decode()


def _upload(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.svg", text.encode(), "image/svg+xml")


def test_published_exchange_rates_by_the_form(world: World, browser_of: SignIn) -> None:
    browser, url = browser_of(world.fay), reverse("settings-rates-import")
    daily = b"Date, USD, JPY, \n20 November 2026, 1.0842, 163.28, \n"
    done = browser.post(
        url, {"content": SimpleUploadedFile("r.csv", daily), "currencies": "usd"}, follow=True
    )
    assert "1 exchange rates added" in done.content.decode()
    assert "European Central Bank" in done.content.decode()
    wrong = browser.post(url, {"content": SimpleUploadedFile("r.csv", daily.replace(b"163", b"x"))})
    assert wrong.status_code == 422
    assert "Line 2: “x.28” of JPY is not a rate" in wrong.content.decode()
    assert "Choose the file of the European Central Bank." in browser.post(url, {}).content.decode()


def test_practice_office_and_role_by_the_form(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.olivia)
    browser.post(reverse("settings-practice-new"), {"name": "Data"})
    browser.post(reverse("settings-office", args=[world.office.pk]), {"name": "Harbour", "country": "DE"})
    browser.post(reverse("settings-role", args=[world.lead.pk]), {"name": "Lead", "level": "7"})
    browser.post(
        reverse("settings-rate-new"), {"base": "USD", "quote": "EUR", "rate": "0.92", "day": "2026-01-01"}
    )
    html = browser.get(reverse("settings-structure")).content.decode()
    assert "Data" in html
    assert "Harbour" in html
    assert browser.get(reverse("settings-practice", args=[0])).status_code == 404
    assert "0.92000000" in browser.get(reverse("settings-rates")).content.decode()


def test_users_get_roles_and_lose_access(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.olivia)
    typed = {
        "name": "Ada",
        "email": "ada@fjord.example",
        "password": "kai-und-hafen-9",
        "role": "administrator",
    }
    browser.post(reverse("settings-user-new"), typed)
    ada = User.objects.get(email="ada@fjord.example")
    browser.post(
        reverse("settings-user-assign", args=[ada.pk]), {"role": "auditor", "reach": f"e{world.entity_id}"}
    )
    assert set(RoleAssignment.objects.filter(user=ada).values_list("role", "entity_id")) == {
        ("administrator", None), ("auditor", world.entity_id),
    }  # fmt: skip
    again = browser.post(
        reverse("settings-user-assign", args=[ada.pk]), {"role": "administrator", "reach": "all"}
    )
    assert again.status_code == 422
    assert "already holds that role" in again.content.decode()
    browser.post(reverse("settings-user-deactivate", args=[ada.pk]))
    assert not User.objects.get(pk=ada.pk).is_active
    browser.post(reverse("settings-user-reactivate", args=[ada.pk]))
    assert User.objects.get(pk=ada.pk).is_active
    own = RoleAssignment.objects.get(user=world.olivia.user)
    last = browser.post(reverse("settings-user-remove_role", args=[world.olivia.user_id, own.pk]))
    assert last.status_code == 422
    assert "last owner" in last.content.decode()


def test_a_role_without_words_on_its_reach_is_refused(world: World, browser_of: SignIn) -> None:
    for wrong in (
        {"role": "king", "reach": "all"},
        {"role": "finance", "reach": "x9"},
        {"role": "finance", "reach": "e"},
    ):
        answer = browser_of(world.olivia).post(
            reverse("settings-user-assign", args=[world.stan.user_id]), wrong
        )
        assert answer.status_code == 422, wrong
    assert not RoleAssignment.objects.filter(user=world.stan.user).exists()


def test_a_rule_is_switched_with_its_reason(world: World, browser_of: SignIn) -> None:
    browser, url = browser_of(world.olivia), reverse("settings-rule", args=[DutyRule.APPROVE_OWN_TIME])
    assert browser.post(url, {"reason": " "}).status_code == 422
    browser.post(url, {"reason": "There is only me"})
    assert DutySwitch.objects.get().is_on is False
    assert "There is only me" in browser.get(reverse("settings-rules")).content.decode()


def test_a_token_is_shown_once(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.carl)
    made = browser.post(reverse("settings-token-new"), {"name": "Wall", "scopes": ["projects.view"]})
    clear = re.search(r"wl_[\w-]{40,}", made.content.decode())
    assert clear
    assert made["Cache-Control"] == "no-store"
    assert find_token(clear[0], today=TODAY)
    html = browser.get(reverse("settings-tokens")).content.decode()
    assert "Wall" in html
    assert clear[0] not in html
    more = browser.post(reverse("settings-token-new"), {"name": "More", "scopes": ["billing.issue"]})
    assert "do not hold billing.issue" in more.content.decode()
    assert more.status_code == 422
    pia = browser_of(world.pia)
    assert "Wall" not in pia.get(reverse("settings-tokens")).content.decode()
    token = ApiToken.objects.get()
    assert pia.post(reverse("settings-token-revoke", args=[token.pk])).status_code == 404
    browser.post(reverse("settings-token-revoke", args=[token.pk]))
    assert find_token(clear[0], today=TODAY) is None


def test_one_s_own_password_by_the_form(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.carl)
    assert browser.post(reverse("settings-password"), {"password": "short"}).status_code == 422
    assert browser.post(reverse("settings-password"), {"password": "kai-und-hafen-9"}).status_code == 302
    world.carl.user.refresh_from_db()
    assert world.carl.user.check_password("kai-und-hafen-9")


def test_the_log_shows_the_change_and_hides_cost(world: World, browser_of: SignIn) -> None:
    terms = NewTerms(start=date(2026, 1, 1), entity_id=world.entity_id, cost_rate=Decimal("61.75"))
    change_terms(actor=world.fay.actor, person_id=world.carl.person_id, terms=terms)
    act = ActionLog.objects.latest("id")
    url = reverse("action_log-act", args=[act.pk])
    assert "61.75" in browser_of(world.fay).get(url).content.decode()
    ada = User.objects.create_user("ada@fjord.example", name="Ada")
    RoleAssignment.objects.create(user=ada, role="administrator")
    browser = Browser()
    browser.force_login(ada)
    html = browser.get(url).content.decode()
    assert "61.75" not in html
    assert "not shown" in html
    found = browser.get(f"{reverse('action_log')}?subject=directory.person&id={world.carl.person_id}")
    assert "New terms of Carl" in found.content.decode()


def _propose(world: World, name: str) -> int:
    with pytest.raises(Proposed) as proposed:
        add_practice.using(Options(reason="Six people do data work"))(
            actor=world.fay.actor.as_assistant("Helper"), name=name
        )
    return proposed.value.proposal_id


def test_a_person_accepts_or_declines_a_proposal(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    yes, no, broken = (_propose(world, name) for name in ("Data", "Magic", "Engineering"))
    html = browser.get(reverse("inbox")).content.decode()
    assert "Six people do data work" in html
    browser.post(reverse("inbox-accept", args=[yes]))
    browser.post(reverse("inbox-decline", args=[no]), {"reason": "We do none"})
    refused = browser.post(reverse("inbox-accept", args=[broken]), follow=True)
    assert "already a practice named Engineering" in refused.content.decode()
    assert dict(Proposal.objects.values_list("pk", "state")) == {
        yes: "accepted",
        no: "declined",
        broken: "open",
    }
    assert set(Practice.objects.values_list("name", flat=True)) == {"Engineering", "Data"}
    assert "We do none" in browser.get(reverse("inbox"), {"state": "declined"}).content.decode()


def test_who_may_not_decide_sees_no_proposal(world: World, browser_of: SignIn) -> None:
    proposal = _propose(world, "Data")
    browser = browser_of(world.carl)
    assert "Six people" not in browser.get(reverse("inbox")).content.decode()
    assert browser.post(reverse("inbox-accept", args=[proposal])).status_code == 403
    assert not Practice.objects.filter(name="Data").exists()


def _grow(world: World) -> None:
    for number in range(4):
        person = add_person(
            actor=world.fay.actor,
            person=PersonDetails(f"Person {number}"),
            terms=NewTerms(start=date(2026, 1, 1), entity_id=world.entity_id, manager_id=world.pia.person_id),
        )
        TimeOff.objects.create(person_id=person, start=TODAY, end=date(2026, 3, 20), kind="other")
        add_client(actor=world.fay.actor, client=ClientDetails(f"Client {number}"))
        user = User.objects.create_user(f"user{number}@fjord.example", name=f"User {number}")
        RoleAssignment.objects.create(user=user, role="auditor")
        Contact.objects.create(client=world.acme, name=f"Contact {number}")
        add_practice(actor=world.fay.actor, name=f"Practice {number}")
        _propose(world, f"Another {number}")


def test_queries_do_not_grow_with_rows(world: World, browser_of: SignIn) -> None:
    _propose(world, "The first")
    browser = browser_of(world.olivia)
    urls = [
        *map(reverse, LISTS),
        reverse("client", args=[world.acme.pk]),
        reverse("person", args=[world.pia.person_id]),
    ]

    def counts() -> dict[str, int]:
        found = {}
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(url).status_code == 200
            found[url] = len(queries)
        return found

    counts()
    before = counts()
    _grow(world)
    assert counts() == before
    assert max(before.values()) <= 16, before


def test_a_contact_is_removed_from_its_own_page_only(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    cleo = Contact.objects.get(client=world.acme)
    removal = reverse("client-contact-remove", args=[world.acme.pk, cleo.pk])
    assert removal not in browser.get(reverse("client", args=[world.acme.pk])).content.decode()
    assert removal in browser.get(reverse("client-contact", args=[world.acme.pk, cleo.pk])).content.decode()


def test_tax_codes_by_the_form(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.olivia)
    typed = {
        "entity_id": world.entity_id, "category": "S", "name": "New York City", "label": "Sales tax",
        "percentage": "8.875", "start": "2026-01-01",
    }  # fmt: skip
    assert browser.post(reverse("settings-tax-new"), typed).status_code == 302
    code = TaxCode.objects.get()
    wrong = browser.post(reverse("settings-tax-new"), {**typed, "percentage": ""})
    assert wrong.status_code == 422
    assert "Say what is charged" in wrong.content.decode()
    browser.post(reverse("settings-tax-rate", args=[code.pk]), {"percentage": "9", "start": "2026-07-01"})
    browser.post(reverse("settings-tax", args=[code.pk]), {"name": "NYC", "label": "Tax", "is_default": "on"})
    html = browser.get(reverse("settings-taxes")).content.decode()
    assert "9% from 1 Jul 2026, 8.875% from 1 Jan 2026" in html
    assert "NYC" in html
    fay = browser_of(world.fay)
    url = reverse("client-change", args=[world.acme.pk])
    assert "None: taxed as above" in fay.get(url).content.decode()
