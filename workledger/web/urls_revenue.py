"""Addresses of revenue: a contract's obligations, runs, what remains."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import contract_revenue, modifications, recognition, revenue_beliefs

urlpatterns: list[URLPattern | URLResolver] = [
    path("contracts/<int:contract_id>/revenue", contract_revenue.show, name="contract-revenue"),
    path(
        "contracts/<int:contract_id>/obligations",
        contract_revenue.set_obligations,
        name="contract-obligations",
    ),
    path("contracts/<int:contract_id>/modifications/new", modifications.modify, name="contract-modification"),
    path(
        "contracts/<int:contract_id>/modifications/<int:modification_id>",
        modifications.decide,
        name="contract-modification-decide",
    ),
    path(
        "contracts/<int:contract_id>/modifications/<int:modification_id>/dismissal",
        modifications.dismiss,
        name="contract-modification-dismiss",
    ),
    path(
        "contracts/<int:contract_id>/uncertain-amounts/new",
        revenue_beliefs.uncertain,
        name="contract-uncertain",
    ),
    path(
        "contracts/<int:contract_id>/obligations/<int:obligation_id>/why",
        contract_revenue.why,
        name="contract-revenue-why",
    ),
    path(
        "contracts/<int:contract_id>/obligations/<int:obligation_id>/estimates/new",
        revenue_beliefs.estimate,
        name="contract-obligation-estimate",
    ),
    path(
        "contracts/<int:contract_id>/obligations/<int:obligation_id>/progress/new",
        revenue_beliefs.progress,
        name="contract-obligation-progress",
    ),
    path(
        "contracts/<int:contract_id>/obligations/<int:obligation_id>/completion",
        revenue_beliefs.complete,
        name="contract-obligation-completion",
    ),
    path(
        "contracts/<int:contract_id>/obligations/<int:obligation_id>/exercise",
        revenue_beliefs.exercise,
        name="contract-option-exercise",
    ),
    path(
        "contracts/<int:contract_id>/progress/<int:record_id>/approval",
        revenue_beliefs.approve,
        name="contract-progress-approve",
    ),
    path(
        "contracts/<int:contract_id>/progress/<int:record_id>/refusal",
        revenue_beliefs.decline,
        name="contract-progress-decline",
    ),
    path("revenue", recognition.index, name="revenue"),
    path("revenue/runs/new", recognition.post, name="revenue-run-new"),
    path("revenue/runs/<int:run_id>", recognition.show, name="revenue-run"),
    path("revenue/remaining", recognition.remaining, name="revenue-remaining"),
]
