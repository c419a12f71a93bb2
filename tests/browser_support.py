"""A real Chromium for the tests that look at pages, and what a page complained of."""

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

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
    "--use-fake-device-for-media-stream",  # a camera that shows a disc being filled,
    "--use-fake-ui-for-media-stream",  # and the permission to use it
]
PATIENCE = 300_000  # milliseconds; on a busy machine a process that imports torch takes minutes
OWN_HOSTS = ("127.0.0.1", "localhost")
OWN_SCHEMES = ("data", "blob", "about")


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def no_browser(reason: str) -> None:
    """Skip, or fail where a browser is promised."""
    if os.environ.get("STUDIO_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Playwright's Chromium, and how it is launched."""
    executable = find_chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        no_browser("playwright is not installed")
    if executable is None:
        no_browser("no Chromium is installed")
    with sync_playwright() as playwright:
        yield playwright.chromium, {"executable_path": executable, "args": FLAGS}


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    launcher, settings = chromium
    launched = launcher.launch(**settings)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def profile(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser as people have it: it keeps what it has loaded and compiled, so that pages open in half the time."""
    launcher, settings = chromium
    screen = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "reduced_motion": "reduce"}
    launched = launcher.launch_persistent_context(tmp_path_factory.mktemp("profile"), **settings, **screen)
    yield launched
    launched.close()


def barriers(page: Any) -> list[str]:
    """What keeps people from using the page as it is: violations of WCAG 2.2 AA and of good practice, by axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def complaints_of(page: Any) -> list[str]:
    """A list that fills with the page's errors and with requests that would have left this machine."""
    complaints: list[str] = []

    def leaves(url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme not in OWN_SCHEMES and parts.hostname not in OWN_HOSTS

    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("request", lambda sent: complaints.append(f"request: {sent.url}") if leaves(sent.url) else None)
    return complaints
