"""Engine processes begin at once where a fork server runs (`studio.fork_server`), and cold elsewhere.

As a program, `python forked.py ADDRESS MODULE ARGUMENTS` stands for `python -m MODULE ARGUMENTS` wherever a command is
wanted: it lends its stdin, stdout and stderr, ends as the forked process does, and takes it along when it is killed.
Where no server answers, it becomes that command itself. It is started without site-packages, so only the standard
library is imported here.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

FORK_SERVER = "STUDIO_FORK_SERVER"  # the environment variable with the address of the server's socket
IDLE_SECONDS = 900.0


class ForkServer:
    """Belongs to this process, and is used by it and by all that it starts.

    It takes 1.0 GB of memory: 0.6 GB of its own, and 0.4 GB of libraries' files that all who load them share.
    """

    def __init__(self, enabled: bool = True, idle_seconds: float = IDLE_SECONDS) -> None:
        self.enabled = enabled and sys.platform == "linux"
        self.process: subprocess.Popen[bytes] | None = None
        self._idle_seconds = idle_seconds
        self.address = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start it if there is none. Returns at once: whoever asks while it imports, waits for that."""
        with self._lock:
            if not self.enabled or (self.process is not None and self.process.poll() is None):
                return
            if self.process is None and FORK_SERVER in os.environ:
                return  # another one is there already
            folder = tempfile.TemporaryDirectory(prefix="studio-", ignore_cleanup_errors=True)  # for its owner alone
            self.address = f"{folder.name}/fork"
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(self.address)
                listener.listen(128)
                number = str(listener.fileno())
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "studio.fork_server", number, str(self._idle_seconds)],
                    stdin=subprocess.PIPE,
                    pass_fds=(listener.fileno(),),
                    start_new_session=True,
                )
            threading.Thread(target=self.process.wait, daemon=True).start()  # it may end before it is asked after
            self._folder = folder  # the one before goes with its folder
            os.environ[FORK_SERVER] = self.address

    def close(self) -> None:
        """End the server; what was forked goes on."""
        with self._lock:
            if self.process is not None and self._folder is not None:
                assert self.process.stdin is not None
                self.process.stdin.close()
                self.process.kill()
                self.process.wait()
                if os.environ.get(FORK_SERVER) == self.address:
                    del os.environ[FORK_SERVER]
                self._folder.cleanup()
            self.process = None


def engine_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module which needs torch; see `studio.processes.python` for those that do not."""
    if address := os.environ.get(FORK_SERVER):
        return [sys.executable, "-I", "-S", __file__, address, module, *arguments]
    return cold_command(module, *arguments)


def cold_command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def fork_detached(log: Path, environment: Mapping[str, str], module: str, *arguments: str) -> int | None:
    """The pid of a forked process that outlives us, and whose output goes to `log`; None where no server answers."""
    try:
        with Path(os.devnull).open("rb") as nothing, log.open("ab") as output:
            lent = [nothing.fileno(), output.fileno(), output.fileno()]
            answers = fork(os.environ[FORK_SERVER], lent, module, arguments, {**os.environ, **environment}, True)
    except (KeyError, OSError):
        return None
    with answers:
        return int(json.loads(answers.readline())["pid"])


def fork(
    address: str,
    lent: list[int],
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    detached: bool,
) -> BinaryIO:
    """What is said of the forked process, of which the first line is there. Raises OSError where none was forked."""
    request = {"module": module, "arguments": list(arguments), "environment": dict(environment)}
    more = {"folder": str(Path.cwd()), "umask": umask(), "detached": detached}
    message = json.dumps({**request, **more}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(len(message).to_bytes(4, "big"))
        socket.send_fds(connection, [message[:1]], lent)
        connection.sendall(message[1:])
        answers = connection.makefile("rb")
    if not answers.peek(1):
        answers.close()
        raise ConnectionError("the server could not fork, or has ended")
    return answers


def umask() -> int:
    """Read, since asking the system for it would change it for a moment, in which other threads create files."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    raise OSError("this system does not tell the umask, without which nothing can be forked")


def exit_code(answers: BinaryIO) -> int:
    """That of the forked process, once it has ended; minus the signal that ended it. 1 where nobody is left who knows:
    a signal ended it, and the server has ended too."""
    said = []
    with answers, contextlib.suppress(ConnectionError):  # which may break off
        for line in answers:
            said.append(json.loads(line))
    return next((int(each["code"]) for each in said if "code" in each), 1)


def main(address: str, module: str, *arguments: str) -> None:
    try:
        answers = fork(address, [0, 1, 2], module, arguments, os.environ, False)
    except OSError:
        command = cold_command(module, *arguments)
        os.execv(command[0], command)
    for descriptor in (0, 1, 2):
        os.close(descriptor)  # from now on the forked process alone holds its pipes
    code = exit_code(answers)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
