"""Addresses of trails."""

from django.urls import path

from workledger.web.views import trail

urlpatterns = [
    path("trail/item/<int:item_id>/", trail.item, name="trail-item"),
    path("trail/<slug:metric>/", trail.show, name="trail"),
]
