"""Addresses of the pages."""

from django.urls import URLPattern, URLResolver, include, path

from workledger.web.views import patterns

urlpatterns: list[URLPattern | URLResolver] = [
    path("-/patterns", patterns.show, name="patterns"),
    path("-/patterns/trail/<slug:name>", patterns.trail, name="patterns-trail"),
    path("-/patterns/search", patterns.search, name="patterns-search"),
    path("-/patterns/cells", patterns.cells, name="patterns-cells"),
    path("", include("workledger.web.urls_billing")),
    path("", include("workledger.web.urls_contracts")),
    path("", include("workledger.web.urls_projects")),
    path("", include("workledger.web.urls_clients")),
    path("", include("workledger.web.urls_expenses")),
    path("", include("workledger.web.urls_imports")),
    path("", include("workledger.web.urls_ledger")),
    path("", include("workledger.web.urls_log")),
    path("", include("workledger.web.urls_people")),
    path("", include("workledger.web.urls_receivables")),
    path("", include("workledger.web.urls_revenue")),
    path("", include("workledger.web.urls_sync")),
    path("", include("workledger.web.urls_settings")),
    path("", include("workledger.web.urls_time")),
    path("", include("workledger.web.urls_home")),
    path("", include("workledger.web.urls_reports")),
    path("", include("workledger.web.urls_search")),
    path("", include("workledger.web.urls_trail")),
]
