"""Jobs of the sync that an act asks for; what comes by the clock is in `periodic`."""

from procrastinate.contrib.django import app

from workledger.core.access import system_actor
from workledger.gl.sync import delivery
from workledger.gl.sync.waking import DELIVER, QUEUE


@app.task(name=DELIVER, queue=QUEUE)
def deliver_connection(connection_id: int) -> None:
    """Send what is due of a connection, unless somebody does already."""
    delivery.deliver(system_actor("sync"), connection_id, delivery.database_time())
