"""Addresses of the import pages."""

from django.urls import path

from workledger.web.views import imports

urlpatterns = [
    path("imports", imports.index, name="imports"),
    path("imports/new", imports.new, name="import-new"),
    path("imports/<int:batch_id>", imports.show, name="import"),
    path("imports/<int:batch_id>/refused", imports.refused, name="import-refused"),
    path("imports/<int:batch_id>/commit", imports.commit, name="import-commit"),
    path("imports/<int:batch_id>/discard", imports.discard, name="import-discard"),
    path("imports/<int:batch_id>/undo", imports.undo, name="import-undo"),
]
