"""Addresses of the books."""

from django.urls import path

from workledger.web.views import books, leaving, ledger

urlpatterns = [
    path("ledger/", ledger.trial_balance, name="trial_balance"),
    path("ledger/journal/", ledger.journal, name="journal"),
    path("ledger/journal/export/<slug:form>", leaving.journal_export, name="journal-export"),
    path("ledger/leaving/", leaving.preview, name="journal-leaving"),
    path("ledger/mapping/", leaving.mapping, name="journal-mapping"),
    path("ledger/mapping/<int:book_id>/accounts", leaving.map_accounts, name="journal-mapping-accounts"),
    path("ledger/mapping/<int:book_id>/taxes", leaving.map_taxes, name="journal-mapping-taxes"),
    path(
        "ledger/mapping/<int:book_id>/dimensions", leaving.map_dimensions, name="journal-mapping-dimensions"
    ),
    path("ledger/mapping/<int:book_id>/journals", leaving.set_journals, name="journal-mapping-journals"),
    path("ledger/mapping/<int:book_id>/chart", leaving.import_chart, name="journal-mapping-chart"),
    path("ledger/mapping/axes/<int:mapping_id>", leaving.name_values, name="journal-mapping-axis"),
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
