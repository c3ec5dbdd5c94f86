"""Addresses of the reports of finance."""

from django.urls import path

from workledger.web.views import finance_reports

urlpatterns = [
    path("ledger/reports", finance_reports.index, name="finance_reports"),
    path("ledger/reports/postings", finance_reports.figure, name="finance_report-postings"),
    path("ledger/reports/<slug:name>", finance_reports.show, name="finance_report"),
    path("ledger/reports/<slug:name>/export.<slug:kind>", finance_reports.file, name="finance_report-file"),
]
