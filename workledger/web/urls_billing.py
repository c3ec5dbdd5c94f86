"""Addresses of billing: WIP, pre-bills, invoices. Acts are nouns."""

from django.urls import path

from workledger.web.views import (
    billing_invoices,
    billing_prebills,
    billing_requests,
    billing_reviews,
    billing_wip,
    down_payments,
    purchase_orders,
    simulator,
)

urlpatterns = [
    path("wip/", billing_wip.index, name="wip"),
    path("wip/work/", billing_wip.work, name="wip-work"),
    path("wip/requests/", billing_requests.index, name="wip-requests"),
    path("wip/requests/<int:request_id>/decision", billing_requests.decide, name="wip-request-decide"),
    path("wip/requests/<int:request_id>/withdrawal", billing_requests.withdraw, name="wip-request-withdraw"),
    path("wip/clients/<int:client_id>/", billing_wip.client, name="wip-client"),
    path("wip/figures/<slug:kind>/", billing_wip.apart, name="wip-apart"),
    path("wip/pricing", billing_wip.price, name="wip-price"),
    path("wip/<slug:act>/new", billing_wip.new_act, name="wip-act-new"),
    path("wip/<slug:act>", billing_wip.act, name="wip-act"),
    path("simulator/", simulator.show, name="simulator"),
    path("prebills/", billing_prebills.index, name="prebills"),
    path("prebills/new", billing_prebills.new, name="prebill-new"),
    path("prebills/issues/new", billing_prebills.new_issues, name="prebill-issues-new"),
    path("prebills/issues", billing_prebills.issues, name="prebill-issues"),
    path("prebills/reviews", billing_reviews.request_all, name="prebill-reviews"),
    path("prebills/approvals", billing_reviews.approve_all, name="prebill-approvals"),
    path("prebills/schedules", billing_reviews.schedule_list, name="prebill-schedules"),
    path("prebills/schedules/new", billing_reviews.schedule, name="prebill-schedule-new"),
    path("prebills/schedules/<int:schedule_id>", billing_reviews.schedule, name="prebill-schedule"),
    path(
        "prebills/schedules/<int:schedule_id>/removal",
        billing_reviews.remove_schedule,
        name="prebill-schedule-remove",
    ),
    path("prebills/<int:invoice_id>/reviews/new", billing_reviews.ask, name="prebill-review-new"),
    path("prebills/<int:invoice_id>/approval", billing_reviews.approve, name="prebill-approve"),
    path("prebills/<int:invoice_id>/comments", billing_reviews.comment, name="prebill-comment"),
    path(
        "prebills/<int:invoice_id>/lines/<int:line_id>/words",
        billing_reviews.reword,
        name="prebill-line-reword",
    ),
    path(
        "prebills/<int:invoice_id>/lines/<int:line_id>/parts", billing_reviews.part, name="prebill-line-part"
    ),
    path("prebills/<int:invoice_id>/", billing_prebills.show, name="prebill"),
    path("prebills/<int:invoice_id>/total", billing_prebills.total, name="prebill-total"),
    path("prebills/<int:invoice_id>/note", billing_prebills.note, name="prebill-note"),
    path("prebills/<int:invoice_id>/drops", billing_prebills.drop, name="prebill-drop"),
    path(
        "prebills/<int:invoice_id>/lines/<int:line_id>/write-downs",
        billing_prebills.write_down,
        name="prebill-line-write-down",
    ),
    path("prebills/<int:invoice_id>/draws/<int:down_payment_id>", down_payments.draw, name="prebill-draw"),
    path("prebills/<int:invoice_id>/purchase-order", purchase_orders.choose, name="prebill-order"),
    path("invoices/", billing_invoices.index, name="invoices"),
    path("invoices/total", billing_invoices.total, name="invoices-total"),
    path("invoices/export.<slug:kind>", billing_invoices.export, name="invoices-export"),
    path("invoices/<int:invoice_id>/", billing_invoices.show, name="invoice"),
    path("invoices/<int:invoice_id>/total", billing_invoices.one_total, name="invoice-total"),
    path("invoices/<int:invoice_id>/pdf", billing_invoices.pdf, name="invoice-pdf"),
    path("invoices/<int:invoice_id>/ubl", billing_invoices.electronic, {"form": "ubl"}, name="invoice-ubl"),
    path("invoices/<int:invoice_id>/cii", billing_invoices.electronic, {"form": "cii"}, name="invoice-cii"),
    path("invoices/<int:invoice_id>/issue", billing_prebills.issue, name="invoice-issue"),
    path("invoices/<int:invoice_id>/credit", billing_invoices.credit, name="invoice-credit"),
    path(
        "invoices/<int:invoice_id>/credit/lines", billing_invoices.credit_parts, name="invoice-credit-lines"
    ),
    path("invoices/<int:invoice_id>/rebill", billing_invoices.rebill, name="invoice-rebill"),
    path("invoices/<int:invoice_id>/payments", billing_invoices.payment, name="invoice-payment"),
    path(
        "invoices/<int:invoice_id>/lines/<int:line_id>/entries",
        billing_invoices.entries,
        name="invoice-line-entries",
    ),
]
