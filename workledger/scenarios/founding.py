"""What stands before the first act: firms, people, clients, contracts, projects, rates."""

from datetime import date
from typing import Any

from workledger.contracts.actions import (
    activate_contract,
    add_line,
    create_rate_card,
    create_task_types,
    save_contract,
    set_rate,
)
from workledger.contracts.inputs import ContractInput, LineInput, RateCardInput, RateInput
from workledger.contracts.models import BillingModel, Contract, ContractLine, Rate, RateState, RevenueMethod
from workledger.directory.actions.clients import BillingDetails, ClientDetails, add_client
from workledger.directory.actions.firm import (
    EntityDetails,
    add_entity,
    add_office,
    create_roles,
    set_exchange_rate,
)
from workledger.directory.actions.people import NewTerms, PersonDetails, add_person
from workledger.directory.actions.taxes import TaxCodeDetails, add_tax_code
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.calc.tax_seeds import standard_tax
from workledger.directory.models import Client, LegalEntity, Office, TaxTreatment
from workledger.expenses.actions.policy import CategoryInput, add_category
from workledger.expenses.models import ExpenseCategory
from workledger.kernel.quantity import hours
from workledger.projects.actions import add_project, add_task
from workledger.projects.inputs import ProjectInput, TaskInput
from workledger.scenarios.arguments import resolved
from workledger.scenarios.calc.grammar import Statement
from workledger.scenarios.names import NotNamed
from workledger.scenarios.stage import Stage, after

_FULL_WEEK = 40 * 3600
_TAXES = {
    "reverse charge": TaxTreatment.REVERSE_CHARGE,
    "exempt": TaxTreatment.EXEMPT,
    "outside": TaxTreatment.OUTSIDE,
    "zero rated": TaxTreatment.ZERO,
}


_STREET, _POSTCODE, _CITY = "1 Market Square", "10115", "Newtown"
_TAX_NUMBER = "29/815/08154"
"""What every party of a scenario has, so that its invoices can be electronic."""


def _country(word: str) -> str:
    found = word if word in COUNTRIES else {name: code for code, name in COUNTRIES.items()}.get(word)
    if found is None:
        raise NotNamed(f"'{word}' is no country. Write its name in English or its code, such as DE.")
    return found


def _free(model: Any, name: str) -> str:
    """Return a name that no row has yet: a used database may know it already."""
    found, number = name, 1
    while model.objects.filter(name=found).exists():
        number += 1
        found = f"{name} ({number})"
    return found


def firm(stage: Stage, said: Statement) -> None:
    """Open a legal entity with its books; acting in a shared one, take that."""
    if stage.shared_firm is not None:
        stage.names.add("firm", said["name"], stage.shared_firm)
        return
    country = _country(said["country"])
    details = EntityDetails(
        name=_free(LegalEntity, said["name"]), country=country,
        standard_tax_rate=said.get("tax", standard_tax(country)), invoice_prefix=said.get("prefix", "INV-"), tax_number=_TAX_NUMBER,
        street=_STREET, postcode=_POSTCODE, city=_CITY,
    )  # fmt: skip
    pk = stage.do(
        add_entity, entity=details, currency=said["currency"], first_day=stage.first, through=stage.last
    )
    stage.names.add("firm", said["name"], pk)


def office(stage: Stage, said: Statement) -> None:
    """Add an office, which has its country's holidays."""
    pk = stage.do(
        add_office, name=_free(Office, said["name"]), country=_country(said["country"]),
        subdivision=said.get("region", ""),
    )  # fmt: skip
    stage.names.add("office", said["name"], pk)


def _role(stage: Stage, name: str) -> int:
    if not stage.names.has("role", name):
        (pk,) = stage.do(create_roles, names=[name])
        stage.names.add("role", name, pk)
    return stage.names["role", name]


def person(stage: Stage, said: Statement) -> None:
    """Add a person with a role and a cost per hour."""
    terms = NewTerms(
        start=said.get("from", stage.first),
        entity_id=stage.firm_of(said.values),
        role_id=_role(stage, said["role"]),
        office_id=stage.names["office", said["office"]] if said.get("office") else None,
        weekly_hours=hours(said.get("week", _FULL_WEEK)),
        cost_rate=said.get("cost"),
    )
    details = PersonDetails(said["name"], is_contractor=said.get("contractor", False))
    stage.names.add("person", said["name"], stage.do(add_person, person=details, terms=terms))


