"""The server as a process: it serves, trains and shows without ever importing what trains."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from logs import make_run
from studio_page import reserve_port
from trained import wait_until

from studio.app import space
from studio.paths import Home
from studio.store import Store

SERVER = Path(__file__).with_name("server_with_eyes.py")


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    address: str
    report: Path

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=120) as answer:
            content: bytes = answer.read()
            return content

    def poll(self, run_id: str, offset: int) -> dict[str, Any]:
        """What the live chart in a browser does twice a second."""
        config = json.loads(self.get("/config"))
        chart = next(each for each in config["components"] if each["props"].get("elem_id") == "live-chart")
        query = {"run": run_id, "offset": offset}
        body = {"component_id": chart["id"], "fn_name": "poll_run", "data": query, "session_hash": "test"}
        request = urllib.request.Request(
            f"{self.address}/gradio_api/component_server",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            return told

    def looks(self) -> int:
        return len(self.report.read_text(encoding="utf-8").splitlines())

    def seen(self) -> set[str]:
        return set(self.report.read_text(encoding="utf-8").split())


@pytest.fixture
def server(home: Home, forked: None, tmp_path: Path) -> Iterator[Server]:
    port, holder = reserve_port()
    report = tmp_path / "modules"
    process = subprocess.Popen([sys.executable, str(SERVER), str(home.root), str(port), str(report)])
    started = Server(process, f"http://127.0.0.1:{port}", report)

    def answers() -> bool:
        try:
            return bool(started.get("/"))
        except OSError:
            assert process.poll() is None, "the server did not start"
            return False

    wait_until(answers)
    yield started
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
        holder.close()
    holder.close()


def test_the_server_holds_nothing_heavy_before_and_during_a_training(
    server: Server, home: Home, text_model: Path, reviews: Path
) -> None:
    assert server.seen() == {"-"}
    config = (
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{reviews}'}}\n"
        "training: {epochs: 1000, batch_size: 8, checkpoint_seconds: 0.5, precision: fp32, device: cpu}\n"
    )
    run = make_run(Store(home), "watched", config)
    run.enqueue()

    def is_training() -> bool:
        state = run.state()
        assert state.status in ("queued", "starting", "running"), state
        return state.step >= 5

    wait_until(is_training)
    told = server.poll(run.id, 0)
    assert told["status"] == "running" and told["train"] and told["reset"]
    looks = server.looks()
    wait_until(lambda: run.state().step > told["train"][-1][0])
    later = server.poll(run.id, told["offset"])
    happened = {key: later.pop(key) for key in ("train", "validation", "metric", "log") if key in later}
    assert happened and "reset" not in later, "only what is new, however much that is on a busy machine"
    assert len(json.dumps(later)) < 1000, "beside the news themselves, a poll says only how things stand"
    assert all(step > told["train"][-1][0] for step, _ in happened.get("train", []))
    wait_until(lambda: server.looks() > looks)
    assert server.seen() == {"-"}

    server.process.kill()  # as by `kill -9`: the run does not notice
    server.process.wait()
    before = run.state().step

    def is_running() -> bool:
        state = run.state()
        assert state.status in ("running", "stopped"), "the run ended with the server"
        return state.status == "running"

    wait_until(lambda: is_running() and run.state().step > before)
    run.command("stop")
    wait_until(lambda: not is_running())
    assert run.state().has_model
    steps = [point[0] for point in run.state().train]
    assert steps == sorted(set(steps))


def test_the_app_file_of_a_space_starts_from_a_bare_environment(tmp_path: Path) -> None:
    """As a Space starts it: by its path, from elsewhere, told only the port, the folder and the login."""
    port, holder = reserve_port()
    told = {"STUDIO_HOME": str(tmp_path / "home"), "STUDIO_AUTH": "me:secret", "GRADIO_SERVER_PORT": str(port)}
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    process = subprocess.Popen([sys.executable, str(Path(space.__file__))], cwd=tmp_path, env={**kept, **told})
    try:

        def refuses() -> bool:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=120)
                pytest.fail("the page is open to everybody")
            except urllib.error.HTTPError as refusal:
                assert refusal.code == 401
                return True
            except OSError:
                assert process.poll() is None, "the Space did not start"
                return False

        wait_until(refuses)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(f"http://127.0.0.1:{port}/login", b"username=me&password=secret", timeout=120) as answer:
            assert answer.status == 200 and b"Fine-Tuning Studio" in answer.read()
        assert (tmp_path / "home").is_dir()
    finally:
        process.kill()
        process.wait()
        holder.close()
