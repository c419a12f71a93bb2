"""Starting processes that outlive us, and recognising them later: by pid and start time, never pid alone."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TextIO

import psutil

TRUST_VARIABLE = "STUDIO_TRUST_REMOTE_CODE"
M_MMAP_THRESHOLD = -3  # of glibc's malloc.h


@dataclass(frozen=True)
class Identity:
    """One process of this machine, for ever: pids are used again, pid and start time are not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int | None = None) -> Self:
        process = psutil.Process(pid)
        return cls(process.pid, process.create_time())

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(int(values["pid"]), float(values["started"]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def process(self) -> psutil.Process | None:
        """The living process, or None when it has ended (a zombie has ended)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    @property
    def is_alive(self) -> bool:
        return self.process() is not None


def python(*arguments: str) -> list[str]:
    """The command that runs a module of ours with this interpreter: python("studio.data.process")."""
    return [sys.executable, "-m", *arguments]


def own_stdout() -> TextIO:
    """The real stdout, for answers alone: whatever else prints, in Python or below, lands on stderr from now on."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def start_detached(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start `command` so that it survives us: its own session, no inherited pipes, output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    flags: dict[str, Any]
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        flags = {"start_new_session": True}
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            close_fds=True,
            **flags,
        )


def limit_memory(size: int) -> bool:
    """Let this process, and those that it starts, ask for at most `size` bytes more; beyond, MemoryError is raised.

    What counts is private memory (RLIMIT_DATA): libraries reserve far more addresses than they use. Returns whether
    the platform has such a limit; macOS and Windows have none that holds.
    """
    if sys.platform != "linux":
        return False
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    used = next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmData")), 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = min(used + size, *(known for known in (soft, hard) if known != resource.RLIM_INFINITY), 2**62)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    return True


class TooMuchError(Exception):
    """It took more time or memory than it was given."""


@contextmanager
def bounded(seconds: float, size: int) -> Iterator[None]:
    """What runs inside may take so many seconds, and ask for so many bytes more; beyond, TooMuchError is raised.

    For code of others that is run in this process. Memory is limited as by `limit_memory`, until the end; time in the
    main thread, and not on Windows.
    """
    is_timed = sys.platform != "win32" and threading.current_thread() is threading.main_thread()

    def end(_signal: int, _frame: object) -> None:
        raise TooMuchError

    with ExitStack() as restoring:
        restoring.callback(_restore_memory())
        limit_memory(size)
        if is_timed:
            restoring.callback(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, end))
            restoring.callback(signal.setitimer, signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again: what is raised in a destructor is lost
        try:
            yield
        except MemoryError as error:
            raise TooMuchError from error


def _restore_memory() -> Callable[[], None]:
    """Puts the limit of memory back to what it is now."""
    if sys.platform != "linux":
        return lambda: None
    import resource

    return partial(resource.setrlimit, resource.RLIMIT_DATA, resource.getrlimit(resource.RLIMIT_DATA))


def return_freed_memory() -> None:
    """Let large pieces of memory go back to the system when they are freed; glibc keeps those of each thread for it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 1024 * 1024)


def limit_processor_time(seconds: int) -> bool:
    """End this process after so many seconds of computing, however long it waits. Returns whether the platform can."""
    if sys.platform == "win32":
        return False
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))
    return True


def trusts_remote_code() -> bool:
    """Whether the person who started the studio lets model repositories run their Python code here."""
    return os.environ.get(TRUST_VARIABLE) == "1"
