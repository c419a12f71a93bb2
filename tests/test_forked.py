"""Engine processes from the fork server: as if begun by themselves, and begun cold where there is no server."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from trained import wait_until

from studio import fork_server, forked
from studio.forked import FORK_SERVER, ForkServer, cold_command, engine_command, fork_detached
from studio.processes import Identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forking is for Linux")
WITHOUT_IMPORTS = (
    "import sys; from studio import fork_server as s; s.PRELOADED, s.SECONDS_TO_ASK = (), 1;"
    " s.main(int(sys.argv[1]), {idle})"
)
CANNOT_FORK = f"""
import os
def fork():
    raise BlockingIOError("no more processes")
os.fork = fork
{WITHOUT_IMPORTS.format(idle=600)}
"""
LASTING = "import os, time\nprint(os.environ['FLAVOUR'], flush=True)\ntime.sleep(600)"
PROGRAM = """
import os, sys
print(sys.argv[1:], __name__, os.environ["FLAVOUR"], os.getcwd() == os.environ["HERE"], flush=True)
print(sys.stdin.readline().strip(), file=sys.stderr, flush=True)
sys.stdin.read()
sys.exit(int(sys.argv[1]))
"""
FORKS = """
import os, time
if pid := os.fork():
    print(pid)
else:
    time.sleep(600)
"""
ENDS = {
    "text": "import sys; sys.exit('in vain')",
    "nothing": "import sys; sys.exit()",
    "a large number": "import sys; sys.exit(-1)",
    "a broken stdout": """
import os, sys
read, write = os.pipe()
os.close(read)
sys.stdout = open(write, "w")
print("lost")
""",
    "exit functions and threads": """
import atexit, threading, time
atexit.register(print, "last")
threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
raise ValueError("early")
""",
}
NUMBERS = json.dumps(
    {"module": "program", "arguments": [0], "environment": {}, "folder": "/", "umask": 0, "detached": True}
).encode()
BAD = {  # the length, and what follows together with descriptors
    "silent": (b"", b""),
    "silent in its midst": (b"\0\0\0\x09", b"{"),
    "no fields": (b"\0\0\0\2", b"{}"),
    "a list": (b"\0\0\0\2", b"[]"),
    "a number": (b"\0\0\0\2", b"55"),
    "nested too deeply": (b"\0\3\x0d\x40", b"[" * 200_000),
    "numbers for texts": (len(NUMBERS).to_bytes(4, "big"), NUMBERS),
}
WARNS = """
import logging
for name in ("bitsandbytes.backends.cpu.ops", "another"):
    logging.getLogger(name).warning(name)
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ForkServer]:
    """A running one that imports nothing first; the module `program` can be forked from it."""
    monkeypatch.delenv(FORK_SERVER, raising=False)
    started = start(monkeypatch, WITHOUT_IMPORTS.format(idle=600))
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    for name, value in {"PYTHONPATH": str(tmp_path), "FLAVOUR": "sweet", "HERE": str(Path.cwd())}.items():
        monkeypatch.setenv(name, value)
    yield started
    started.close()
    assert FORK_SERVER not in os.environ


def start(monkeypatch: pytest.MonkeyPatch, code: str) -> ForkServer:
    popen = subprocess.Popen
    with monkeypatch.context() as patch:
        patch.setattr(
            forked.subprocess, "Popen", lambda command, **more: popen([command[0], "-c", code, *command[3:]], **more)
        )
        started = ForkServer()
        started.start()
    return started


def run(command: list[str]) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("command", [engine_command, cold_command])
def test_a_forked_program_is_one_that_began_by_itself(server: ForkServer, command: object) -> None:
    process = run(command("program", "7", "b c"))  # type: ignore[operator]
    output, errors = process.communicate("a word\n")
    assert output == "['7', 'b c'] __main__ sweet True\n" and errors == "a word\n"
    assert process.returncode == 7


def test_it_goes_with_what_stands_for_it_and_says_what_ended_it(server: ForkServer) -> None:
    first, second = run(engine_command("program", "0")), run(engine_command("program", "0"))
    assert server.process is not None and first.stdout is not None and second.stdout is not None
    first.stdout.readline(), second.stdout.readline()
    children = psutil.Process(server.process.pid).children
    assert len(children()) == 2
    first.kill()
    wait_until(lambda: len(children()) == 1)
    (other,) = children()
    other.send_signal(signal.SIGTERM)
    assert second.wait() == -signal.SIGTERM


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_as_it_would_by_itself(server: ForkServer, tmp_path: Path, end: str) -> None:
    (tmp_path / "program.py").write_text(ENDS[end], encoding="utf-8")
    found = []
    for command in (engine_command, cold_command):
        process = run(command("program"))
        output, errors = process.communicate()
        assert "Bad file descriptor" not in errors  # of the server's, whose work it would go on with
        found.append((output, errors.strip().rpartition("\n")[2], process.returncode))
    assert found[0] == found[1]
    assert server.process is not None and not psutil.Process(server.process.pid).children()


