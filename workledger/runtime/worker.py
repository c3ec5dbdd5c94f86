"""The worker process: runs queued jobs until it is asked to stop. ``python -m workledger.runtime.worker``.

With a process number as its argument it ends when that process, its parent, is gone.
"""

import asyncio
import os
import sys

import django
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from workledger.config import ConfigError
from workledger.runtime.orphans import follow_parent

GRACE_SECONDS = 20.0
POOL_SIZE = 4


async def _work() -> None:
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=POOL_SIZE)
    with app.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            await worker_app.run_worker_async(shutdown_graceful_timeout=GRACE_SECONDS)


def main() -> int:
    """Run jobs; return the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workledger.settings")
    if len(sys.argv) > 1:
        follow_parent(int(sys.argv[1]))
    try:
        django.setup()
    except ConfigError as error:
        sys.stderr.write("\n".join(error.problems) + "\n")
        return 1
    asyncio.run(_work())
    return 0


if __name__ == "__main__":
    sys.exit(main())
