"""The server as a process: it serves, trains and shows without ever importing what trains."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from logs import make_run

from studio.app import space
from studio.app.server import listen
from studio.paths import Home
from studio.store import Store

SERVER = Path(__file__).with_name("server_with_eyes.py")


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    address: str
    report: Path

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
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
        with urllib.request.urlopen(request, timeout=20) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            return told

    def seen(self) -> set[str]:
        return set(self.report.read_text(encoding="utf-8").split())


def free_port() -> int:
    with listen("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def server(home: Home, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    report = tmp_path / "modules"
    process = subprocess.Popen([sys.executable, str(SERVER), str(home.root), str(port), str(report)])
    started = Server(process, f"http://127.0.0.1:{port}", report)
    end = time.monotonic() + 60
    while True:
        try:
            started.get("/")
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
    yield started
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()


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
    end = time.monotonic() + 180
    while run.state().step < 5:
        assert time.monotonic() < end and run.state().status in ("queued", "starting", "running"), run.state()
        time.sleep(0.1)
    told = server.poll(run.id, 0)
    assert told["status"] == "running" and told["train"] and told["reset"]
    looks = len(server.report.read_text(encoding="utf-8").splitlines())
    while run.log_bytes == told["offset"]:
        time.sleep(0.05)
    later = server.poll(run.id, told["offset"])
    happened = {key: later.pop(key) for key in ("train", "validation", "metric", "log") if key in later}
    assert happened and "reset" not in later, "only what is new, however much that is on a busy machine"
    assert len(json.dumps(later)) < 700, "beside the news themselves, a poll says only how things stand"
    assert all(step > told["train"][-1][0] for step, _ in happened.get("train", []))
    time.sleep(0.5)
    assert len(server.report.read_text(encoding="utf-8").splitlines()) > looks
    assert server.seen() == {"-"}

    server.process.kill()  # as by `kill -9`: the run does not notice
    server.process.wait()
    before = run.state().step
    end = time.monotonic() + 20
    while run.state().step <= before:
        assert time.monotonic() < end, "the run ended with the server"
        time.sleep(0.1)
    run.command("stop")
    end = time.monotonic() + 60
    while run.state().status != "stopped":
        assert time.monotonic() < end and run.state().status == "running", run.state().status
        time.sleep(0.1)
    assert run.state().has_model
    steps = [point[0] for point in run.state().train]
    assert steps == sorted(set(steps))


def test_the_app_file_of_a_space_starts_from_a_bare_environment(tmp_path: Path) -> None:
    """As a Space starts it: by its path, from elsewhere, told only the port, the folder and the login."""
    port = free_port()
    told = {"STUDIO_HOME": str(tmp_path / "home"), "STUDIO_AUTH": "me:secret", "GRADIO_SERVER_PORT": str(port)}
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    process = subprocess.Popen([sys.executable, str(Path(space.__file__))], cwd=tmp_path, env={**kept, **told})
    try:
        end = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20)
                pytest.fail("the page is open to everybody")
            except urllib.error.HTTPError as refusal:
                assert refusal.code == 401
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < end, "the Space did not start"
                time.sleep(0.1)
        request = urllib.request.Request(f"http://127.0.0.1:{port}/")
        request.add_header("Authorization", "Basic " + base64.b64encode(b"me:secret").decode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200 and b"Fine-Tuning Studio" in answer.read()
        assert (tmp_path / "home").is_dir()
    finally:
        process.kill()
        process.wait()
