"""Processes of the engine without their imports: forked from one that has them behind it (fork_server.py).

As a program, `python forked.py SOCKET MODULE ARGUMENTS` stands for `python -m MODULE ARGUMENTS` wherever a command is
wanted: it lends its stdin, stdout and stderr, ends as the forked process does, and takes it along when it is killed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")
CAN_FORK = sys.platform == "linux"
ADDRESS = "ADDRESS_OF_FORK_SERVER"  # tells it to what is forked, for processes that start others


class Forked:
    """The server is started when it is first needed. Where nothing can be forked, processes are started cold."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._server: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="forked-")  # of its own: the path of a socket is short

    def command(self, module: str, *arguments: str) -> list[str]:
        """As `studio.processes.python`."""
        return (
            command_at(self._address(), module, *arguments) if CAN_FORK else [sys.executable, "-m", module, *arguments]
        )

    def start(self, log: Path, module: str, *arguments: str, **environment: str) -> int:
        """The pid of a process that outlives the tests unless it is ended, and whose output goes to `log`."""
        variables = {**os.environ, **self._environment, **environment}
        with log.open("ab") as output:
            if CAN_FORK:
                variables[ADDRESS] = self._address()
            else:
                command = [sys.executable, "-m", module, *arguments]
                return subprocess.Popen(command, stdout=output, stderr=output, env=variables).pid
            with Path(os.devnull).open("rb") as nothing, connect(self._address()) as connection:
                lent = [nothing.fileno(), output.fileno(), output.fileno()]
                ask(connection, lent, module, arguments, variables, detached=True)
                with connection.makefile("rb") as answers:
                    return int(json.loads(answers.readline())["pid"])

    def _address(self) -> str:
        address = f"{self._folder.name}/socket"
        if self._server is None:
            command = [sys.executable, str(SERVER), address]
            variables = {**os.environ, **self._environment}
            self._server = subprocess.Popen(command, stdin=subprocess.PIPE, env=variables)
        return address

    def close(self) -> None:
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait()
        self._folder.cleanup()


def command_at(address: str, module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", __file__, address, module, *arguments]


def connect(address: str) -> socket.socket:
    """Waits while the server imports, and no longer where it could not."""
    while Path(address).parent.is_dir():
        if Path(f"{address}.failed").exists():
            raise RuntimeError("the server that forks processes for the tests ended; see its output")
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.02)
    raise FileNotFoundError(address)


def ask(
    connection: socket.socket,
    lent: list[int],
    module: str,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    detached: bool,
) -> None:
    request = {"module": module, "arguments": arguments, "environment": environment}
    message = json.dumps({**request, "folder": str(Path.cwd()), "detached": detached}).encode()
    connection.sendall(len(message).to_bytes(4, "big"))
    socket.send_fds(connection, [message[:1]], lent)
    connection.sendall(message[1:])


def main(address: str, module: str, *arguments: str) -> None:
    with connect(address) as connection, connection.makefile("rb") as answers:
        ask(connection, [0, 1, 2], module, arguments, dict(os.environ), detached=False)
        for descriptor in (0, 1, 2):
            os.close(descriptor)  # from now on the forked process alone holds its pipes
        answers.readline()
        last = answers.readline()
    code = json.loads(last)["code"] if last else 1
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
