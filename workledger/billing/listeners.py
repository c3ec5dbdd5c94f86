"""What billing does when others tell it something, and its invariants; read when the app is ready."""

from workledger.billing import rebilling, repricing
from workledger.billing.actions import items
from workledger.contracts.effects import register_rate_effects
from workledger.contracts.events import LineTermsChanged, RatesChanged
from workledger.core.events import subscribe
from workledger.expenses.events import ExpensesApproved, ExpensesWithdrawn
from workledger.projects.events import TaskMappingChanged
from workledger.timesheets import explain
from workledger.timesheets.events import TimeApproved, TimeWithdrawn

subscribe(TimeApproved, items.on_time_approved)
subscribe(TimeWithdrawn, items.on_time_withdrawn)
subscribe(ExpensesApproved, rebilling.on_expenses_approved)
subscribe(ExpensesWithdrawn, rebilling.on_expenses_withdrawn)
subscribe(RatesChanged, items.on_rates_changed)
subscribe(LineTermsChanged, items.on_line_terms_changed)
subscribe(TaskMappingChanged, items.on_task_mapping_changed)
register_rate_effects(repricing.rate_effect)
explain.register(items.explain)
