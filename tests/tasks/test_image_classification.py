"""Images: the same pixels in training, in answers and in the plain processor; problems; augmentation."""

import json
import zipfile
from pathlib import Path

import pandas
import pytest
import torch
from families import build
from PIL import Image
from prepared import prepare_table
from transformers import AutoImageProcessor

from studio.engine.answering import answer_rows
from studio.tasks import TASKS
from studio.tasks.images import Pixels, load_image_processor, vary
from studio.tasks.loading import Bundle

TASK = TASKS["image-classification"]


@pytest.fixture(scope="module")
def unpacked(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(images) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def table(unpacked: Path) -> pandas.DataFrame:
    names = sorted(str(path.relative_to(unpacked)) for path in unpacked.rglob("*.png"))
    labels = [Path(name).parts[0] for name in names]
    splits = [("train", "validation", "test", "train")[index % 4] for index in range(len(names))]
    return pandas.DataFrame({"row": range(1, len(names) + 1), "image": names, "label": labels, "split": splits})


def prepare(table, unpacked, folder, **options):
    return prepare_table(TASK.name, table, folder, unpacked, **options)


def test_preparation(table, unpacked, image_model):
    prepared = prepare(table, unpacked, image_model)
    assert prepared.tools.labels == ("across", "upright")
    assert prepared.new_parameters == {"classifier.1.weight", "classifier.1.bias"}
    assert prepared.lengths("train") is None and prepared.varying == frozenset()
    item = prepared.examples["train"][0]
    assert item["pixel_values"].dtype == torch.uint8
    assert item["pixel_values"] is prepared.examples["train"][0]["pixel_values"]  # decoded once
    batch = prepared.collate([prepared.examples["train"][index] for index in range(3)])
    output = prepared.model(**batch)
    assert output.loss.dim() == 0 and output.logits.shape == (3, 2)


PROCESSORS = [
    "ViTImageProcessor",
    "MobileNetV2ImageProcessor",
    "ConvNextImageProcessor",
    "BitImageProcessor",
    "EfficientNetImageProcessor",
]


@pytest.mark.parametrize("name", PROCESSORS)
def test_two_steps_give_the_pixels_of_the_processor(name):
    import numpy
    import transformers

    processor = getattr(transformers, name)()
    noise = numpy.random.default_rng(0).integers(0, 256, (300, 420, 3)).astype("uint8")
    image = Image.fromarray(noise).resize((420, 300), Image.Resampling.BILINEAR)
    pixels = Pixels(processor)
    ours = pixels.normalise(pixels.shrink(image)[None])
    assert pixels.divided == (name != "EfficientNetImageProcessor")  # which normalises twice
    theirs = processor(image, return_tensors="pt")["pixel_values"]
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_answers_see_the_pixels_of_training(table, unpacked, image_model):
    prepared = prepare(table, unpacked, image_model)
    model = prepared.model.eval()
    bundle = Bundle(TASK, model, prepared.tools)
    items = [prepared.examples["test"][index] for index in range(5)]
    trained = model(pixel_values=prepared.collate(items)["pixel_values"]).logits.softmax(-1)
    names = table[table["split"] == "test"]["image"][:5]
    for answer, row in zip(answer_rows(bundle, [{"image": unpacked / name} for name in names]), trained, strict=True):
        assert [answer.details["probabilities"][label] for label in prepared.tools.labels] == pytest.approx(
            row.tolist(), abs=1e-5
        )


def test_augmentation_varies_the_training_part_alone(table, unpacked, image_model):
    prepared = prepare(table, unpacked, image_model, augment=True)
    assert prepared.varying == {"train"}
    items = prepared.examples["train"].opened([0])
    torch.manual_seed(0)
    first, second = (prepared.collate_training(items)["pixel_values"] for _ in range(2))
    assert first.shape == second.shape and not torch.equal(first, second)
    torch.manual_seed(0)
    assert torch.equal(prepared.collate_training(items)["pixel_values"], first)
    assert torch.equal(*[prepared.collate(items)["pixel_values"] for _ in range(2)])


def test_varied_images_keep_their_kind():
    pixels = torch.randint(0, 256, (3, 40, 56), dtype=torch.uint8)
    for seed in range(20):
        torch.manual_seed(seed)
        varied = vary(pixels)
        assert varied.shape == pixels.shape and varied.dtype == torch.uint8


def test_a_large_head_gives_way_to_a_new_one(table, unpacked, tmp_path):
    """A checkpoint with 1,001 labels and no settings for its images, as published MobileNets come."""
    model = build("mobilenet_v2", classes=1001)
    model.save_pretrained(tmp_path)
    assert not (tmp_path / "preprocessor_config.json").exists()
    prepared = prepare(table, unpacked, tmp_path)
    assert prepared.model.classifier.weight.shape == (2, 1280)
    assert prepared.tools.processor.crop_size["height"] == 224
    assert prepared.new_parameters == {"classifier.weight", "classifier.bias"}


def test_a_missing_processor_takes_the_size_of_the_model(tmp_path):
    model = build("vit", with_head=False)
    model.save_pretrained(tmp_path)
    processor = load_image_processor(tmp_path, model.config, trust_remote_code=False)
    assert (processor.size["height"], processor.size["width"]) == (32, 32)


def test_the_folder_s_own_processor_is_used(image_model):
    processor = load_image_processor(image_model, None, trust_remote_code=False)
    assert type(processor) is type(AutoImageProcessor.from_pretrained(image_model))
    settings = json.loads((image_model / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert processor.size["shortest_edge"] == settings["size"]["shortest_edge"]
