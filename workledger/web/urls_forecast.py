"""Addresses of the forecast: months, versions, the bridge, backlog, deferred revenue, exports."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import forecast, forecast_reports

urlpatterns: list[URLPattern | URLResolver] = [
    path("forecast", forecast.index, name="forecast"),
    path("forecast/contracts/<int:contract_id>", forecast.contract, name="forecast-contract"),
    path("forecast/contracts/<int:contract_id>/why", forecast.why, name="forecast-why"),
    path("forecast/versions", forecast.versions, name="forecast-versions"),
    path("forecast/versions/new", forecast.new_version, name="forecast-version-new"),
    path("forecast/bridge", forecast_reports.bridge, name="forecast-bridge"),
    path("forecast/bridge/<slug:step>", forecast_reports.bridge_step, name="forecast-bridge-step"),
    path("forecast/backlog", forecast_reports.backlog, name="forecast-backlog"),
    path("forecast/deferred", forecast_reports.deferred, name="forecast-deferred"),
    path("forecast/exports/<slug:report>.<slug:kind>", forecast_reports.export, name="forecast-export"),
]
