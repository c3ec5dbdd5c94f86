"""Locks between processes that the kernel lets go when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path

from workledger.runtime.problems import MachineProblem, explain_os_error

WAIT_STEP_SECONDS = 0.02


class FileLock:
    """An advisory lock on a file; shared or exclusive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, timeout_seconds: float = 0.0) -> bool:
        """Take the lock, waiting at most so long. False when another process keeps it."""
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise explain_os_error(error, f"Opening {self.path}")
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                fcntl.flock(self._descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(WAIT_STEP_SECONDS)
            except OSError as error:
                raise explain_os_error(error, f"Locking {self.path}")
            else:
                return True

    def take_or_refuse(self, sentence: str, *, timeout_seconds: float = 0.0) -> None:
        """Take the lock exclusively or refuse with the sentence."""
        if not self.take(timeout_seconds=timeout_seconds):
            raise MachineProblem(sentence)

    def write(self, text: str) -> None:
        """Leave a note in the file for who finds it locked."""
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read(self) -> str:
        """The note that the holder left."""
        try:
            return self.path.read_text().strip()
        except OSError:
            return ""

    def release(self) -> None:
        """Let go; harmless when nothing is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
