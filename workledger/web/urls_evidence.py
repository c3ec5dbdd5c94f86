"""Addresses of the trail of evidence."""

from django.urls import path

from workledger.web.views import evidence

urlpatterns = [
    path("evidence/", evidence.index, name="evidence"),
    path("evidence/<slug:source_kind>/<int:source_id>/", evidence.show, name="evidence-trail"),
]
