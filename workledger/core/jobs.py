"""Effects that happen if and only if the change happened: mail, documents, webhooks, sync.

A job is a Procrastinate task. `queue` defers it on the connection of the running transaction, so a
rolled-back act leaves no job and a committed one never loses it.
"""

from typing import Any

from procrastinate.tasks import Task


def queue(task: Task[Any, Any, Any], **arguments: Any) -> None:
    """Queue `task` in the transaction that is open now. Arguments are JSON values."""
    task.defer(**arguments)
