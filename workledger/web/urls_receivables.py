"""Addresses of receivables."""

from django.urls import path

from workledger.web.views import receivables

urlpatterns = [
    path("receivables/", receivables.index, name="receivables"),
    path("receivables/<int:client_id>/", receivables.show, name="receivables-client"),
    path("receivables/<int:client_id>/deposits/new", receivables.deposit, name="deposit-new"),
    path("invoices/<int:invoice_id>/deposits", receivables.use_deposits, name="invoice-deposits"),
    path("payments/<int:payment_id>/allocations/new", receivables.allocate, name="payment-allocate"),
    path("payments/<int:payment_id>/void", receivables.void, name="payment-void"),
    path("invoices/<int:invoice_id>/bad-debt", receivables.write_off, name="invoice-write-off"),
    path(
        "invoices/<int:invoice_id>/bad-debt/reversal",
        receivables.reverse_write_off,
        name="invoice-write-off-reverse",
    ),
    path("invoices/<int:invoice_id>/disputes/new", receivables.new_dispute, name="invoice-dispute-new"),
    path("disputes/<int:dispute_id>/settlement", receivables.settle, name="invoice-dispute-settle"),
]
