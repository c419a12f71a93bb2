"""How a model is built is read in the background: pages begin early, wait without blocking, and report failures."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
import pytest

from studio.app import architectures
from studio.app.drafts import Draft
from studio.app.main import BUILDERS
from studio.app.pages import Page, Services, wait_for_architecture
from studio.app.tabs import model as model_tab
from studio.errors import StudioError
from studio.model_reader import read_architecture


@dataclass
class Reading:
    """A reading that takes as long as it is held, or fails."""

    go_on: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    failure: StudioError | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.ended.is_set() and self.failure is None:  # from memory by now
            return read_architecture(*arguments, **keywords)
        self.count += 1
        self.began.set()
        assert self.go_on.wait(60)
        try:
            if self.failure:
                raise self.failure
            return read_architecture(*arguments, **keywords)
        finally:
            self.ended.set()


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """As in the page's process, which has no torch."""
    held = Reading()
    monkeypatch.setattr(architectures, "reads_here", lambda: False)
    monkeypatch.setattr(architectures, "read_architecture", held)
    monkeypatch.setattr(architectures, "SECONDS_BETWEEN", 0.01)
    yield held
    held.go_on.set()


def pages(services: Services) -> dict[str, Page]:
    with gr.Blocks():
        return {page.key: page for page in (build(services) for build in BUILDERS)}


def until_told(services: Services, draft: Draft) -> None:
    for _ in services.architectures.waiting(draft):
        pass


def test_the_model_page_begins_and_the_strategy_page_finds_it(
    services: Services, text_draft: Draft, reading: Reading
) -> None:
    built = pages(services)
    built["model"].show(text_draft.change(page="model"))
    built["data"].show(text_draft.change(page="data"))
    assert reading.began.wait(60)
    reading.go_on.set()
    until_told(services, text_draft)
    assert reading.count == 1
    presets = dict(zip(built["strategy"].outputs, built["strategy"].show(text_draft), strict=True))
    drawn = next(value for output, value in presets.items() if output.elem_id == "presets")
    assert "trains 1,122 parameters" in str(drawn)


def test_the_strategy_page_says_that_it_waits(services: Services, text_draft: Draft, reading: Reading) -> None:
    page = pages(services)["strategy"]
    timer, head = page.outputs[:2]
    waiting = dict(zip(page.outputs, page.show(text_draft), strict=True))
    assert waiting[timer].active and "Reading how the model is built" in waiting[head]
    drawn = {getattr(output, "elem_id", None): value for output, value in waiting.items()}
    assert drawn["presets"]["cards"] == drawn["strategy"]["groups"] == drawn["settings"]["groups"] == []
    reading.go_on.set()
    until_told(services, text_draft)
    ready = dict(zip(page.outputs, page.show(text_draft), strict=True))
    assert not ready[timer].active and "How much should the model learn?" in ready[head]


def test_a_demo_shows_that_it_waits(services: Services, text_draft: Draft, reading: Reading) -> None:
    work = wait_for_architecture(services, text_draft)
    assert "Reading how the model is built" in next(work)
    reading.go_on.set()
    assert all("Reading" in sentence for sentence in work)
    assert services.architectures.current(text_draft) is not None


def test_a_failure_is_reported_on_both_pages_until_the_model_is_chosen_again(
    services: Services, text_draft: Draft, reading: Reading
) -> None:
    reading.failure = StudioError("It cannot be taught this.", "It is of another kind.", "Choose another model.")
    services.architectures.prefetch(text_draft)
    reading.go_on.set()
    assert reading.ended.wait(60)
    with pytest.raises(StudioError, match="cannot be taught"):
        until_told(services, text_draft)
    built = pages(services)
    shown = dict(zip(built["model"].outputs, built["model"].show(text_draft.change(page="model")), strict=True))
    summary = next(value for output, value in shown.items() if output.elem_id == "model-summary")
    assert "It cannot be taught this." in summary
    assert "It cannot be taught this." in built["strategy"].show(text_draft)[1]
    assert reading.count == 1
    reading.failure = None
    model_tab.take(services, text_draft, str(text_draft.model))
    until_told(services, text_draft)
    assert services.architectures.current(text_draft) is not None


def test_nothing_is_read_before_model_and_task_are_chosen(services: Services, reading: Reading) -> None:
    services.architectures.prefetch(Draft(id="0" * 24))
    services.architectures.prefetch(Draft(id="0" * 24, config={"task": "text-classification"}))
    services.architectures.prefetch(
        Draft(id="0" * 24, config={"task": "text-classification", "model": {"id": "/no/such/folder"}})
    )
    assert reading.count == 0
