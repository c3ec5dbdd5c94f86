"""Addresses of contracts and rate cards."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import charges, contract_lines, contracts, rate_cards

urlpatterns: list[URLPattern | URLResolver] = [
    path("contracts", contracts.index, name="contracts"),
    path("contracts/new", contracts.new, name="contract-new"),
    path("contracts/<int:contract_id>", contracts.show, name="contract"),
    path("contracts/<int:contract_id>/change", contracts.change, name="contract-change"),
    path("contracts/<int:contract_id>/activation", contracts.activate, name="contract-activate"),
    path("contracts/<int:contract_id>/closure", contracts.close, name="contract-close"),
    path("contracts/<int:contract_id>/lines/new", contract_lines.new_line, name="contract-line-new"),
    path(
        "contracts/<int:contract_id>/lines/preview",
        contract_lines.preview,
        name="contract-line-preview",
    ),
    path("contracts/<int:contract_id>/lines/<int:line_id>", contract_lines.change_line, name="contract-line"),
    path("contracts/<int:contract_id>/rate", contracts.why, name="contract-rate"),
    path(
        "contracts/<int:contract_id>/lines/<int:line_id>/statement", charges.statement, name="line-statement"
    ),
    path(
        "contracts/<int:contract_id>/lines/<int:line_id>/charge/<slug:kind>/<int:place>",
        charges.charge,
        name="charge",
    ),
    path(
        "contracts/<int:contract_id>/charges/<int:charge_id>/withdrawal",
        charges.withdraw,
        name="charge-withdraw",
    ),
    path("rate-cards", rate_cards.index, name="rate_cards"),
    path("rate-cards/new", rate_cards.new, name="rate_card-new"),
    path("rate-cards/<int:card_id>", rate_cards.show, name="rate_card"),
    path("rate-cards/<int:card_id>/change", rate_cards.rename, name="rate_card-change"),
    path("rate-cards/<int:card_id>/raise", rate_cards.raise_all, name="rate_card-raise"),
    path("rate-cards/<int:card_id>/rates/new", rate_cards.new_rate, name="rate_card-rate-new"),
    path("rate-cards/<int:card_id>/rates/<int:rate_id>", rate_cards.steps, name="rate_card-rate"),
    path("rate-cards/<int:card_id>/rates/<int:rate_id>/end", rate_cards.end_rate, name="rate_card-rate-end"),
    path(
        "rate-cards/<int:card_id>/rates/<int:rate_id>/approval",
        rate_cards.approve_rate,
        name="rate_card-rate-approve",
    ),
    path(
        "rate-cards/<int:card_id>/rates/<int:rate_id>/refusal",
        rate_cards.decline_rate,
        name="rate_card-rate-decline",
    ),
]
