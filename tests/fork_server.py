"""A process with the slow imports behind it, which forks others for the tests: `python fork_server.py SOCKET`.

A worker or an inference process costs ten seconds of a processor to start, nearly all of them for imports. Here comes
one request a connection: the length of its JSON, the JSON {"module", "arguments", "environment", "folder", "detached"},
and stdin, stdout and stderr as file descriptors. Back go the lines {"pid"} and, at the end, {"code"}. When the
connection ends first, the forked process is killed unless it is detached. The server ends with its own stdin.

Forking is safe because no tensor operation runs here (see `studio.engine.warm`). For Linux.
"""

import contextlib
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from studio.engine.warm import PRELOADED

INFERENCE = ("studio.engine.answering", "studio.engine.resident", "studio.exporters")


def main(address: str) -> None:
    try:
        for module in (*PRELOADED, *INFERENCE):
            importlib.import_module(module)
    except BaseException:
        Path(f"{address}.failed").touch()
        raise
    woken, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the tests
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    askers: dict[int, socket.socket] = {}  # by the pid of what was forked for them
    ready = selectors.DefaultSelector()
    for source in (0, listener, woken):
        ready.register(source, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj == 0:
                return
            if key.fileobj is listener:
                connection, _ = listener.accept()
                pid, detached = fork(connection)
                askers[pid] = connection
                if not detached:
                    ready.register(connection, selectors.EVENT_READ, pid)
            elif key.fileobj is woken:
                woken.recv(4096)
                for pid, code in ended():
                    send(askers[pid], {"code": code})
                    with contextlib.suppress(KeyError):
                        ready.unregister(askers[pid])
                    askers.pop(pid).close()
            elif key.data in askers:  # whoever asked is gone
                ready.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)


def fork(connection: socket.socket) -> tuple[int, bool]:
    """Fork what is asked for; its pid, and whether it is detached."""
    size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
    first, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    request = json.loads(first + connection.recv(size - 1, socket.MSG_WAITALL))
    pid = os.fork()
    if pid == 0:
        become(request, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    send(connection, {"pid": pid})
    return pid, request["detached"]


def send(connection: socket.socket, message: dict[str, int]) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        connection.sendall(json.dumps(message).encode() + b"\n")


def ended() -> list[tuple[int, int]]:
    """(pid, exit code as `subprocess` counts it) of what has ended."""
    found = []
    with contextlib.suppress(ChildProcessError):
        while (pid_and_status := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((pid_and_status[0], os.waitstatus_to_exitcode(pid_and_status[1])))
    return found


def become(request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """In the forked process: `python -m MODULE ARGUMENTS`, with the site's customising, as if it had just begun."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for target, source in enumerate(descriptors):
            os.dup2(source, target)
        os.closerange(3, 4096)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.argv = [request["module"], *request["arguments"]]
        sys.orig_argv = [sys.executable, "-m", *sys.argv]
        sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.modules.pop("sitecustomize", None)
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module("sitecustomize")
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  the last stop, as in the interpreter itself
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
