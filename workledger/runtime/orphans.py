"""A child process that notices the death of its parent and follows it.

A parent that ends properly ends its children. One that is killed cannot; without this its children would keep
the port and the database for ever.
"""

import os
import signal
import threading
import time

LOOK_EVERY_SECONDS = 0.5
GRACE_SECONDS = 15.0


def follow_parent(parent: int) -> None:
    """Ask this process to end when its parent is gone, and end it after a while if it does not.

    ``parent`` is the number the parent gave: asking for it here could come too late.
    """
    threading.Thread(target=_watch, args=(parent,), name="follow-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
