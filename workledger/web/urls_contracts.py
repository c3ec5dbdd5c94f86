"""Addresses of contracts and rate cards."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import (
    change_orders,
    charges,
    contract_lines,
    contracts,
    down_payments,
    milestones,
    purchase_orders,
    rate_cards,
)

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
    path("contracts/<int:contract_id>/change-orders/new", change_orders.new, name="change_order-new"),
    path("contracts/<int:contract_id>/thresholds", change_orders.thresholds, name="contract-thresholds"),
    path("contracts/<int:contract_id>/versions/<int:number>", change_orders.version, name="contract-version"),
    path("change-orders", change_orders.index, name="change_orders"),
    path("change-orders/<int:order_id>", change_orders.show, name="change_order"),
    path("change-orders/<int:order_id>/change", change_orders.change, name="change_order-change"),
    path("change-orders/<int:order_id>/total/<slug:what>", change_orders.total, name="change_order-total"),
    path(
        "change-orders/<int:order_id>/changes/new/<slug:kind>",
        change_orders.add_change,
        name="change_order-add",
    ),
    path(
        "change-orders/<int:order_id>/changes/<int:place>",
        change_orders.edit_change,
        name="change_order-edit",
    ),
    path(
        "change-orders/<int:order_id>/changes/<int:place>/removal",
        change_orders.remove_change,
        name="change_order-remove",
    ),
    path("change-orders/<int:order_id>/submission", change_orders.submit, name="change_order-submit"),
    path("change-orders/<int:order_id>/approval", change_orders.approve, name="change_order-approve"),
    path("change-orders/<int:order_id>/return", change_orders.send_back, name="change_order-return"),
    path("change-orders/<int:order_id>/withdrawal", change_orders.withdraw, name="change_order-withdraw"),
    path("change-orders/<int:order_id>/acceptance", change_orders.accept, name="change_order-accept"),
    path("change-orders/<int:order_id>/refusal", change_orders.decline, name="change_order-decline"),
    path("change-orders/<int:order_id>/application", change_orders.apply, name="change_order-apply"),
    path("change-orders/<int:order_id>/files/new", change_orders.attach, name="change_order-attach"),
    path("change-orders/files/<int:file_id>", change_orders.file, name="change_order-file"),
    path("milestones", milestones.index, name="milestones"),
    path("milestones/<int:line_id>/<slug:key>", milestones.show, name="milestone"),
    path(
        "milestones/<int:line_id>/<slug:key>/request", milestones.request_acceptance, name="milestone-request"
    ),
    path("milestones/<int:line_id>/<slug:key>/acceptance", milestones.accept, name="milestone-accept"),
    path("milestones/<int:line_id>/<slug:key>/dispute", milestones.dispute, name="milestone-dispute"),
    path("milestones/<int:line_id>/<slug:key>/reopening", milestones.reopen, name="milestone-reopen"),
    path("milestones/<int:line_id>/<slug:key>/files/new", milestones.attach, name="milestone-attach"),
    path("milestones/files/<int:file_id>", milestones.file, name="milestone-file"),
    path("contracts/<int:contract_id>/down-payments/new", down_payments.new, name="down-payment-new"),
    path("contracts/<int:contract_id>/purchase-orders/new", purchase_orders.new, name="purchase-order-new"),
    path(
        "contracts/<int:contract_id>/purchase-orders/<int:order_id>",
        purchase_orders.change,
        name="purchase-order",
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
