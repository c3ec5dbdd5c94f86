"""Is a port free, and who has it if not."""

import errno
import json
import socket
import urllib.request

from workledger.runtime.problems import MachineProblem, explain_os_error

ANSWER_TIMEOUT_SECONDS = 1.0
SUGGESTIONS = 50


def check_free(host: str, port: int) -> None:
    """Raise MachineProblem when nobody can listen on the port, saying who does and what to do."""
    error = _bind_error(host, port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        who = "a Workledger already answers there" if _answers(port) else "another program listens there"
        free = _next_free(host, port)
        advice = f", or choose another port: --port {free} (make demo PORT={free})" if free else ""
        raise MachineProblem(f"Port {port} is taken: {who}. Stop it{advice}.")
    if error.errno == errno.EACCES:
        raise MachineProblem(f"Port {port} needs more rights than this user has. Choose one above 1023.")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        raise MachineProblem(f"This machine has no address {host}. Choose another with --host.")
    raise explain_os_error(error, f"Listening on {host}:{port}")


def _bind_error(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _next_free(host: str, port: int) -> int | None:
    for candidate in range(port + 1, min(port + SUGGESTIONS, 65536)):
        if _bind_error(host, candidate) is None:
            return candidate
    return None


def _answers(port: int) -> bool:
    try:
        address = f"http://127.0.0.1:{port}/-/health"
        with urllib.request.urlopen(address, timeout=ANSWER_TIMEOUT_SECONDS) as answer:
            return bool(json.load(answer) == {"status": "ok"})
    except (OSError, ValueError):
        return False
