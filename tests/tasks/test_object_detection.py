"""Boxes of objects: their way through resizing, mirroring, and back to the pixels of the image."""

import csv
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
import tiny
import torch
from PIL import Image
from prepared import prepare_table

from studio.data.fields.boxes import Box
from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.tasks import TASKS
from studio.tasks.base import Batch, Tools
from studio.tasks.object_detection import StackImages, mirrored

TASK = TASKS["object-detection"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boxes")
    with zipfile.ZipFile(tiny.write_boxes(folder / "boxes.zip", 12)) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def table(files: Path) -> pandas.DataFrame:
    frame = pandas.DataFrame(list(csv.DictReader((files / "boxes.csv").open(encoding="utf-8"))))
    frame["row"], frame["split"] = range(1, 13), ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    return frame


@pytest.fixture(scope="module", params=["detr", "yolos"])
def model(tmp_path_factory: pytest.TempPathFactory, request: Any) -> Path:
    return tiny.write_detection_model(tmp_path_factory.mktemp("models") / request.param, request.param)


def prepared(table: pandas.DataFrame, model: Path, files: Path, **options: Any) -> Prepared:
    return prepare_table(TASK.name, table, model, files, **options)


@pytest.mark.parametrize("side", [64, 96])
def test_images_of_any_shape_become_squares_and_their_boxes_shares(side: int, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (200, 50), "grey").save(path)
    rows = pandas.DataFrame({"row": [1, 2], "split": "train", "image": "wide.png"})
    rows["boxes"] = '[{"box": [20, 10, 40, 20], "label": "bar"}]'
    found = prepared(rows, model, tmp_path, image_size=side)
    (item,) = found.examples["train"].opened([0])
    assert item["pixel_values"].shape == (3, side, side) and (item["width"], item["height"]) == (200, 50)
    torch.testing.assert_close(item["labels"]["boxes"], torch.tensor([[0.2, 0.4, 0.2, 0.4]]))
    assert item["labels"]["class_labels"].tolist() == [found.model.config.label2id["bar"]]


def test_mirroring_moves_an_object_and_its_box_alike(table: pandas.DataFrame, model: Path, files: Path) -> None:
    found = prepared(table, model, files, image_size=64)
    (item,) = found.examples["train"].opened([0])
    other = mirrored(item)
    for each in (item, other):
        labels = each["labels"]
        for (x, y, width, height), label in zip(labels["boxes"] * 64, labels["class_labels"], strict=True):
            inner = [slice(int(m - side / 4), int(m + side / 4)) for m, side in ((y, height), (x, width))]
            inside = each["pixel_values"][0, *inner]
            is_bright = found.model.config.id2label[int(label)] == "square"
            assert (inside.min() > 1) if is_bright else (inside.max() < -1)
    assert torch.equal(mirrored(other)["pixel_values"], item["pixel_values"])
    torch.testing.assert_close(mirrored(other)["labels"]["boxes"], item["labels"]["boxes"])


def test_augmentation_is_for_training_alone(table: pandas.DataFrame, model: Path, files: Path) -> None:
    found = prepared(table, model, files, image_size=64, augment=True)
    items = found.examples["train"].opened([0, 1, 2, 3])
    plain = StackImages()(items)["pixel_values"]

    def drawn(collate: Any) -> list[torch.Tensor]:
        torch.manual_seed(0)
        return [collate(items)["pixel_values"] for _ in range(4)]

    assert TASK.varies(found.tools) and found.varying == {"train"}
    assert any(not torch.equal(one, plain) for one in drawn(found.collate_training))
    assert all(torch.equal(one, plain) for one in drawn(found.collate))
    still = prepared(table, model, files, image_size=64)
    assert not still.varying and all(torch.equal(one, plain) for one in drawn(still.collate_training))


def test_answers_are_in_pixels_of_the_image_the_surest_first(table: pandas.DataFrame, model: Path, files: Path) -> None:
    found = prepared(table, model, files, image_size=64)
    names = found.model.config.id2label
    sure, unsure, nothing = [6.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 9.0]
    outputs = SimpleNamespace(
        logits=torch.tensor([[unsure, nothing, sure]]),
        pred_boxes=torch.tensor([[[0.5, 0.5, 0.2, 0.4], [0.5, 0.5, 1.0, 1.0], [0.25, 0.5, 0.5, 0.5]]]),
    )
    batch = Batch({"pixel_values": torch.zeros(1, 3, 64, 64)}, [{"height": 50, "width": 200}])
    (answer,) = TASK.answer(found.tools, found.model, batch, outputs)
    assert [box["label"] for box in answer.value] == [names[0], names[1]]
    assert answer.value[0]["box"] == pytest.approx([0, 12.5, 100, 25])
    assert answer.value[1]["box"] == pytest.approx([80, 15, 40, 20])
    assert answer.value[0]["score"] > 0.98 > answer.value[1]["score"] and answer.details == {"width": 200, "height": 50}


def test_the_loss_counts_boxes(table: pandas.DataFrame, model: Path, files: Path) -> None:
    found = prepared(table, model, files, image_size=64)
    items = found.examples["train"].opened([0, 1, 2])
    assert int(TASK.loss(found.model, Batch(found.collate(items), items)).units) == 6


def test_boxes_that_are_no_numbers_any_more_are_said_in_plain_words(
    table: pandas.DataFrame, model: Path, files: Path
) -> None:
    found = prepared(table, model, files, image_size=64)
    with torch.no_grad():
        next(parameter for name, parameter in found.model.named_parameters() if "bbox_predictor" in name).fill_(
            torch.nan
        )
    items = found.examples["train"].opened([0])
    with pytest.raises(StudioError, match="smaller learning rate"):
        TASK.loss(found.model, Batch(found.collate(items), items))


def test_images_without_any_box_are_refused() -> None:
    with pytest.raises(StudioError, match="No image has a box"):
        TASK.configure(pandas.DataFrame({"boxes": ["[]", "[]"]}), TASK.Options())


def test_an_image_to_answer_needs_no_boxes(table: pandas.DataFrame, model: Path, files: Path) -> None:
    found = prepared(table, model, files, image_size=64)
    tools: Tools = found.tools
    (item,) = TASK.encode(tools, [{"image": files / "000.png"}])
    opened = TASK.open(tools, item)
    assert "labels" not in opened and "labels" not in StackImages()([opened])
    (with_boxes,) = TASK.encode(tools, [{"image": files / "000.png", "boxes": [Box(1, 2, 3, 4, "bar")]}])
    assert with_boxes["sides"] == [[1, 2, 3, 4]]
