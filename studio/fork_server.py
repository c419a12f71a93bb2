"""Engine processes without their imports: forked from a process that has them behind it.

`python -m studio.fork_server SOCKET IDLE_SECONDS` accepts connections on the listening socket SOCKET, a file
descriptor that it was given. `studio.forked` has the other side, which speaks first: the length of a JSON, the JSON
{"module", "arguments", "environment", "folder", "detached"}, and stdin, stdout and stderr as file descriptors. Back go
the lines {"pid"} and, unless detached, {"code"} at the end. When such a connection ends first, what was forked for it
is killed. The server ends with its own stdin, or when nothing was asked for IDLE_SECONDS; what is detached goes on.

Forking after these imports is safe on Linux only, and only because no tensor operation ever runs here.
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
from typing import Any, NoReturn

PRELOADED = (
    "torch",
    "accelerate",
    "peft",
    "datasets",
    "sklearn.metrics",
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
    "studio.engine.training",
    "studio.engine.answering",
    "studio.engine.resident",
    "studio.exporters",
)


def main(listening: int, idle_seconds: float) -> int:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # looking for a GPU must not open it before a fork
    for module in PRELOADED:
        importlib.import_module(module)
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
                with contextlib.suppress(OSError, ValueError):  # whoever asked is gone already
                    pid, detached = fork(connection)
                    if not detached:
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
            elif key.data in askers:  # whoever asked is gone
                ready.unregister(key.fileobj)
                askers.pop(key.data).close()
                os.kill(key.data, signal.SIGKILL)
    return 0


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
    return pid, bool(request["detached"])


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
        sys.modules.pop(request["module"], None)  # it may be imported already; as a program it begins anew
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
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
