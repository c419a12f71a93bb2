"""Regions of images: learned by heart, marked alike by the finished folder, scored as scikit-learn does."""

import json
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
import transformers
from overfitting import ROWS, overfit
from PIL import Image
from prepared import prepare_table
from sklearn.metrics import jaccard_score

from studio.data.assembly import Assembled, assemble
from studio.data.fields.mask import Mask, read_mask
from studio.data.image_files import StoredImage
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.masks import Masks, RawMask, store_masks
from studio.data.options import DataOptions, ReadingOptions
from studio.data.regions import LEFT_OUT, pixels_of, regions_of
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import RIGHT, Answer, Batch, Tools
from studio.tasks.regions import RegionScorer

TASK = TASKS["image-segmentation"]
LABELS = ("background", "bar", "square")


def brought(path: Path, home: Home) -> tuple[Imported, Assembled]:
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    return imported, assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)


@pytest.mark.parametrize(("kind", "epochs", "rate"), [("segformer", 70, 2e-2), ("mask2former", 70, 2e-3)])
def test_thirty_two_images_are_learned_by_heart(
    kind: str, epochs: int, rate: float, home: Home, tmp_path: Path
) -> None:
    imported, assembled = brought(tiny.write_masked(tmp_path / "masked.zip", ROWS), home)
    table, files = assembled.table[["image", "mask"]], imported.files
    assert files is not None and {
        name: sum(counts.values()) for name, counts in assembled.counts.items()
    } == dict.fromkeys(LABELS, ROWS)
    model = tiny.write_segmentation_model(tmp_path / "model", kind)
    scores, answers, found = overfit(TASK.name, table, model, files, epochs, rate, image_size=64)
    assert scores.metrics["miou"] >= 0.9 and found.tools.labels == LABELS
    found.model.save_pretrained(tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    again = transformers.pipeline("image-segmentation", model=str(tmp_path / "saved"))
    for name, answer in zip(table["image"].iloc[:2], answers, strict=False):
        said = {each["label"]: numpy.asarray(each["mask"]) > 0 for each in again(str(files / name), subtask="semantic")}
        mine = pixels_of(answer.value, (64, 64), LABELS)
        assert set(said) == {region["label"] for region in answer.value}
        assert all((mine == number).tolist() == said[label].tolist() for number, label in enumerate(LABELS))


def test_the_loss_counts_the_pixels_about_which_a_mask_says_something(home: Home, tmp_path: Path) -> None:
    imported, assembled = brought(tiny.write_masked(tmp_path / "masked.zip", 8), home)
    table = assembled.table.assign(split="train")
    found = prepare_table(
        TASK.name, table, tiny.write_segmentation_model(tmp_path / "model", "mobilenet"), imported.files, image_size=64
    )
    items = found.examples["train"].opened([0, 1])
    batch = found.collate(items)
    batch["labels"][0, :10] = LEFT_OUT
    found.model.eval()
    loss = TASK.loss(found.model, Batch(batch, items))
    assert int(loss.units) == 2 * 64 * 64 - 10 * 64
    logits = torch.nn.functional.interpolate(loss.outputs.logits, (64, 64), mode="bilinear")
    wanted = torch.nn.functional.cross_entropy(logits, batch["labels"], ignore_index=LEFT_OUT)
    torch.testing.assert_close(loss.mean, wanted)
    found.model.train()
    alone = {name: value[:1] for name, value in batch.items()}
    single = TASK.loss(found.model, Batch(alone, items[:1]))
    found.model.eval()
    assert torch.isfinite(single.total) and len(TASK.answer(found.tools, found.model, Batch(alone, items[:1]))) == 1


def test_overlaps_are_those_of_scikit_learn(tmp_path: Path) -> None:
    rng = numpy.random.default_rng(4)
    scorer, true, said = RegionScorer(LABELS), [], []
    for number in range(12):
        right, answered = rng.integers(0, 3, (2, 20, 30), dtype="uint8")
        right[:2] = LEFT_OUT
        Image.fromarray(numpy.where(right == LEFT_OUT, 3, right).astype("uint8")).save(tmp_path / f"{number}.png")
        mask = Mask(f"{number}.png", (*LABELS, None), tmp_path)
        scorer.add([Answer(regions_of(answered, LABELS))], [{"mask": mask}])
        true.append(right[2:].ravel())
        said.append(answered[2:].ravel())
    scores = scorer.scores()
    one, other = numpy.concatenate(true), numpy.concatenate(said)
    assert scores.metrics["miou"] == pytest.approx(jaccard_score(one, other, average="macro"))
    assert scores.metrics["pixel_accuracy"] == pytest.approx((one == other).mean())
    rows = next(view for view in scores.views if view.kind == "classes").data["rows"]
    assert [row["iou"] for row in rows] == pytest.approx(list(jaccard_score(one, other, average=None)))
    interval = scores.intervals["miou"]
    assert interval.low is not None and interval.low < scores.metrics["miou"]
    assert "pixels are right" in TASK.verdict(scores.as_dict()) and RegionScorer(LABELS).scores().metrics == {}


def test_what_is_marked_rightly_carries_its_mark(tmp_path: Path) -> None:
    pixels = numpy.zeros((10, 10), "uint8")
    pixels[:5] = 1
    Image.fromarray(pixels).save(tmp_path / "a.png")
    row, scorer = {"mask": Mask("a.png", LABELS, tmp_path)}, RegionScorer(LABELS)
    wrong = numpy.where(pixels == 1, 2, 0).astype("uint8")
    right, mistaken = scorer.add([Answer(regions_of(each, LABELS)) for each in (pixels, wrong)], [row, row])
    assert RIGHT in right and "bar → square" in mistaken
    assert scorer.scores().remarks == ("'background' alone covers 50% of the pixels.",)


# --- masks as people bring them ---------------------------------------------------------------------------


def packed(path: Path, images: dict[str, Any], texts: dict[str, str] | None = None) -> Path:
    """images: name -> array or PIL image."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in images.items():
            image, buffer = content if isinstance(content, Image.Image) else Image.fromarray(content), BytesIO()
            image.save(buffer, "JPEG" if name.endswith("jpg") else "PNG")
            archive.writestr(name, buffer.getvalue())
        for name, text in (texts or {}).items():
            archive.writestr(name, text)
    return path


def picture(number: int, size: tuple[int, int] = (40, 30)) -> numpy.ndarray:
    return numpy.random.default_rng(number).integers(0, 255, (size[1], size[0], 3), dtype="uint8")


def halves(value: Any, size: tuple[int, int] = (40, 30)) -> numpy.ndarray:
    """The left half 0, the right half a value or a colour."""
    mask = numpy.zeros((size[1], size[0], 3) if isinstance(value, tuple) else (size[1], size[0]), "uint8")
    mask[:, size[0] // 2 :] = value
    return mask


@pytest.mark.parametrize(
    ("value", "texts", "labels"),
    [
        (255, {}, {"background", "foreground"}),
        (1, {}, {"background", "class 1"}),
        (1, {"classes.txt": "sky\nroad\n"}, {"sky", "road"}),
        (1, {"classes.txt": "road\n"}, {"background", "road"}),
        (2, {"id2label.json": '{"0": "sky", "2": "road"}'}, {"sky", "road"}),
        ((128, 0, 0), {"labelmap.txt": "# label:color\nsky:0,0,0::\nroad:128,0,0::\n"}, {"sky", "road"}),
        ((128, 0, 0), {}, {"#000000", "#800000"}),
    ],
)
def test_numbers_and_colours_of_masks_get_their_names(
    value: Any, texts: dict[str, str], labels: set[str], home: Home, tmp_path: Path
) -> None:
    images = {f"images/{number}.jpg": picture(number) for number in range(6)}
    images |= {f"masks/{number}_mask.png": halves(value) for number in range(6)}
    imported, assembled = brought(packed(tmp_path / "m.zip", images, texts), home)
    assert set(assembled.counts) == labels and len(assembled.table) == 6
    mask = read_mask(assembled.table["mask"].iloc[0], imported.files)
    pixels = mask.pixels(sorted(labels))
    assert (pixels[:, :20] != pixels[:, 20:]).all() and pixels.shape == (30, 40)


def test_void_pixels_are_left_out_and_splits_follow_the_folders(home: Home, tmp_path: Path) -> None:
    images: dict[str, Any] = {}
    for split in ("train", "val"):
        for number in range(5):
            mask = halves(2)
            mask[0] = 255
            images |= {f"{split}/images/{number}.png": picture(number), f"{split}/labels/{number}.png": mask}
    imported, assembled = brought(packed(tmp_path / "m.zip", images), home)
    assert set(imported.columns) == {"image", "mask", "split"} and imported.rows == 10
    mask = read_mask(assembled.table["mask"].iloc[0], imported.files)
    assert mask.names == ("background", "class 2") and (mask.pixels(mask.names)[0] == LEFT_OUT).all()


def test_a_table_can_name_the_masks(home: Home, tmp_path: Path) -> None:
    images = {f"{number}.jpg": picture(number) for number in range(7)} | {f"m{n}.png": halves(255) for n in range(6)}
    rows = ["file,mask", *(f"{number}.jpg,m{number}.png" for number in range(7))]
    imported, assembled = brought(packed(tmp_path / "m.zip", images, {"rows.csv": "\n".join(rows)}), home)
    assert len(assembled.table) == 6 and set(assembled.counts) == {"background", "foreground"}
    assert any("no mask for 6.jpg" in problem.what for problem in imported.problems)


def test_outlines_of_coco_become_masks(home: Home, tmp_path: Path) -> None:
    images = {f"{number}.png": picture(number) for number in range(6)}
    square, hole = [10, 10, 30, 10, 30, 20, 10, 20], [12, 12, 14, 12, 14, 14, 12, 14]
    annotations = [
        {"image_id": n, "category_id": 1, "bbox": [10, 10, 20, 10], "area": 200, "segmentation": [square]}
        for n in range(6)
    ] + [{"image_id": 0, "category_id": 2, "bbox": [12, 12, 2, 2], "area": 4, "segmentation": [hole]}]
    listed = [{"id": n, "file_name": f"{n}.png", "width": 40, "height": 30} for n in range(6)]
    document = {
        "images": listed,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "eye"}],
    }
    imported, assembled = brought(packed(tmp_path / "c.zip", images, {"coco.json": json.dumps(document)}), home)
    assert {"boxes", "mask"} <= set(imported.columns)
    assert {name: sum(each.values()) for name, each in assembled.counts.items()} == {
        "background": 6,
        "cat": 6,
        "eye": 1,
    }
    pixels = read_mask(assembled.table["mask"].iloc[0], imported.files).pixels(["background", "cat", "eye"])
    assert (pixels[13, 13], pixels[15, 20], pixels[0, 0]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("mask", "name", "why"),
    [
        (picture(3), "0.png", "different colours"),
        (halves(1, (30, 40)), "0.png", "another shape"),
        (halves(200), "0.jpg", "It is a JPEG"),
    ],
)
def test_what_is_no_mask_is_said_in_plain_words(mask: Any, name: str, why: str, home: Home, tmp_path: Path) -> None:
    images = {f"images/{number}.png": picture(number) for number in range(7)}
    images |= {f"masks/{number}.png": halves(1) for number in range(1, 7)} | {f"masks/{name}": mask}
    imported, assembled = brought(packed(tmp_path / "m.zip", images), home)
    assert len(assembled.table) == 6
    (problem,) = [each for each in imported.problems if each.drops]
    assert "mask of images/0.png cannot be used" in problem.what and why in problem.why


def test_a_mask_is_stored_as_large_as_its_image(home: Home, tmp_path: Path) -> None:
    size = (800, 600)
    images = {f"images/{n}.png": Image.new("RGB", size, (n, 9, 9)) for n in range(6)}
    masks = {f"masks/{n}.png": halves(1, size) for n in range(6)}
    imported, assembled = brought(packed(tmp_path / "m.zip", images | masks), home)
    assert imported.files is not None
    row = assembled.table.iloc[0]
    mask = read_mask(row["mask"], imported.files)
    with Image.open(imported.files / row["image"]) as image:
        assert image.size == (683, 512) and mask.pixels(mask.names).shape == (512, 683)


def test_a_phones_upright_photo_keeps_its_mask_in_place(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(6):
        bright = Image.fromarray(halves(255)).convert("RGB")
        bright.putpixel((number, 0), (90, 90, 90))
        bright.save(folder / "images" / f"{number}.jpg", exif=exif, quality=95)
        Image.fromarray(halves(255)).save(folder / "masks" / f"{number}.png")
    imported, assembled = brought(folder, home)
    assert imported.files is not None
    row = assembled.table.iloc[0]
    mask = read_mask(row["mask"], imported.files)
    pixels = mask.pixels(["background", "foreground"])
    with Image.open(imported.files / row["image"]) as image:
        grey = numpy.asarray(image.convert("L"))
    assert grey.shape == pixels.shape == (40, 30) and ((grey > 128) == (pixels == 1)).mean() > 0.97


@pytest.mark.parametrize("cell", ["a.png", "{}", '{"mask": 3, "labels": []}', '{"mask": "a.png", "labels": [3]}', "["])
def test_a_cell_that_is_no_mask_is_refused(cell: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is no mask"):
        read_mask(cell)


def test_one_class_alone_teaches_nothing_and_no_file_is_named_outside() -> None:
    cell = Mask("masks/a.png", ("road",)).as_cell()
    with pytest.raises(StudioError, match="one class"):
        TASK.configure(pandas.DataFrame({"mask": [cell]}), TASK.Options())
    with pytest.raises(StudioError, match="is not there"):
        _ = read_mask('{"mask": "../../secret.png", "labels": ["a", "b"]}', Path("/tmp")).path


def test_answers_are_of_the_images_size() -> None:
    processor = transformers.SegformerImageProcessor()
    config = SimpleNamespace(id2label=dict(enumerate(LABELS)))
    logits = torch.zeros(1, 3, 8, 8)
    logits[:, 1, :, :4], logits[:, 2, :, 4:] = 9.0, 9.0
    (answer,) = TASK.answer(
        Tools(processor, config, None), None, Batch({}, [{"height": 20, "width": 40}]), SimpleNamespace(logits=logits)
    )
    assert [(region["label"], region["share"]) for region in answer.value] == [("bar", 0.5), ("square", 0.5)]
    assert pixels_of(answer.value, (40, 20), LABELS).shape == (20, 40) and answer.details["score"] > 0.99


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (12_000, 12_000), (2**31 - 1, 1), (0, 0)])
def test_a_mask_that_claims_to_be_huge_is_a_problem_of_its_row(tmp_path: Path, width: int, height: int) -> None:
    """Its header says so, and there is nothing behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "1.png").write_bytes(png + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))
    image = StoredImage("1.jpg", (8, 8), (8, 8))
    cells, (problem,) = store_masks(Masks({1: RawMask("1.png")}), {1: image}, tmp_path, tmp_path / "stored")
    assert not cells and problem.row == 1 and str(tmp_path) not in problem.why


