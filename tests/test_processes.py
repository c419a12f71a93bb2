"""Processes are known by pid and start time, and outlive the one that started them."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
from trained import wait_until

from studio.processes import Identity, python, start_detached


def test_this_process_is_alive_and_comes_back_from_its_dictionary() -> None:
    identity = Identity.of()
    assert identity.pid == os.getpid() and identity.is_alive
    assert Identity.from_dict(identity.as_dict()) == identity


def test_another_start_time_is_another_process() -> None:
    now = Identity.of()
    assert not Identity(now.pid, now.started - 100).is_alive
    assert not Identity(2**22 + 12345, now.started).is_alive


def test_an_ended_process_is_dead_even_before_it_is_collected() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    identity = Identity.of(process.pid)
    wait_until(lambda: not identity.is_alive)
    process.wait()
    assert not identity.is_alive


def test_a_detached_process_survives_its_starter(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "out.log"
    starter = (
        "from pathlib import Path; from studio.processes import start_detached; import sys; "
        "code = 'import os, time; print(os.environ[\"FLAVOUR\"], flush=True); time.sleep(600)'; "
        f"print(start_detached([sys.executable, '-c', code], Path({str(log)!r}), {{'FLAVOUR': 'sweet'}}).pid)"
    )
    root = str(Path(__file__).resolve().parent.parent)
    output = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, cwd=root)
    orphan = psutil.Process(int(output.stdout))
    try:
        wait_until(lambda: log.read_text(encoding="utf-8").endswith("\n"))
        assert log.read_text(encoding="utf-8").strip() == "sweet"
        assert orphan.is_running()
    finally:
        orphan.kill()


def test_modules_run_with_this_interpreter(tmp_path: Path) -> None:
    assert python("studio.engine.worker", "x") == [sys.executable, "-m", "studio.engine.worker", "x"]
    assert start_detached(python("this"), tmp_path / "log", {}).wait() == 0
