"""Addresses of the sync with a general ledger."""

from django.urls import path

from workledger.web.views import sync, sync_connecting, sync_deciding

urlpatterns = [
    path("sync/", sync.index, name="sync"),
    path("sync/new", sync_connecting.new, name="sync-new"),
    path("sync/<int:connection_id>/", sync.outbox, name="sync-outbox"),
    path("sync/<int:connection_id>/inbox", sync.inbox, name="sync-inbox"),
    path("sync/<int:connection_id>/tie-outs", sync.tie_outs, name="sync-tie-outs"),
    path("sync/<int:connection_id>/settings", sync_connecting.change, name="sync-settings"),
    path("sync/<int:connection_id>/switch", sync_connecting.switch, name="sync-switch"),
    path("sync/<int:connection_id>/deliveries", sync_deciding.deliver, name="sync-deliver"),
    path("sync/<int:connection_id>/journals", sync_deciding.journals, name="sync-journals"),
    path("sync/<int:connection_id>/pulls", sync_deciding.pull, name="sync-pull"),
    path("sync/<int:connection_id>/checks", sync_deciding.check, name="sync-check"),
    path("sync/<int:connection_id>/tie-outs/new", sync_deciding.compare, name="sync-compare"),
    path("sync/documents/<int:outgoing_id>/", sync.document, name="sync-document"),
    path("sync/documents/<int:outgoing_id>/retry", sync_deciding.retry, name="sync-document-retry"),
    path("sync/documents/<int:outgoing_id>/hold", sync_deciding.hold, name="sync-document-hold"),
    path("sync/documents/<int:outgoing_id>/omission", sync_deciding.skip, name="sync-document-skip"),
    path("sync/changes/<int:incoming_id>/", sync_deciding.resolve, name="sync-change"),
    path("sync/changes/<int:incoming_id>/dismissal", sync_deciding.dismiss, name="sync-change-dismiss"),
    path("sync/tie-outs/<int:tie_out_id>/", sync.tie_out, name="sync-tie-out"),
]
