"""Cuts a Python process and all it starts off the network: with this folder on PYTHONPATH, only loopback is reached.

Every attempt is written to the file that STUDIO_TEST_ATTEMPTS names, so that a test sees one that was swallowed.
"""

import os
import socket
from pathlib import Path
from typing import Any

HERE = ("127.", "::1", "localhost")
_connect, _connect_ex, _lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _refuse(host: Any) -> None:
    if str(host or "localhost").startswith(HERE):
        return
    if path := os.environ.get("STUDIO_TEST_ATTEMPTS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{host}\n")
    raise OSError(101, f"Network is unreachable (a test cut it off): {host}")


def _host(connected: socket.socket, address: Any) -> Any:
    return address[0] if connected.family in (socket.AF_INET, socket.AF_INET6) else None


def connect(self: socket.socket, address: Any) -> None:
    _refuse(_host(self, address))
    _connect(self, address)


def connect_ex(self: socket.socket, address: Any) -> int:
    _refuse(_host(self, address))
    return _connect_ex(self, address)


def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    _refuse(host.decode() if isinstance(host, bytes) else host)
    return _lookup(host, *rest, **named)


socket.socket.connect = connect  # type: ignore[method-assign, assignment]
socket.socket.connect_ex = connect_ex  # type: ignore[method-assign, assignment]
socket.getaddrinfo = getaddrinfo
