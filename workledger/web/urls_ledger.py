"""Addresses of the books."""

from django.urls import path

from workledger.web.views import ledger

urlpatterns = [
    path("ledger/", ledger.trial_balance, name="trial_balance"),
    path("ledger/accounts/<int:account_id>/", ledger.account, name="account_activity"),
    path("ledger/journal/", ledger.journal, name="journal"),
    path("ledger/entries/<int:entry_id>/", ledger.entry, name="entry"),
    path("ledger/periods/", ledger.periods, name="periods"),
    path("ledger/periods/<int:period_id>/state", ledger.period_state, name="period-state"),
]