def client(stage: Stage, said: Statement) -> None:
    """Add a client with its terms and how it is taxed."""
    treatment = next((_TAXES[word] for word in _TAXES if said.get(word)), TaxTreatment.STANDARD)
    grouping = said.get("lines by", "task")
    if grouping not in ("task", "person"):
        raise NotNamed("Invoice lines are by task or by person.")
    billing = BillingDetails(
        currency=said.get("currency", stage.currency()), payment_terms_days=said.get("net", 30),
        tax_treatment=treatment, tax_rate=said.get("tax"), group_lines_by=grouping,
        requires_po=said.get("needs a purchase order", False),
    )  # fmt: skip
    details = ClientDetails(
        _free(Client, said["name"]),
        country=_country(said["country"]),
        vat_id=said.get("vat", ""),
        street=_STREET,
        postcode=_POSTCODE,
        city=_CITY,
    )
    stage.names.add("client", said["name"], stage.do(add_client, client=details, billing=billing))


def contract(stage: Stage, said: Statement) -> None:
    """Make a contract with its lines and let it hold, with a project of its name and a task for each line."""
    entity_id = stage.firm_of(said.values)
    client_id = stage.names["client", said["client"]]
    pk = stage.do(
        save_contract,
        contract=ContractInput(
            client_id=client_id, entity_id=entity_id, name=said["name"], start=said["from"], end=after(said.get("to")),
            currency=said["currency"], payment_terms_days=said.get("net"), po_number=said.get("order", ""),
            requires_notes=said.get("notes", False),
        ),
    )  # fmt: skip
    stage.names.add("contract", said["name"], pk)
    for line in said.below:
        stage.names.add(
            "line", line["name"], stage.do(add_line, contract_id=pk, line=_line(stage, line)), said["name"]
        )
    stage.do(activate_contract, contract_id=pk)
    project_id = _open_project(stage, said["name"], Contract.objects.get(pk=pk))
    for line in said.below:
        line_id = stage.names["line", f"{said['name']}/{line['name']}"]
        task_id = stage.do(
            add_task, project_id=project_id, task=TaskInput(name=line["name"], contract_line_id=line_id)
        )
        stage.names.add("task", line["name"], task_id, said["name"])


