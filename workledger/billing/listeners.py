"""What billing does when others tell it something, and its invariants; read when the app is ready."""

from workledger.billing import rebilling, repricing
from workledger.billing.actions import charges, items
from workledger.contracts.effects import register_rate_effects, register_unbilled
from workledger.contracts.events import ContractCapChanged, LineTermsChanged, RatesChanged
from workledger.core.events import subscribe
from workledger.expenses.events import ExpensesApproved, ExpensesWithdrawn
from workledger.projects.events import PhaseCapChanged, TaskMappingChanged
from workledger.timesheets import explain
from workledger.timesheets.events import TimeApproved, TimeWithdrawn

subscribe(TimeApproved, items.on_time_approved)
subscribe(TimeWithdrawn, items.on_time_withdrawn)
subscribe(ExpensesApproved, rebilling.on_expenses_approved)
subscribe(ExpensesWithdrawn, rebilling.on_expenses_withdrawn)
subscribe(RatesChanged, items.on_rates_changed)
subscribe(LineTermsChanged, charges.on_line_terms_changed)
subscribe(LineTermsChanged, items.on_line_terms_changed)
subscribe(ContractCapChanged, items.on_cap_changed)
subscribe(PhaseCapChanged, items.on_cap_changed)
subscribe(TaskMappingChanged, items.on_task_mapping_changed)
register_rate_effects(repricing.rate_effect)
register_unbilled(items.unbilled_value)
explain.register(items.explain)
