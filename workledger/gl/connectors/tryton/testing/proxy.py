"""A line to the server that breaks: before a request arrives, while it is being done, or before its answer is back."""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_BODY = b"\r\n\r\n"


class Cut(Enum):
    """Where the line breaks."""

    BEFORE = "before the request arrives"
    DURING = "while it is being done, so that the next may arrive meanwhile"
    AFTER = "after it was done, before the answer is back"


# Calls that change nothing over there; a line that breaks at them leaves no doubt.
_READING = re.compile(rb'"method": "[^"]*\.(search_read|read|login|version|fields_get|get_types)"')


@dataclass
class Line:
    """A line that can be cut at one of the calls that write; `seen` are the bodies of all."""

    url: str
    cut: Cut | None = None
    spare: int = 0
    seen: list[bytes] = field(default_factory=list)
    unheard: list[threading.Thread] = field(default_factory=list)

    def cut_at_write(self, number: int, cut: Cut) -> None:
        """Cut the line at a call that writes, after so many of them; it is whole again after."""
        self.cut, self.spare = cut, number

    def asked(self, body: bytes) -> Cut | None:
        """Note a call and say whether and where the line breaks at it."""
        self.seen.append(body)
        if self.cut is None or _READING.search(body):
            return None
        if self.spare:
            self.spare -= 1
            return None
        cut, self.cut = self.cut, None
        return cut


@contextmanager
def breakable(url: str) -> Iterator[Line]:
    """Yield a line to the server at an address."""
    target = urlsplit(url)
    assert target.hostname
    assert target.port
    address = (target.hostname, target.port)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = _whole(self.request)
            cut = line.asked(request.partition(_BODY)[2])
            if cut is Cut.BEFORE:
                return
            if cut is Cut.DURING:
                line.unheard.append(threading.Thread(target=_answer, args=(address, request)))
                line.unheard[-1].start()
                return
            answer = _answer(address, request)
            if cut is None:
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as proxy:
        proxy.daemon_threads = True
        line = Line(f"http://127.0.0.1:{proxy.server_address[1]}")
        worker = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        worker.start()
        try:
            yield line
        finally:
            proxy.shutdown()
            worker.join()


def _answer(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address) as server:
        server.sendall(request)
        return _whole(server)


def _whole(connection: socket.socket) -> bytes:
    """Read one message of HTTP: to its length, or to the end of the line where it names none."""
    read = b""
    while part := connection.recv(65536):
        read += part
        head, split, body = read.partition(_BODY)
        length = _LENGTH.search(head)
        if split and length and len(body) >= int(length[1]):
            break
    return read
