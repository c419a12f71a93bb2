"""The pages that the tests of components look at in a real browser."""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from browser_support import PATIENCE, complaints_of


def load_gallery() -> ModuleType:
    """The page beside this file; its folder is no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("component_gallery", Path(__file__).parent / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["component_gallery"] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Shown:
    """A page, and what it complained of: errors, and requests that would have left this machine."""

    page: Any
    complaints: list[str]

    def heard(self, part: str) -> None:
        """Wait until the last event that reached Python holds `part`."""
        self.page.wait_for_function(
            "part => document.querySelector('#heard textarea, #heard input').value.includes(part)",
            arg=part,
            timeout=PATIENCE,
            polling=100,
        )


@pytest.fixture(scope="session")
def gallery_address() -> Iterator[str]:
    gallery = load_gallery()
    with gallery.served(gallery.build(gallery.Source(step=1175))) as address:
        yield address


def open_page(context: Any, address: str, width: int) -> Shown:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(PATIENCE)
    shown = Shown(page, complaints_of(page))
    page.goto(address)
    page.wait_for_selector("#live .ui-live-plot .main-svg", timeout=PATIENCE)
    return shown


@pytest.fixture(scope="session")
def shown(profile: Any, gallery_address: str) -> Iterator[Shown]:
    """One page for the tests that each drive a component of their own."""
    shown = open_page(profile, gallery_address, 1280)
    yield shown
    shown.page.close()


@pytest.fixture(params=[1280])
def fresh(profile: Any, gallery_address: str, request: Any) -> Iterator[Shown]:
    """A page of its own, of the width given as parameter."""
    fresh = open_page(profile, gallery_address, request.param)
    yield fresh
    fresh.page.close()


@dataclass
class Live:
    shown: Shown
    source: Any

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds on the server's side."""
        end = time.monotonic() + PATIENCE / 1000
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            self.shown.page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def live_gallery() -> Iterator[tuple[str, Any]]:
    """The address of a page with a live chart alone, and where to put the run that a test steers."""
    gallery = load_gallery()
    steered = gallery.Steered()
    with gallery.served(gallery.build_live(steered)) as address:
        yield address, steered


@pytest.fixture
def live(profile: Any, live_gallery: tuple[str, Any]) -> Iterator[Live]:
    """That page, freshly opened, with a run that the test steers from its beginning."""
    address, steered = live_gallery
    steered.source = source = load_gallery().Source(steered=True)
    live = Live(open_page(profile, address, 800), source)
    yield live
    live.shown.page.close()
    while source.active_polls:  # the next test has a run of its own
        time.sleep(0.05)