def test_its_end_does_not_wait_for_what_it_forked(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(FORKS, encoding="utf-8")
    process = run(engine_command("program"))
    assert process.stdout is not None
    left = psutil.Process(int(process.stdout.readline()))
    try:
        assert process.wait(60) == 0 and left.is_running()
    finally:
        left.kill()


def test_it_has_the_askers_umask_and_a_name(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import os; print(f'{os.umask(0):o}', open('/proc/self/comm').read())", encoding="utf-8"
    )
    command = engine_command("program")
    assert subprocess.run(command, stdout=subprocess.PIPE, umask=0o123).stdout.split() == [b"123", b"studio-program"]
    pid = fork_detached(tmp_path / "log", {}, "program")
    mine = os.umask(0o022)
    os.umask(mine)
    assert pid is not None
    wait_until(lambda: (tmp_path / "log").read_text(encoding="utf-8").split() == [f"{mine:o}", "studio-program"])


def test_a_server_that_ends_takes_neither_the_program_nor_its_exit_code_along(server: ForkServer) -> None:
    first, second = run(engine_command("program", "5")), run(engine_command("program", "6"))
    assert server.process is not None and first.stdout is not None and second.stdout is not None
    first.stdout.readline(), second.stdout.readline()
    programs = [Identity.of(child.pid) for child in psutil.Process(server.process.pid).children()]
    server.process.kill()
    server.process.wait()
    first.communicate("a word\n")
    assert first.returncode == 5
    assert [program.is_alive for program in programs].count(True) == 1
    second.kill()
    wait_until(lambda: not any(program.is_alive for program in programs))


def test_what_has_begun_is_not_begun_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The connection breaks after the program has begun."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "fork"))
        listener.listen()
        monkeypatch.setenv(FORK_SERVER, str(tmp_path / "fork"))
        process = run(engine_command("this"))  # whose output would be long
        connection, _ = listener.accept()
        size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
        _, lent, _, _ = socket.recv_fds(connection, 1, 3)
        for descriptor in lent:
            os.close(descriptor)
        connection.recv(size - 2, socket.MSG_WAITALL)
        connection.sendall(b'{"pid": 1}\n')
        connection.close()  # with something unread, which is an error for the other side
    output, _ = process.communicate()
    assert output == "" and process.returncode == 1


@pytest.mark.parametrize("size, body", BAD.values(), ids=BAD)
def test_a_bad_request_hurts_nobody_else(server: ForkServer, tmp_path: Path, size: bytes, body: bytes) -> None:
    run(engine_command("program", "0")).communicate("")  # the server has started, and holds nothing of it any more
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    before = process.num_fds()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.address)
        connection.sendall(size)
        if body:
            socket.send_fds(connection, [body[:1]], [0, 1, 2])
            connection.sendall(body[1:])
        assert fork_detached(tmp_path / "log", {}, "program") is not None
        wait_until(lambda: process.num_fds() == before)


def test_a_request_has_a_largest_size() -> None:
    ours, other = socket.socketpair()
    with ours, other:
        other.sendall(b"\xff\xff\xff\xff")
        with pytest.raises(ValueError, match="4294967295"):
            fork_server.fork(ours)


def test_the_servers_end_is_noticed_at_once(server: ForkServer) -> None:
    assert server.process is not None
    pid = server.process.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_package_that_nobody_needs_is_not_asked_for(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(WARNS, encoding="utf-8")
    assert run(engine_command("program")).communicate()[1] == "another\n"


def test_what_is_detached_outlives_the_server(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(LASTING, encoding="utf-8")
    pid = fork_detached(tmp_path / "log", {"FLAVOUR": "sour"}, "lasting")
    assert pid is not None and server.process is not None
    process = psutil.Process(pid)
    try:
        wait_until(lambda: (tmp_path / "log").read_text(encoding="utf-8") == "sour\n")
        assert process.ppid() == server.process.pid
        server.close()
        assert process.is_running()
    finally:
        process.kill()


@pytest.mark.parametrize(
    "code",
    ["", "import sys, time; time.sleep(1); sys.exit(1)", CANNOT_FORK],
    ids=["it ended", "it ends while asked", "no process can be forked"],
)
def test_where_nothing_can_be_forked_programs_begin_cold(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    server.close()
    broken = start(monkeypatch, code)
    process = run(engine_command("program", "3"))
    assert process.communicate("a word\n") == ("['3'] __main__ sweet True\n", "a word\n") and process.returncode == 3
    assert fork_detached(tmp_path / "log", {}, "program") is None
    broken.close()


def test_it_is_started_once_and_anew_when_it_ended(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    process = server.process
    server.start()
    assert server.process is process and process is not None
    another = ForkServer()
    another.start()
    assert another.process is None and os.environ[FORK_SERVER] == server.address
    process.kill()
    process.wait()
    before = server.address
    server.start()
    assert server.process is not process and os.environ[FORK_SERVER] == server.address != before


def test_it_ends_when_idle_and_with_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORK_SERVER, raising=False)
    idle = start(monkeypatch, WITHOUT_IMPORTS.format(idle=0.2))
    assert idle.process is not None and idle.process.wait() == 0
    idle.close()
    left = start(monkeypatch, WITHOUT_IMPORTS.format(idle=600))
    assert left.process is not None and left.process.stdin is not None
    left.process.stdin.close()
    assert left.process.wait() == 0


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORK_SERVER, raising=False)
    off = ForkServer(enabled=False)
    off.start()
    assert off.process is None and engine_command("x") == cold_command("x") == [sys.executable, "-m", "x"]
