"""Addresses of the action log and of the inbox."""

from django.urls import path

from workledger.web.views import log

urlpatterns = [
    path("log", log.index, name="action_log"),
    path("log/<int:log_id>", log.show, name="action_log-act"),
    path("inbox", log.inbox, name="inbox"),
    path("inbox/<int:proposal_id>/accept", log.accept, name="inbox-accept"),
    path("inbox/<int:proposal_id>/decline", log.decline, name="inbox-decline"),
]
