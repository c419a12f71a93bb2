"""The helper that starts workers by a fork: they outlive it, and it goes when nobody needs it.

That a forked worker trains like any other, test_resume shows. Here it starts at once: the imports are left out.
"""

import json
import subprocess
import sys

import pytest
from filelock import FileLock
from trained import Finished, state_of, wait_for_end, wait_until

from studio.engine import warm
from studio.processes import Identity
from studio.store import Run

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="forking is for Linux")
WITHOUT_IMPORTS = "import sys; from studio.engine import warm; warm.PRELOADED = (); sys.exit(warm.main({seconds}))"


def start_helper(seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WITHOUT_IMPORTS.format(seconds=seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def fork_worker(helper: "subprocess.Popen[str]", run: Run) -> Identity:
    assert helper.stdin is not None and helper.stdout is not None
    helper.stdin.write(json.dumps({"run_dir": str(run.folder)}) + "\n")
    helper.stdin.flush()
    return Identity.of(json.loads(helper.stdout.readline())["pid"])


def test_a_worker_outlives_the_helper(finished: Finished) -> None:
    run = finished.new("full")
    finished.home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(finished.home.locks / "device-0.lock"):
        helper = start_helper(600)
        worker = fork_worker(helper, run)
        wait_until(lambda: state_of(run).phase is not None)
        helper.kill()
        helper.wait()
        assert worker.is_alive and run.worker is not None and run.worker.pid == worker.pid
        run.command("stop")
        wait_for_end(worker)
    assert state_of(run).status == "stopped"
    assert "finished" in run.worker_log.read_text(encoding="utf-8")


def test_it_ends_when_idle_and_with_its_stdin() -> None:
    assert start_helper(0.2).wait() == 0
    helper = start_helper(600)
    assert helper.stdin is not None
    helper.stdin.close()
    assert helper.wait() == 0


def test_it_knows_no_other_platform(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(warm, "PRELOADED", ())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert warm.main(0.1) == 2 and "platform" in capsys.readouterr().err
