"""Addresses of accruals and revaluation."""

from django.urls import path

from workledger.web.views import period_ends

urlpatterns = [
    path("ledger/accruals/", period_ends.accruals, name="close-accruals"),
    path("ledger/accruals/runs/new", period_ends.post_accruals, name="close-accruals-run"),
    path("ledger/accruals/policy", period_ends.policy, name="close-accruals-policy"),
    path("ledger/revaluation/", period_ends.revaluation, name="close-revaluation"),
    path("ledger/revaluation/runs/new", period_ends.post_revaluation, name="close-revaluation-run"),
    path("ledger/period-ends/<int:run_id>/", period_ends.show, name="close-period-end"),
]
