"""What expenses do when others tell them something; read when the app is ready."""

from workledger.core.events import subscribe
from workledger.expenses.actions.vendor_bills import on_time_withdrawn
from workledger.timesheets.events import TimeWithdrawn

subscribe(TimeWithdrawn, on_time_withdrawn)
