"""Addresses of the client pages."""

from django.urls import path

from workledger.web.views import clients

urlpatterns = [
    path("clients", clients.index, name="clients"),
    path("clients/new", clients.new, name="client-new"),
    path("clients/<int:client_id>", clients.show, name="client"),
    path("clients/<int:client_id>/change", clients.change, name="client-change"),
    path("clients/<int:client_id>/contacts/new", clients.new_contact, name="client-contact-new"),
    path("clients/<int:client_id>/contacts/<int:contact_id>", clients.change_contact, name="client-contact"),
    path(
        "clients/<int:client_id>/contacts/<int:contact_id>/remove",
        clients.remove_contact,
        name="client-contact-remove",
    ),
]
