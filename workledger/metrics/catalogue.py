"""The catalogue: every metric once, with its version, unit, formula, dimensions, basis and who may see it.

A changed definition is a new version: the number stands beside the figure in reports and exports, so that two figures of
the same name can be told apart. `docs/metrics.md` is made from this module and held equal by a test.
"""

from dataclasses import dataclass
from enum import StrEnum

from workledger.core.access import Permission


class Unit(StrEnum):
    """What a value counts. Time is whole seconds; a ratio is shown as a percentage."""

    SECONDS = "seconds"
    MONEY = "money"
    RATIO = "ratio"
    DAYS = "days"

    @property
    def label(self) -> str:
        """The unit as people read it."""
        return {"seconds": "hours", "money": "money", "ratio": "percent", "days": "days"}[self.value]


class By(StrEnum):
    """What a metric can be split by or limited to. Ids are those of the tables of that name.

    `month` is the accounting period, by its first day; `age` the 30-day bucket, by its place.
    """

    ENTITY = "entity"
    MONTH = "month"
    CLIENT = "client"
    CONTRACT = "contract"
    CONTRACT_LINE = "contract_line"
    PROJECT = "project"
    TASK = "task"
    PERSON = "person"
    ROLE = "role"
    PRACTICE = "practice"
    OFFICE = "office"
    AGE = "age"

    @property
    def label(self) -> str:
        """The dimension as people read it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Metric:
    """One definition. `needs` are permissions of which all are held to see it.

    `is_as_of` metrics stand at the end of a day, the others run over a period. `own` metrics are also seen without the
    permissions by the person they are limited to.
    """

    name: str
    version: int
    title: str
    unit: Unit
    sentence: str
    formula: str
    dimensions: tuple[By, ...]
    basis: str
    needs: tuple[Permission, ...]
    is_as_of: bool = False
    own: bool = False

    @property
    def key(self) -> str:
        """Name and version, as exports carry them."""
        return f"{self.name}.v{self.version}"


_P = Permission
_WORK = (By.ENTITY, By.MONTH, By.CLIENT, By.CONTRACT, By.CONTRACT_LINE, By.PROJECT, By.TASK, By.PERSON, By.ROLE,
         By.PRACTICE, By.OFFICE)  # fmt: skip
_PEOPLE = (By.ENTITY, By.MONTH, By.PERSON, By.ROLE, By.PRACTICE, By.OFFICE)
_MONEY = (By.ENTITY, By.MONTH, By.CLIENT, By.CONTRACT, By.CONTRACT_LINE, By.PROJECT)
_DEAL = (By.ENTITY, By.CLIENT, By.CONTRACT, By.CONTRACT_LINE, By.PROJECT, By.AGE)
_DEBT = (By.ENTITY, By.CLIENT, By.CONTRACT, By.AGE)
_APPROVED = "Approved time, by the day it counts in the books."
_FUNCTIONAL = "In the functional currency of each legal entity."

_ALL = (
    Metric(
        "hours_worked", 1, "Hours worked", Unit.SECONDS,
        "Hours that were worked and approved.",
        "Σ worked hours of approved time", _WORK, _APPROVED, (_P.VIEW_METRICS,), own=True,
    ),
    Metric(
        "hours_billable", 1, "Billable hours", Unit.SECONDS,
        "Approved hours that can be billed, as agreed on their contract line.",
        "Σ billable hours of approved time", _WORK, _APPROVED, (_P.VIEW_METRICS,), own=True,
    ),
    Metric(
        "capacity", 1, "Capacity", Unit.SECONDS,
        "Hours that people are contracted to work, less public holidays and time off.",
        "Σ (weekly hours ÷ 5) × working days − time off", _PEOPLE,
        "Net of holidays and time off; everybody with employment terms on the day.", (_P.VIEW_METRICS,), own=True,
    ),
    Metric(
        "utilization", 1, "Billable utilization", Unit.RATIO,
        "The share of capacity that was worked on billable hours.",
        "billable hours ÷ capacity", _PEOPLE,
        "Historical: approved billable hours over capacity net of holidays and time off.", (_P.VIEW_METRICS,), own=True,
    ),
    Metric(
        "revenue", 1, "Revenue", Unit.MONEY,
        "What was earned: recognized services and reimbursables, less billing adjustments.",
        "services revenue + reimbursable revenue − billing adjustments", _MONEY,
        f"By the day it counts in the books. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_BILLING),
    ),
    Metric(
        "labour_cost", 1, "Labour cost", Unit.MONEY,
        "What the worked hours cost, at each person's cost rate of the day.",
        "Σ worked hours × cost rate", _WORK, f"{_APPROVED} {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_COST),
    ),
    Metric(
        "project_cost", 1, "Project cost", Unit.MONEY,
        "What work cost: its labour, and its expenses and subcontractors net of reclaimed tax.",
        "labour cost + project expense", _MONEY,
        f"By the day it counts in the books. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_COST),
    ),
    Metric(
        "project_margin", 2, "Project margin", Unit.MONEY,
        "What is left of the revenue of client work after its cost.",
        "revenue − project cost", _MONEY, f"Internal work is left out. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_BILLING, _P.VIEW_COST),
    ),
    Metric(
        "project_margin_share", 2, "Project margin", Unit.RATIO,
        "The share of the revenue of client work that is left after its cost.",
        "(revenue − project cost) ÷ revenue", _MONEY, f"Internal work is left out. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_BILLING, _P.VIEW_COST),
    ),
    Metric(
        "budget_burn", 1, "Budget used, hours", Unit.RATIO,
        "The share of the budgeted hours that were worked.",
        "hours worked ÷ budgeted hours", (By.PROJECT,), "Projects with a budget in hours, since their start.",
        (_P.VIEW_METRICS,), is_as_of=True,
    ),
    Metric(
        "budget_burn_amount", 1, "Budget used, money", Unit.RATIO,
        "The share of the budgeted amount that the work done is worth, before write-downs.",
        "value of priced work ÷ budgeted amount", (By.PROJECT,),
        "Projects with a budget in money, since their start, in the contract's currency.",
        (_P.VIEW_METRICS, _P.VIEW_BILLING), is_as_of=True,
    ),
    Metric(
        "burn_gap", 1, "Burn ahead of scope", Unit.RATIO,
        "How far the hours used are ahead of the scope done. Above zero, the budget may not last.",
        "budget used − scope done", (By.PROJECT,),
        "Scope done is the share of the tasks that are closed, weighed by their budgets.", (_P.VIEW_METRICS,),
        is_as_of=True,
    ),
    Metric(
        "wip", 1, "Work in progress", Unit.MONEY,
        "Approved work that is priced and not yet on an issued invoice: also what is held or on a pre-bill.",
        "value of priced work − write-downs − invoiced", _DEAL,
        "In the contract's currency. Ages count in 30-day buckets from the day of work.", (_P.VIEW_BILLING,),
        is_as_of=True,
    ),
    Metric(
        "ar", 1, "Receivables", Unit.MONEY,
        "What clients owe on issued invoices, tax included.",
        "invoices − credit notes − payments allocated", _DEBT,
        "In the invoice's currency. Ages count in 30-day buckets from the due date.", (_P.VIEW_RECEIVABLES,),
        is_as_of=True,
    ),
    Metric(
        "dso_countback", 1, "DSO, countback", Unit.DAYS,
        "Days of billing that receivables stand for, counted back month by month from today.",
        "whole months whose billing the receivables cover + the part of the next", (By.ENTITY,),
        f"Billing is gross of tax, less credit notes. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_RECEIVABLES),
        is_as_of=True,
    ),
    Metric(
        "dso_simple", 1, "DSO, simple", Unit.DAYS,
        "Receivables over the billing of the last 365 days, in days.",
        "receivables ÷ billed in 365 days × 365", (By.ENTITY,),
        f"Billing is gross of tax, less credit notes. {_FUNCTIONAL}", (_P.VIEW_METRICS, _P.VIEW_RECEIVABLES),
        is_as_of=True,
    ),
    Metric(
        "billing_lag", 1, "Billing lag", Unit.DAYS,
        "How many days pass from the day of work to its invoice, weighed by amount.",
        "Σ amount × (invoice date − work date) ÷ Σ amount", (By.ENTITY, By.CLIENT, By.CONTRACT),
        "Invoices issued in the period and not credited.", (_P.VIEW_METRICS, _P.VIEW_BILLING),
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
