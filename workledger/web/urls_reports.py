"""Addresses of reports."""

from django.urls import path

from workledger.web.views import reports

urlpatterns = [
    path("reports/projects", reports.projects, name="reports-projects"),
    path("reports/utilization", reports.utilization, name="reports-utilization"),
    path("reports/projects/export.<slug:kind>", reports.export_projects, name="reports-projects-export"),
    path(
        "reports/utilization/export.<slug:kind>",
        reports.export_utilization,
        name="reports-utilization-export",
    ),
    path("reports", reports.index, name="reports"),
]
