"""Addresses of the books."""

from django.urls import path

from workledger.web.views import books, ledger

urlpatterns = [
    path("ledger/", ledger.trial_balance, name="trial_balance"),
    path("ledger/journal/", ledger.journal, name="journal"),
    path("ledger/journal/export/<slug:form>", ledger.journal_export, name="journal-export"),
    path("ledger/entries/new", ledger.new_entry, name="journal-new"),
    path("ledger/entries/<int:entry_id>/", ledger.entry, name="entry"),
    path("ledger/entries/<int:entry_id>/reversal", ledger.reverse_entry, name="journal-reverse"),
    path("ledger/accounts/", books.chart, name="accounts"),
    path("ledger/accounts/new", books.new_account, name="account-new"),
    path("ledger/accounts/<int:account_id>/", ledger.account, name="account_activity"),
    path("ledger/accounts/<int:account_id>/edit", books.change_account, name="account-edit"),
    path("ledger/accounts/<int:account_id>/closure", books.close_account, name="account-closure"),
    path("ledger/periods/", books.periods, name="periods"),
    path("ledger/periods/pattern", books.period_pattern, name="period-pattern"),
    path("ledger/periods/new", books.new_periods, name="period-new"),
    path("ledger/periods/<int:period_id>/state", books.period_state, name="period-state"),
]