def model_of(word: str) -> BillingModel:
    """Return the billing model of a word such as 'time and materials'."""
    try:
        return BillingModel(word.lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        known = ", ".join(each.value.replace("_", " ") for each in BillingModel)
        raise NotNamed(f"'{word}' is no billing model. There are: {known}.") from None


def _line(stage: Stage, said: Statement) -> LineInput:
    return LineInput(
        name=said["name"], model=model_of(said["model"]), terms=resolved(stage, said.terms), price=said.get("price"),
        budget_seconds=said.get("budget"), revenue_method=_method(said.get("revenue")),
        tax_code_id=stage.names["tax code", said["tax code"]] if said.get("tax code") else None,
    )  # fmt: skip


def _method(word: str | None) -> RevenueMethod | None:
    if word is None:
        return None
    try:
        return RevenueMethod(word.lower().replace(" ", "_"))
    except ValueError:
        known = ", ".join(each.value.replace("_", " ") for each in RevenueMethod)
        raise NotNamed(f"'{word}' is no way to recognize revenue. There are: {known}.") from None


def _open_project(stage: Stage, name: str, of: Contract) -> int:
    pk = int(
        stage.do(
            add_project,
            project=ProjectInput(
                client_id=of.client_id, entity_id=of.entity_id, contract_id=of.pk, name=name
            ),
        )
    )
    stage.names.add("project", name, pk)
    return pk


def project(stage: Stage, said: Statement) -> None:
    """Open another project of a contract."""
    _open_project(stage, said["name"], Contract.objects.get(pk=stage.names["contract", said["contract"]]))


def kind_of_work(stage: Stage, name: str) -> int:
    """Return the kind of work of a name, making it where there is none."""
    if not stage.names.has("kind", name):
        (pk,) = stage.do(create_task_types, names=[name])
        stage.names.add("kind", name, pk)
    return stage.names["kind", name]


def task(stage: Stage, said: Statement) -> None:
    """Add a task that is billed by a contract line."""
    line_id = stage.names["line", said["line"]]
    owner = ContractLine.objects.select_related("contract").get(pk=line_id).contract
    project_name = said.get("project", stage.names.called("contract", owner.pk))
    details = TaskInput(
        name=said["name"], contract_line_id=line_id,
        task_type_id=kind_of_work(stage, said["kind"]) if said.get("kind") else None,
    )  # fmt: skip
    project_id = stage.names["project", project_name]
    stage.names.add(
        "task", said["name"], stage.do(add_task, project_id=project_id, task=details), project_name
    )


def kind(stage: Stage, said: Statement) -> None:
    """Name a kind of work, so that terms and rates may speak of it."""
    kind_of_work(stage, said["name"])


def tax_code(stage: Stage, said: Statement) -> None:
    """Add a tax code of the firm."""
    pk = stage.do(
        add_tax_code, entity_id=stage.firm_of(said.values), category=TaxTreatment.STANDARD,
        code=TaxCodeDetails(said["name"]), percentage=said["percentage"], start=said.get("from", stage.first),
    )  # fmt: skip
    stage.names.add("tax code", said["name"], pk)


def category(stage: Stage, said: Statement) -> None:
    """Add a category of expenses."""
    details = CategoryInput(
        _free(ExpenseCategory, said["name"]), is_rebillable=not said.get("not rebilled", False),
        reclaims_tax=not said.get("keeps tax", False),
    )  # fmt: skip
    stage.names.add("category", said["name"], stage.do(add_category, category=details))


def _card(stage: Stage, said: Statement) -> int:
    """Return the rate card of the level that a rate names, opening it where there is none."""
    level = next((word for word in ("contract", "client", "firm") if said.get(word)), "firm")
    if said.get("line") and level == "firm":
        line = ContractLine.objects.get(pk=stage.names["line", said["line"]])
        level, pk = "contract", line.contract_id
    else:
        pk = stage.names[level, said[level]] if said.get(level) else stage.names.first("firm")
    if level == "firm" and stage.shared_firm is not None:
        raise NotNamed("In a firm that is there already, say for which contract or client the rate is.")
    currency = said.get("currency") or _currency_of(stage, level, pk)
    key = (level, pk, currency)
    if key not in stage.cards:
        owner = {"contract": "contract_id", "client": "client_id", "firm": "entity_id"}[level]
        card = RateCardInput(
            name=f"Prices of {stage.names.called(level, pk)}", currency=currency, **{owner: pk}
        )
        stage.cards[key] = stage.do(create_rate_card, card=card)
    return stage.cards[key]


def _currency_of(stage: Stage, level: str, pk: int) -> str:
    if level == "contract":
        return str(Contract.objects.values_list("currency", flat=True).get(pk=pk))
    if level == "client":
        return str(Client.objects.values_list("billing_profile__currency", flat=True).get(pk=pk))
    return stage.currency(pk)


def _whom(stage: Stage, name: str) -> dict[str, int]:
    if name == "everyone":
        return {}
    if stage.names.has("role", name):
        return {"role_id": stage.names["role", name]}
    if stage.names.has("person", name):
        return {"person_id": stage.names["person", name]}
    raise NotNamed(f"'{name}' is no role and no person. Write 'everyone' for a rate that holds for all.")


def rate(stage: Stage, said: Statement) -> None:
    """Set a rate per hour. It takes the place of the rate for the same that holds on its first day, unless beside."""
    card_id = _card(stage, said)
    keys: dict[str, int] = _whom(stage, said["who"])
    if said.get("line"):
        keys["contract_line_id"] = stage.names["line", said["line"]]
    if said.get("kind"):
        keys["task_type_id"] = kind_of_work(stage, said["kind"])
    start: date = said.get("from", stage.first)
    replaced = None if said.get("beside") else _held(card_id, keys, start)
    stage.do(
        set_rate,
        rate=RateInput(
            card_id=card_id, rate_per_hour=said["price"], valid_from=start, valid_to=after(said.get("to")),
            replaces_id=replaced, **keys,
        ),
    )  # fmt: skip


def _held(card_id: int, keys: dict[str, int], day: date) -> int | None:
    wanted = {name: keys.get(name) for name in ("contract_line_id", "person_id", "task_type_id", "role_id")}
    rows = Rate.objects.filter(card_id=card_id, state=RateState.APPROVED, valid_from__lte=day, valid_to=None)
    return rows.filter(**wanted).values_list("pk", flat=True).first()


def exchange(stage: Stage, said: Statement) -> None:
    """Set an exchange rate from a day on."""
    stage.do(set_exchange_rate, base=said["base"], quote=said["quote"], day=said.on, rate=said["rate"])


FOUNDING = {
    "firm": firm, "office": office, "person": person, "client": client, "contract": contract, "project": project,
    "task": task, "kind": kind, "tax code": tax_code, "category": category, "rate": rate, "exchange": exchange,
}  # fmt: skip
