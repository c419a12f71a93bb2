"""Widgets for whatever a task asks for, and the cells that they become."""

import json
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio.components.image import ImageData
from PIL import Image

from components.element import Element
from studio.app.inputs import INPUTS
from studio.app.inputs.slots import Slot, build_slots, given, shown
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.store import Run
from studio.tasks import TASKS
from studio.tasks.base import Task


class Pair(Task):
    """Two texts and an image, which may be missing."""

    name = "a-pair-for-tests"
    inputs = (
        Column("question", "Question", "text", ""),
        Column("passage", "Passage", "text", ""),
        Column("map", "Map", "image", "", required=False),
    )
    targets = ()


@pytest.fixture
def pair() -> Iterator[Task]:
    yield TASKS.add(Pair())
    TASKS.remove(Pair.name)


@pytest.fixture
def slots(pair: Task) -> list[Slot]:
    with gr.Blocks():
        return build_slots()


def test_there_is_a_place_for_each_input_of_every_task(slots: list[Slot]) -> None:
    for task in TASKS:
        columns = [column for slot in slots if (column := slot.column(task))]
        assert columns == list(task.inputs)
    ids = [slot.widget.elem_id for slot in slots]
    wanted = {
        f"try-{column.kind}" + (f"-{place}" if place > 1 else "")
        for task in TASKS
        for place, column in enumerate(task.inputs, 1)
    }
    assert wanted == set(ids) and {"try-text", "try-text-2", "try-image-3"} <= wanted
    assert len(ids) == len(set(ids))


def test_only_the_widgets_of_the_task_are_shown(slots: list[Slot], pair: Task) -> None:
    for task in TASKS:
        updates = dict(zip((slot.widget.elem_id for slot in slots), shown(slots, task, None), strict=True))
        assert sum(update["visible"] for update in updates.values()) == len(task.inputs)
    assert updates["try-text-2"]["label"] == "Passage" and updates["try-text"]["label"] == "Question"
    alone = shown(slots, next(iter(TASKS)), None)
    assert {update.get("label") for update in alone if update["visible"]} == {"Type something"}
    assert not any(update["visible"] for update in shown(slots, None, None))


def test_an_example_fills_its_fields_and_nothing_else(slots: list[Slot], pair: Task) -> None:
    updates = shown(slots, pair, {"passage": "Long ago"})
    assert [update["value"] for update in updates if "value" in update] == ["Long ago"]
    assert not any("value" in update for update in shown(slots, pair, None))


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "P", "I;16"])
def test_an_image_is_asked_about_as_it_was_brought(mode: str, tmp_path: Path) -> None:
    """Transparency, depth and turn are read later, as in training."""
    Image.new(mode, (8, 8)).save(tmp_path / "brought.png")
    widget = INPUTS["image"].widget("try-image")
    assert isinstance(widget, gr.Image)
    asked = widget.preprocess(ImageData(path=str(tmp_path / "brought.png"), orig_name="brought.png"))
    assert Path(str(asked)).read_bytes() == (tmp_path / "brought.png").read_bytes()


def test_what_the_widgets_hold_becomes_cells(slots: list[Slot], pair: Task) -> None:
    def held(**values: str | None) -> list[str | None]:
        return [values.get(str(slot.widget.elem_id).replace("-", "_")) for slot in slots]

    asked = held(try_text=" Who? ", try_text_2="Ann.", try_image_3="/tmp/map.png", try_image="another task's")
    assert given(slots, pair, asked) == {"question": "Who?", "passage": "Ann.", "map": "/tmp/map.png"}
    assert "map" not in given(slots, pair, held(try_text="Who?", try_text_2="Ann."))
    with pytest.raises(StudioError, match="nothing to ask about"):
        given(slots, pair, held(try_text="Who?", try_text_2="  "))


@pytest.mark.parametrize("entry", [*INPUTS], ids=lambda entry: entry.name)
def test_every_widget_is_hidden_until_it_is_wanted(entry: object) -> None:
    with gr.Blocks():
        widget = entry.widget("an-id")  # type: ignore[attr-defined]
        assert widget.visible is False and widget.elem_id == "an-id"
        assert isinstance(widget, Element) or widget.interactive, "a component of our own always is"
        assert list(entry.asks(widget))  # type: ignore[attr-defined]


def test_an_example_s_image_is_a_file_of_the_import(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.png").write_bytes(b"x")
    imported = Imported(tmp_path, "t", "folder", "image", None, ("image",), 1, ())  # type: ignore[arg-type]
    assert INPUTS["image"].of_example("a.png", imported) == str(tmp_path / "files" / "a.png")
    assert INPUTS["text"].of_example("as it is ", imported) == "as it is "
    for lost in (None, imported):
        with pytest.raises(StudioError, match="no longer there"):
            INPUTS["image"].of_example("b.png", lost)


def test_what_is_liked_is_picked_among_what_the_run_can_recommend_the_most_liked_first(tmp_path: Path) -> None:
    entry, run = INPUTS["liked"], Run(tmp_path)
    assert entry.offered(None) == entry.offered(run) == {"choices": []}
    run.model.mkdir()
    (run.model / "config.json").write_text('{"catalogue": {"soup": 1, "cake": 3}}', encoding="utf-8")
    assert entry.offered(run) == {"choices": ["cake", "soup"]}
    cell = entry.cell(["cake", "my own, with plums"])
    assert entry.shown(cell) == ["cake", "my own, with plums"] == FIELDS["liked"].parse(cell, None)
    assert entry.cell([]) == entry.cell(None) == "" and entry.shown(entry.cell("soup\ncake")) == ["soup", "cake"]


@pytest.mark.parametrize(
    "record",
    [{"a: b": "1"}, {"two\nlines": "2", "x": "y"}, {"{x": "1"}, {"notes": "short, of breath"}, {"x": "1, y: 2"}],
)
def test_a_row_of_a_table_is_asked_about_as_it_stands_whatever_its_columns_are_called(record: dict[str, str]) -> None:
    entry = INPUTS["record"]
    shown = entry.of_example(json.dumps(record), None)
    assert FIELDS["record"].parse(shown, None) == record
    assert entry.update(None, shown)["value"]["values"] == record
    assert json.loads(entry.cell({"values": record})) == record
