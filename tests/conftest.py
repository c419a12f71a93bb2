"""Fixtures that every test may use: a home of its own, tiny models, tiny data, and no network."""

import gc
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tiny
from browser_support import browser as browser
from browser_support import chromium as chromium
from browser_support import profile as profile
from trained import finished as finished
from trained import forked as forked
from trained import forking as forking
from trained import inference as inference
from trained import workers as workers

from studio.paths import Home

SETTINGS_OF_PEOPLE = ("STUDIO_", "GRADIO_", "HF_", "HUGGING", "TRANSFORMERS_")
SETTINGS_OF_TESTS = ("STUDIO_REQUIRE_BROWSER", "STUDIO_FUZZ_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-names", action="store_true", help="take the names of the page's controls anew")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    gc.disable()  # until everything is imported
    isolate_from_this_machine(config)


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: the one that drives a browser mostly waits."""
    return (os.cpu_count() or 1) + 1


def isolate_from_this_machine(config: pytest.Config) -> None:
    """No environment variable or file of this machine decides a test, and no test touches the person's files."""
    folder = tempfile.TemporaryDirectory(prefix="studio-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    for name in list(os.environ):
        if name.startswith(SETTINGS_OF_PEOPLE) and not name.startswith(SETTINGS_OF_TESTS):
            del os.environ[name]
    os.environ |= {"STUDIO_HOME": f"{folder.name}/home", "HF_HOME": f"{folder.name}/huggingface"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"}


def pytest_collection_finish() -> None:
    """What was imported for the tests stays: nobody looks for garbage in it, now or later."""
    gc.freeze()
    gc.enable()


SHARING = {
    "browser": "browser",  # one server, and the run that was clicked to its end
    "engine": "engine",  # finished runs, and the inference process that has loaded them
    "exporters": "engine",
}  # by the folder of their tests: what is made once for all of them


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is slow to make run in one process, others a file in one; the longest begin first."""
    order = list(dict.fromkeys(SHARING.values()))

    def group(item: pytest.Item) -> str:
        folder = item.path.parent.name
        return SHARING.get(folder, f"{folder}.{item.path.stem}")

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=lambda item: order.index(group(item)) if group(item) in order else len(order))


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that leaves this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    root = tmp_path / "home"
    monkeypatch.setenv("STUDIO_HOME", str(root))
    return Home.find()


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_text_model(tmp_path_factory.mktemp("models") / "tiny-bert")


@pytest.fixture(scope="session")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_image_model(tmp_path_factory.mktemp("models") / "tiny-resnet")


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_reviews(tmp_path_factory.mktemp("data") / "reviews.csv")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_images(tmp_path_factory.mktemp("data") / "images.zip")
