"""A real browser for the tests of components, and the page they look at."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium")


def load_gallery() -> ModuleType:
    """The page beside this file; its folder is no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("component_gallery", Path(__file__).parent / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["component_gallery"] = module
    spec.loader.exec_module(module)
    return module


def no_browser(reason: str) -> None:
    """Skip, or fail where a browser is promised."""
    if os.environ.get("STUDIO_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        no_browser("playwright is not installed")
    if executable is None:
        no_browser("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Shown:
    """The gallery as one test sees it: the page, and the run behind its live chart."""

    page: Any
    source: Any
    address: str
    complaints: list[str]

    def heard(self, part: str) -> None:
        """Wait until the last event that reached Python holds `part`."""
        self.page.wait_for_function(
            "part => document.querySelector('#heard textarea, #heard input').value.includes(part)",
            arg=part,
            timeout=8000,
        )


@pytest.fixture(scope="session")
def served(browser: Any) -> Iterator[tuple[Any, str]]:
    gallery = load_gallery()
    source = gallery.Source()
    demo, address = gallery.launch(source)
    yield source, address
    demo.close(verbose=False)


@pytest.fixture(params=[1280])
def shown(browser: Any, served: tuple[Any, str], request: Any) -> Iterator[Shown]:
    source, address = served
    source.__init__()
    context = browser.new_context(viewport={"width": request.param, "height": 900}, color_scheme="light")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda sent: complaints.append(sent.url) if not sent.url.startswith((address, "data:", "blob:")) else None,
    )
    page.goto(address)
    page.wait_for_selector("#live .ui-stat", timeout=20000)
    yield Shown(page, source, address, complaints)
    context.close()
