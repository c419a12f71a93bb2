"""What the model does not see of the texts: found out in the background, shown on the Strategy page, changed by a
press."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from studio.app import unseen
from studio.app.background import Background
from studio.app.clicks import Click, event_of
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.pages import Page, Services
from studio.app.tabs import strategy
from studio.errors import StudioError
from studio.token_reader import read_tokens


@pytest.fixture
def page(services: Services) -> Page:
    with gr.Blocks():
        return strategy.build(services)


@pytest.fixture
def long_draft(text_draft: Draft, services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path) -> Draft:
    file = tmp_path / "long.csv"
    rows = [f"{'good ' * (4 if number < 70 else 50)}{number},{'yes' if number % 2 else 'no'}" for number in range(100)]
    file.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return upload(text_draft, file).configure({"options.max_length": 16})


def drawn(page: Page, draft: Draft) -> dict[str, Any]:
    shown = zip(page.outputs, page.show(draft), strict=True)
    return {str(getattr(widget, "elem_id", None) or type(widget).__name__): update for widget, update in shown}


def test_what_is_cut_is_said_and_a_press_sets_the_longer_length(
    services: Services, page: Page, long_draft: Draft
) -> None:
    shown = drawn(page, long_draft)
    assert "30% of the texts are cut after 16 tokens." in shown["unseen"]
    assert shown["remedies"] == {
        "changes": [
            {"key": "options.max_length", "title": "Longest text (max length, in tokens)", "value": "64"},
        ]
    }
    pressed = strategy.read_longer(services, long_draft)
    assert pressed.options == {"max_length": 64}
    again = drawn(page, pressed)
    assert "are cut" not in again["unseen"] and again["remedies"] == {"changes": []}
    assert strategy.read_longer(services, pressed) == pressed, "an old page's press"


def test_a_model_for_images_reads_no_texts(services: Services, page: Page, image_draft: Draft) -> None:
    assert services.unseen.current(image_draft, services.datasets) == []
    assert drawn(page, image_draft)["unseen"] == ""


def test_nothing_is_found_where_no_column_is_read_as_it_stands(
    services: Services, long_draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen, "texts_of", lambda *_: [])
    assert services.unseen.current(long_draft, services.datasets) == []


def test_the_page_can_be_used_while_the_texts_are_read(
    services: Services, page: Page, long_draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def held(*arguments: Any) -> Any:
        assert go_on.wait(60)
        try:
            return read_tokens(*arguments, here=True)
        finally:
            ended.set()

    monkeypatch.setattr(unseen, "reads_here", lambda: False)
    monkeypatch.setattr(unseen, "read_tokens", held)
    shown = drawn(page, long_draft)
    assert shown["unseen"] == "" and shown["Timer"].active and shown["presets"]["cards"]
    go_on.set()
    assert ended.wait(60)
    while services.unseen.current(long_draft, services.datasets) is None:
        pass
    shown = drawn(page, long_draft)
    assert "are cut" in shown["unseen"] and not shown["Timer"].active


@pytest.mark.parametrize(("opened", "goes_on"), [("strategy", True), ("train", False)])
def test_looking_again_by_itself_takes_no_message_away_and_ends_with_the_page(
    services: Services, shell: Shell, long_draft: Draft, opened: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.unseen, "current", lambda *_: None)
    draft = services.drafts.save(long_draft.change(page=opened))
    page = shell.pages["strategy"]
    (tick,) = [wire for wire in page.wires if event_of(wire) == "tick"]
    _, message, _, _, timer, *_ = Click(shell, page, tick).handle(gr.EventData(None, None), draft.id)
    assert message == gr.skip() and timer.active == goes_on


def test_what_goes_wrong_is_said_and_stops_nobody(
    services: Services, page: Page, long_draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> Any:
        raise StudioError("It could not be found out.", "It took too long.", "Go on.")

    monkeypatch.setattr(unseen, "read_tokens", fails)
    shown = drawn(page, long_draft)
    assert "It could not be found out." in shown["unseen"] and shown["presets"]["cards"]


def test_one_answer_is_found_out_once_and_a_failure_is_kept_until_it_is_forgotten() -> None:
    background, asked = Background[int](1), []
    ended = threading.Event()

    def find() -> int:
        asked.append(1)
        ended.set()
        if len(asked) == 1:
            raise StudioError("Not now.", "", "")
        return 7

    def until_told() -> int:
        while (found := background.ask("a", find)) is None:
            assert ended.wait(60)
        return found

    for _ in range(2):
        with pytest.raises(StudioError):
            until_told()
    background.forget("a")
    assert until_told() == 7 and len(asked) == 2
