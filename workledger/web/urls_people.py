"""Addresses of the people pages."""

from django.urls import path

from workledger.web.views import people

urlpatterns = [
    path("people", people.index, name="people"),
    path("people/new", people.new, name="person-new"),
    path("people/<int:person_id>", people.show, name="person"),
    path("people/<int:person_id>/change", people.change, name="person-change"),
    path("people/<int:person_id>/terms", people.terms, name="person-terms"),
    path("people/<int:person_id>/leave", people.leave, name="person-leave"),
    path("people/<int:person_id>/time-off", people.time_off, name="person-time_off"),
    path(
        "people/<int:person_id>/time-off/<int:time_off_id>/remove",
        people.remove_time_off,
        name="person-time_off-remove",
    ),
]
