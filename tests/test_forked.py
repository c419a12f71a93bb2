"""Engine processes from the fork server: as if begun by themselves, and begun cold where there is no server."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from trained import wait_until

from studio import forked
from studio.forked import FORK_SERVER, ForkServer, cold_command, engine_command, fork_detached

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forking is for Linux")
WITHOUT_IMPORTS = "import sys; from studio import fork_server as s; s.PRELOADED = (); s.main(int(sys.argv[1]), {idle})"
LASTING = "import os, time\nprint(os.environ['FLAVOUR'], flush=True)\ntime.sleep(600)"
PROGRAM = """
import os, sys
print(sys.argv[1:], __name__, os.environ["FLAVOUR"], os.getcwd() == os.environ["HERE"], flush=True)
print(sys.stdin.readline().strip(), file=sys.stderr, flush=True)
sys.stdin.read()
sys.exit(int(sys.argv[1]))
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


@pytest.mark.parametrize("code", ["", "import sys, time; time.sleep(1); sys.exit(1)"], ids=["at once", "while asked"])
def test_where_the_server_has_ended_programs_begin_cold(
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
