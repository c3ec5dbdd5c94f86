"""Has a connection's documents sent once the act that queued them is done."""

from procrastinate.contrib.django import app

DELIVER = "gl.deliver_connection"
QUEUE = "gl"


def wake(connection_id: int) -> None:
    """Queue a delivery in the transaction that is open now. By name: the job calls actions, which call this."""
    app.configure_task(DELIVER, queue=QUEUE).defer(connection_id=connection_id)
