"""The rail and the commands as data: label, address name, icon, who sees it. Areas appear as their pages exist."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from workledger.core.access import Permission

May = Callable[[Permission], bool]
_P = Permission


@dataclass(frozen=True, slots=True)
class Item:
    """One place. `needs` names permissions of which one suffices; none means everybody who is signed in.

    `also` are further address names (exact, or a prefix ending in '-') under which this item is the current one.
    """

    label: str
    url_name: str
    icon: str
    needs: tuple[Permission, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together; the first group has no label."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An item as it stands on a page."""

    label: str
    url: str
    icon: str
    current: bool
    url_name: str


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """A group as it stands on a page."""

    label: str
    links: tuple[Link, ...]


RAIL: tuple[Group, ...] = (
    Group(
        "",
        (
            Item("Home", "home", "house"),
            Item("My week", "week", "calendar-days", (_P.TRACK_TIME,), ("week-",)),
            Item(
                "Approvals",
                "approvals",
                "circle-check",
                (_P.APPROVE_TIME, _P.APPROVE_ALL_TIME),
                ("approval", "approvals-expenses"),
            ),
            Item(
                "Expenses",
                "expenses",
                "wallet",
                (_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES),
                ("expense", "expense-", "expenses-", "vendor_bill", "vendor_bill-"),
            ),
        ),
    ),
    Group(
        "Sell",
        (
            Item("Clients", "clients", "building-2", (_P.VIEW_CLIENTS,), ("client", "client-")),
            Item(
                "Contracts",
                "contracts",
                "handshake",
                (_P.VIEW_CONTRACTS,),
                ("contract", "contract-", "contract_"),
            ),
            Item(
                "Change orders",
                "change_orders",
                "file-diff",
                (_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT),
                ("change_order", "change_order-"),
            ),
            Item("Rate cards", "rate_cards", "tags", (_P.VIEW_CONTRACTS,), ("rate_card", "rate_card-")),
            Item("Simulator", "simulator", "flask-conical", (_P.VIEW_BILLING,)),
        ),
    ),
    Group(
        "Deliver",
        (
            Item("Projects", "projects", "folder-kanban", (_P.VIEW_PROJECTS,), ("project", "project-")),
            Item(
                "Milestones",
                "milestones",
                "flag",
                (_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT),
                ("milestone", "milestone-"),
            ),
            Item(
                "Time",
                "time",
                "clock",
                (_P.TRACK_TIME, _P.VIEW_ALL_TIME),
                ("time-", "time_entry", "time_entry-"),
            ),
            Item("People", "people", "users", (_P.VIEW_DIRECTORY,), ("person", "person-")),
            Item("Reports", "reports", "chart-column", (_P.VIEW_METRICS,), ("reports-",)),
        ),
    ),
    Group(
        "Bill",
        (
            Item("WIP", "wip", "layers", (_P.VIEW_BILLING,), ("wip-",)),
            Item("Pre-bills", "prebills", "file-pen-line", (_P.VIEW_BILLING,), ("prebill", "prebill-")),
            Item("Invoices", "invoices", "receipt", (_P.VIEW_INVOICES,), ("invoice", "invoice-")),
            Item("Receivables", "receivables", "hand-coins", (_P.VIEW_RECEIVABLES,), ("payment", "payment-")),
        ),
    ),
    Group(
        "Account",
        (
            Item("Revenue", "revenue", "trending-up", (_P.VIEW_REVENUE,), ("revenue-",)),
            Item("Forecast", "forecast", "telescope", (_P.VIEW_REVENUE,), ("forecast-",)),
            Item(
                "Books",
                "trial_balance",
                "scale",
                (_P.VIEW_LEDGER,),
                (
                    "account_activity",
                    "accounts",
                    "account-",
                    "periods",
                    "period-",
                    "journal",
                    "journal-",
                    "entry",
                    "close-accruals",
                    "close-accruals-",
                    "close-revaluation",
                    "close-period-end",
                ),
            ),
            Item(
                "Close",
                "close",
                "calendar-check",
                (_P.VIEW_LEDGER, _P.MANAGE_PERIODS),
                ("close-period", "close-step-owner", "close-step-done"),
            ),
            Item(
                "Financial reports",
                "finance_reports",
                "file-chart-column",
                (_P.VIEW_LEDGER, _P.VIEW_REVENUE, _P.VIEW_RECEIVABLES),
                ("finance_report", "finance_report-"),
            ),
            Item("General ledger", "sync", "plug", (_P.VIEW_LEDGER,), ("sync-",)),
            Item("Evidence", "evidence", "search-check", (_P.VIEW_LEDGER,), ("evidence-",)),
        ),
    ),
    Group(
        "Run",
        (
            Item("Imports", "imports", "file-up", (_P.IMPORT_DATA,), ("import", "import-")),
            Item("Action log", "action_log", "scroll-text", (_P.VIEW_LOG,), ("action_log-",)),
            Item("Settings", "settings", "settings-2", (_P.MANAGE_SETTINGS,), ("settings-",)),
        ),
    ),
)


def _is_current(item: Item, url_name: str) -> bool:
    return any(
        url_name == name or (name.endswith(("-", "_")) and url_name.startswith(name))
        for name in (item.url_name, *item.also)
    )


def _links(group: Group, may: May, url_name: str) -> Iterator[Link]:
    for item in group.items:
        if item.needs and not any(may(permission) for permission in item.needs):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue  # its page is not part of this installation
        yield Link(item.label, url, item.icon, _is_current(item, url_name), item.url_name)


def rail(may: May, url_name: str = "") -> tuple[LinkGroup, ...]:
    """Return the groups a reader sees, without empty ones; `url_name` is the page they are on."""
    groups = (LinkGroup(group.label, tuple(_links(group, may, url_name))) for group in RAIL)
    return tuple(group for group in groups if group.links)
