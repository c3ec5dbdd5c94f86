"""Addresses of Home and of charts."""

from django.urls import path

from workledger.web.views import home

urlpatterns = [
    path("", home.show, name="home"),
    path("home/charts", home.charts, name="home-charts"),
    path("charts/<slug:name>/", home.chart, name="chart"),
]
