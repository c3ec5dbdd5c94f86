"""Addresses of the close."""

from django.urls import path

from workledger.web.views import close

urlpatterns = [
    path("close", close.index, name="close"),
    path("close/<int:period_id>", close.show, name="close-period"),
    path("close/<int:period_id>/start", close.start, name="close-start"),
    path("close/<int:period_id>/soft-close", close.soft_close, name="close-soft-close"),
    path("close/<int:period_id>/reminders", close.send_reminders, name="close-remind"),
    path("close/<int:period_id>/books-check", close.tie, name="close-books-check"),
    path("close/<int:period_id>/lock", close.lock, name="close-lock"),
    path("close/<int:period_id>/steps/<slug:key>/owner", close.owner, name="close-step-owner"),
    path("close/<int:period_id>/steps/<slug:key>/sign-off", close.sign_off, name="close-step-done"),
    path("close/<int:period_id>/steps/<slug:key>/reopening", close.reopen, name="close-step-reopen"),
]
