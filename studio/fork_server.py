"""Engine processes without their imports: forked from a process that has them behind it.

`python -m studio.fork_server SOCKET IDLE_SECONDS` accepts connections on the listening socket SOCKET, a file
descriptor that it was given. `studio.forked` has the other side, which speaks first: the length of a JSON, the JSON
(see FIELDS), and stdin, stdout and stderr as file descriptors. Back go the lines {"pid"} and, unless detached, {"code"}
at the end; where nothing could be forked, the connection ends without a line.

What is not detached keeps the connection too: it says itself how it ends, and it ends when whoever asked has ended,
whether or not the server is still there. That a signal ended it, only the server can tell. The server ends with its own
stdin, or when nothing was asked for IDLE_SECONDS; what was forked goes on.

Forking after these imports is safe on Linux only, and only because no tensor operation ever runs here. Environment
variables that libraries read while they are imported (HF_HUB_OFFLINE, TRANSFORMERS_VERBOSITY, ...) are read here: those
of whoever asks come too late for them (see `studio.models.hub.work_offline`).
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
import traceback
from typing import Any, NoReturn

from studio.models.hub import quieten
from studio.torch_environment import prepare_torch

logger = logging.getLogger(__name__)
FIELDS = {"module": str, "arguments": list, "environment": dict, "folder": str, "umask": int, "detached": bool}
MOST_BYTES = 8 * 1024 * 1024  # of a request; the environment makes up most of it
SECONDS_TO_ASK = 5  # until then nobody else is served
PR_SET_NAME = 15  # of linux/prctl.h
FAILED_TO_END = 120  # the exit code of an interpreter that cannot write what is left to be written

PRELOADED = (
    "torch",
    "accelerate",
    "peft",
    "datasets",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "pyarrow.parquet",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.auto.image_processing_auto",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "transformers.models.distilbert.modeling_distilbert",
    "transformers.models.roberta.modeling_roberta",
    "transformers.models.resnet.modeling_resnet",
    "transformers.models.mobilenet_v2.modeling_mobilenet_v2",
    "transformers.models.vit.modeling_vit",
    "studio.model_reader",
    "studio.token_reader",
    "studio.engine.training",
    "studio.engine.answering",
    "studio.engine.resident",
    "studio.exporters",
)


def main(listening: int, idle_seconds: float) -> int:
    prepare_torch()
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # looking for a GPU must not open it before a fork
    quieten()
    gc.disable()  # while importing, there is no garbage to find
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()  # else each process that is forked copies all of it when it first looks for garbage: 0.5 seconds
    gc.enable()
    woken, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for whoever started it
    listener = socket.socket(fileno=listening)
    askers: dict[int, socket.socket] = {}  # by the pid of what was forked for them
    ready = selectors.DefaultSelector()
    for source in (0, listener, woken):
        ready.register(source, selectors.EVENT_READ)
    while (events := ready.select(None if askers else idle_seconds)) or askers:
        for key, _ in events:
            if key.fileobj == 0:
                return 0
            if key.fileobj is listener:
                connection, _ = listener.accept()
                if (pid := served(connection)) is not None:
                    askers[pid] = connection
                    ready.register(connection, selectors.EVENT_READ, pid)
            elif key.fileobj is woken:
                woken.recv(4096)
                for pid, code in ended():
                    if pid in askers:
                        asker = askers.pop(pid)
                        send(asker, {"code": code})
                        ready.unregister(asker)
                        asker.close()
            elif key.data in askers:  # whoever asked is gone, and what was forked may be too busy to see it
                ready.unregister(key.fileobj)
                askers.pop(key.data).close()
                os.kill(key.data, signal.SIGKILL)
    return 0


def served(connection: socket.socket) -> int | None:
    """The pid of what was forked, if its end is waited for; otherwise the connection is closed."""
    try:
        pid, detached = fork(connection)
    except Exception:  # the others must still be served
        logger.exception("The fork server could not do what it was asked for; whoever asked begins without it.")
        detached = True
    if not detached:
        return pid
    connection.close()
    return None


def fork(connection: socket.socket) -> tuple[int, bool]:
    """Fork what is asked for; its pid, and whether it is detached. Raises ValueError where nothing sensible is asked
    for, and OSError where it does not come in time or cannot be forked."""
    set_patience(connection, SECONDS_TO_ASK)
    size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
    if not 1 < size <= MOST_BYTES:
        raise ValueError(f"A request has 2 to {MOST_BYTES} bytes, and this one {size}.")
    first, lent, _, _ = socket.recv_fds(connection, 1, 3)
    try:
        request = checked(first + connection.recv(size - 1, socket.MSG_WAITALL), lent)
        set_patience(connection, 0)
        pid = os.fork()
        if pid == 0:
            become(request, lent, connection)
    finally:
        for descriptor in lent:
            os.close(descriptor)
    return pid, request["detached"]


def set_patience(connection: socket.socket, seconds: int) -> None:
    """For how long to wait for what is read; 0: for ever. Unlike `settimeout` it leaves the reading to the system,
    which waits for all that is wanted (MSG_WAITALL) no longer than this."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))


def checked(message: bytes, lent: list[int]) -> dict[str, Any]:
    """The request, if it is one and all the descriptors have come."""
    request = json.loads(message)
    if (
        len(lent) != 3
        or not isinstance(request, dict)
        or not all(isinstance(request.get(name), kind) for name, kind in FIELDS.items())
        or not all(isinstance(text, str) for text in (*request["arguments"], *request["environment"].values()))
    ):
        raise ValueError(f"A request has the fields {', '.join(FIELDS)} and three descriptors.")
    return request


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


def become(request: dict[str, Any], lent: list[int], asker: socket.socket) -> NoReturn:
    """In the forked process: `python -m MODULE ARGUMENTS`, with the site's customising, as if it had just begun."""
    code = FAILED_TO_END
    try:
        send(asker, {"pid": os.getpid()})  # not from the server, which might say it after the end
        found = run(request, lent, asker)
        threading._shutdown()  # type: ignore[attr-defined]  # waits for the threads, as at the end of any program
        atexit._run_exitfuncs()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        code = found
        send(asker, {"code": code})
    except BaseException:  # noqa: BLE001  the last stop; stdout may be broken
        traceback.print_exc()
    finally:
        os._exit(code)


def run(request: dict[str, Any], lent: list[int], asker: socket.socket) -> int:
    """The exit code, which is the interpreter's for the same end."""
    try:
        move_in(request, lent, asker)
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001  the last stop, as in the interpreter itself
        traceback.print_exc()
        return 1
    return 0


def move_in(request: dict[str, Any], lent: list[int], asker: socket.socket) -> None:
    """Leave what is the server's, and take what is the asker's."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, source in enumerate(lent):
        os.dup2(source, target)
    os.closerange(3, asker.fileno())
    os.closerange(asker.fileno() + 1, 4096)
    if request["detached"]:
        asker.close()
    else:
        os.register_at_fork(after_in_child=asker.close)  # what is forked from here must not keep it open
        threading.Thread(target=end_with, args=(asker,), daemon=True).start()
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"studio-{request['module'].rpartition('.')[2]}".encode(), 0, 0, 0)
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [request["module"], *request["arguments"]]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("sitecustomize")
    sys.modules.pop(request["module"], None)  # it may be imported already; as a program it begins anew


def end_with(asker: socket.socket) -> None:
    try:
        asker.recv(1)  # it says nothing more: this returns when it has ended
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
