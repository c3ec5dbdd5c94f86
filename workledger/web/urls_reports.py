"""Addresses of reports."""

from django.urls import path

from workledger.web.views import reports

urlpatterns = [
    path("reports/projects", reports.projects, name="reports-projects"),
    path("reports/utilization", reports.utilization, name="reports-utilization"),
    path("reports", reports.index, name="reports"),
]