def test_a_set_of_masks_is_scored_at_the_same_points_each_time(home: Home, tmp_path: Path) -> None:
    imported, assembled = brought(tiny.write_masked(tmp_path / "masked.zip", 8), home)
    model = tiny.write_segmentation_model(tmp_path / "model", "mask2former")
    table = assembled.table.assign(split="train")
    found = prepare_table(TASK.name, table, model, imported.files, image_size=64)
    items = found.examples["train"].opened([0, 1])
    batch = Batch(found.collate(items), items)
    found.model.eval()
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    with torch.no_grad():
        first, second = (TASK.loss(found.model, batch) for _unused in range(2))
        assert torch.equal(torch.random.get_rng_state(), before) and torch.equal(first.total, second.total)
        assert int(first.units) == 6 and len(TASK.answer(found.tools, found.model, batch, first.outputs)) == 2
        named = Batch({}, [{"image": item["image"]} for item in items])  # as where frozen layers are computed once
        assert [each.details["width"] for each in TASK.answer(found.tools, found.model, named, first.outputs)] == [
            64,
            64,
        ]
        found.model.train()
        TASK.loss(found.model, batch)
    assert not torch.equal(torch.random.get_rng_state(), before), "training draws points of its own"
    assert found.new_parameters == {"class_predictor.weight", "class_predictor.bias"}


def test_other_models_that_mark_by_sets_are_refused(tmp_path: Path) -> None:
    config = transformers.MaskFormerConfig()
    with pytest.raises(StudioError, match="cannot be taught this task"):
        TASK.adapt(SimpleNamespace(config=config), tmp_path, TASK.Options())
