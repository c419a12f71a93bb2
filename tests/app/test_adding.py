"""The ways to bring data on the Data page, and what sums it up once it is there."""

import base64
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import tiny

from studio.app import adding, file_reading, split_section
from studio.app.drafts import Draft
from studio.app.imports import import_sent
from studio.app.own_images import images_of
from studio.app.pages import Services
from studio.app.right_file import right_file_html
from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.templates import drawn_image, template_of
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Task


def shown(services: Services, draft: Draft) -> dict[str, Any]:
    with gr.Blocks():
        section = adding.adding_data(services)
    return dict(zip((widget.elem_id for widget in section.outputs), section.show(draft), strict=True))


def draft_for(task: str) -> Draft:
    return Draft(id="a" * 24, config={"task": task})


@pytest.mark.parametrize("task", [*TASKS], ids=lambda task: task.name)
def test_every_row_of_every_task_s_template_can_be_used(task: Task, home: Home, tmp_path: Path) -> None:
    template = template_of(task.columns)
    file = tmp_path / template.name
    file.write_bytes(template.content())
    imported = import_source(str(file), ReadingOptions(), home, Limits())
    with pytest.raises(StudioError) as refused:  # three are too few to learn from, and nothing else is wrong with them
        assemble(imported, DataOptions(source="-"), task.columns, task.check)
    assert refused.value.explanation.why == "3 rows can be used; at least 6 are needed, some hundred are good."


@pytest.mark.parametrize("task", [*TASKS], ids=lambda task: task.name)
def test_the_right_file_is_shown_and_travels_in_its_link(task: Task) -> None:
    template, html = template_of(task.columns), right_file_html(task)
    (content,) = re.findall(r'href="data:[\w/]+;base64,([^"]+)"', html)
    assert base64.b64decode(content) == template.content() and f'download="{template.name}"' in html
    if template.name.endswith(".zip"):
        names = zipfile.ZipFile(io.BytesIO(template.content())).namelist()
        assert names == list(template.files) and all(part in html for name in names for part in name.split("/"))


def test_images_are_collected_class_by_class_and_rows_are_typed_where_that_is_of_use(services: Services) -> None:
    images, texts, boxes = (
        shown(services, draft_for(task)) for task in ("image-classification", "text-classification", "object-detection")
    )
    assert [each["collect"]["visible"] for each in (images, texts, boxes)] == [True, False, False]
    assert [each["type"]["visible"] for each in (images, texts, boxes)] == [False, True, False]
    assert [column["key"] for column in texts["typed-rows"]["columns"]] == ["text", "label"]
    assert ".png" in images["upload"]["accept"] and ".png" not in texts["upload"]["accept"]


def test_the_place_for_files_says_how_large_they_may_be_and_who_keeps_them(services: Services) -> None:
    own = shown(services, draft_for("text-classification"))["upload"]
    assert own["note"] == "Up to 2,000 MB. It stays on this computer." and own["most"] == services.limits.upload_bytes
    object.__setattr__(services, "settings", services.settings.model_copy(update={"host": "0.0.0.0"}))
    hosted = shown(services, draft_for("text-classification"))["upload"]["note"]
    assert "this computer" not in hosted and "whoever runs the server" in hosted


def test_what_was_not_sent_is_not_imported(services: Services, reviews: Path) -> None:
    draft = services.drafts.save(draft_for("text-classification"))
    with pytest.raises(StudioError, match="you have not sent"):
        list(import_sent(services, draft, {"path": str(reviews)}))
    sent = services.home.sent / "0123" / "reviews.csv"
    sent.parent.mkdir(parents=True)
    sent.write_bytes(reviews.read_bytes())
    with pytest.raises(StudioError, match="you have not sent"):
        list(import_sent(services, draft, {"path": str(sent.parent / ".." / ".." / ".." / "reviews.csv")}))
    for odd in ("", "\0", "x" * 5000, 5, None, str(services.home.sent)):
        with pytest.raises(StudioError, match="you have not sent"):
            list(import_sent(services, draft, {"path": odd}))
    work = import_sent(services, draft, {"path": str(sent)})
    with pytest.raises(StopIteration) as end:
        while True:
            next(work)
    assert end.value.value.title == "reviews.csv" and not sent.exists(), "the sent copy is gone once it is kept"


def test_images_are_given_with_the_split_that_their_data_names(
    services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    """What validates is drawn from the training images here: the data names none for it."""
    draft = upload(
        draft_for("image-classification"), tiny.write_images(tmp_path / "a.zip", 20, splits=("train", "test"))
    )
    found = images_of(services, {"draft": draft.id})["classes"]
    assert [sorted(each["splits"]) for each in found] == [["test"] * 10 + ["train"] * 10] * 2
    assert "validation" in services.datasets.assembled(draft).table["split"].tolist()
    mixed = services.drafts.save(draft.configure({"data.split.keep": False}))
    assert [each["splits"] for each in images_of(services, {"draft": mixed.id})["classes"]] == [[], []]


def test_the_images_of_the_data_in_use_are_given_by_class(services: Services, image_draft: Draft) -> None:
    found = {each["name"]: each["images"] for each in images_of(services, {"draft": image_draft.id})["classes"]}
    assert {name: len(images) for name, images in found.items()} == {"across": 20, "upright": 20}
    assert all(image.startswith("gradio_api/file=") for images in found.values() for image in images)


def test_texts_have_no_images_to_give(services: Services, text_draft: Draft) -> None:
    assert images_of(services, {"draft": text_draft.id})["reason"] and "classes" in images_of(services, {})


def test_folded_parts_are_summed_up_in_a_line(services: Services, text_draft: Draft) -> None:
    imported, assembled = services.datasets.require_imported(text_draft), services.datasets.assembled(text_draft)
    assert file_reading.told(imported) == "File: CSV, separated by commas, UTF-8, first row has column names"
    mixed = "Split: 80% train, 10% validation, 10% test, same mix of classes"
    assert split_section.told(text_draft, assembled) == mixed
    plain = text_draft.configure({"data.split.stratify": False})
    assert split_section.told(plain, services.datasets.assembled(plain)) == mixed.rpartition(",")[0]


def test_a_split_that_came_with_the_data_is_told(
    services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    rows = [f"a film {n},{('good', 'bad')[n % 2]},{('train', 'validation', 'test')[n % 3]}" for n in range(60)]
    (tmp_path / "parts.csv").write_text("\n".join(["text,label,split", *rows]), encoding="utf-8")
    draft = upload(draft_for("text-classification"), tmp_path / "parts.csv")
    told = split_section.told(draft, services.datasets.assembled(draft))
    assert told == "Split: 33% train, 33% validation, 33% test, as the data came"


def test_a_task_of_texts_has_no_images_to_give_whatever_came_with_its_table(
    services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    rows = [f"a film {n},{('good', 'bad')[n % 2]},{n}.png" for n in range(12)]
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as packed:
        packed.writestr("table.csv", "\n".join(["text,label,image", *rows]))
        for n in range(12):
            packed.writestr(f"{n}.png", drawn_image(n % 3))
    draft = upload(draft_for("text-classification"), tmp_path / "both.zip")
    assert services.datasets.assembled(draft).label == "label"
    assert images_of(services, {"draft": draft.id})["reason"]
