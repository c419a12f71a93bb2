"""Importing data: once, resumable, paged."""

import io
import json
import time
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tiny
from filelock import FileLock
from PIL import Image
from upload_files import blank

from studio.data import importing
from studio.data.assembly import assemble
from studio.data.columns import Column, Problem
from studio.data.fields.boxes import read_boxes
from studio.data.importing import Imported, import_source, key_of
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.progress import silent
from studio.data.sources import parse_source
from studio.errors import StudioError
from studio.language import Text
from studio.paths import Home


def take(source: Path | str, home: Home, reading: ReadingOptions | None = None, **limits: int) -> Imported:
    return import_source(str(source), reading or ReadingOptions(), home, Limits.read(limits), silent)


def test_a_table(home: Home, reviews: Path) -> None:
    imported = take(reviews, home)
    assert (imported.kind, imported.format, imported.title, imported.rows) == ("text", "csv", "reviews", 80)
    assert imported.columns == ("text", "label")
    assert imported.reading == ReadingOptions(delimiter=",", encoding="utf-8", header=True)
    assert imported.files is None
    assert list(imported.table().columns) == ["row", "text", "label"]
    assert list(imported.table()["row"]) == list(range(1, 81))
    assert imported.folder.parent == home.datasets


def test_images(home: Home, images: Path) -> None:
    sentences: list[str] = []
    imported = import_source(
        str(images), ReadingOptions(), home, Limits(), lambda sentence, done, total: sentences.append(sentence)
    )
    assert (imported.kind, imported.rows, imported.columns) == ("image", 40, ("image", "label"))
    assert imported.files and imported.thumbnails
    for name in imported.table()["image"]:
        assert (imported.files / name).is_file()
        assert imported.thumbnail(name).is_file()
    assert {item.name for item in imported.folder.iterdir()} == {
        "table.parquet", "files", "thumbnails", "contents.json", "about.json", "problems.json", "COMPLETE",
    }  # fmt: skip
    assert "Unpacking" in sentences


def test_the_same_import_is_done_once(
    home: Home, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = take(reviews, home)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(reviews.read_bytes())
    monkeypatch.setattr(importing, "read_source", lambda *_: pytest.fail("read again"))
    assert take(reviews, home).folder == first.folder
    assert take(copy, home).folder == first.folder
    assert take(reviews, home, first.reading).folder == first.folder  # naming what was guessed changes nothing
    with pytest.raises(pytest.fail.Exception):
        take(reviews, home, ReadingOptions(header=False))


def test_other_content_or_reading_is_another_import(home: Home, reviews: Path) -> None:
    first = take(reviews, home)
    without = take(reviews, home, ReadingOptions(header=False))
    assert without.folder != first.folder
    assert (without.rows, without.columns) == (81, ("column_1", "column_2"))


def test_an_interrupted_import_is_cleaned_up_by_the_next(home: Home, reviews: Path, tmp_path: Path) -> None:
    half = home.datasets / "0123456789abcdef01234567"
    (half / "files").mkdir(parents=True)
    (half / "about.json").write_text("{}", encoding="utf-8")
    busy = home.datasets / "fedcba98765432100123456a"
    busy.mkdir()
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / f"dataset-{busy.name}.lock"):
        assert Imported.open(half) is None
        take(reviews, home)
        assert not half.exists()
        assert busy.exists()  # somebody is at work on it


def test_a_half_made_import_of_the_same_data_is_made_anew(home: Home, reviews: Path) -> None:
    folder = home.datasets / key_of(parse_source(str(reviews)).fingerprint(), ReadingOptions())
    folder.mkdir(parents=True)
    (folder / "table.parquet").write_bytes(b"half")
    assert take(reviews, home).rows == 80


@pytest.mark.parametrize("content", ["", '{"a": 1}', "[1]"])
def test_a_damaged_import_of_the_same_data_is_made_anew(home: Home, reviews: Path, content: str) -> None:
    first = take(reviews, home)
    for file in (first.folder / "about.json", *(home.datasets / "aliases").glob("*.json")):
        file.write_text(content)
    with pytest.raises(StudioError, match=r"about\.json is damaged"):
        Imported.open(first.folder)
    assert take(reviews, home) == first


@pytest.mark.parametrize("name", ["table.parquet", "problems.json", "named.json", "contents.json"])
def test_what_is_damaged_of_an_import_is_named(home: Home, reviews: Path, name: str) -> None:
    imported = take(reviews, home)
    (imported.folder / name).write_text('[{"a": 1}]')
    with pytest.raises(StudioError, match=f"{name} is damaged"):
        print(imported.problems, imported.named, imported.contents, imported.table())
    if name == "table.parquet":
        with pytest.raises(StudioError, match="is damaged"):
            imported.page(0, 5)


def test_a_failed_import_leaves_nothing(home: Home, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../evil.txt", "x")
    with pytest.raises(StudioError):
        take(bad, home)

    def stop(sentence: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_source(str(tiny.write_images(tmp_path / "p.zip")), ReadingOptions(), home, Limits(), stop)
    assert [path for path in home.datasets.iterdir() if path.name != "aliases"] == []
    assert not (tmp_path / "evil.txt").exists()


def test_a_full_disk_is_said_in_words(home: Home, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "_store", full)
    with pytest.raises(StudioError, match=r"The disk is full. [\d,]+ MB are free. .*`studio clean`"):
        take(reviews, home)
    assert not any(path.name != "aliases" for path in home.datasets.iterdir())


def test_problems_of_the_file_are_kept(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("text,label\na,x\nbroken\nb,y\n", encoding="utf-8")
    imported = take(path, home)
    assert [(problem.row, problem.drops) for problem in imported.problems] == [(2, True)]
    assert list(imported.table()["row"]) == [1, 3]


def test_problems_and_guesses_can_be_said_in_any_language_later(home: Home, tmp_path: Path) -> None:
    lines = ["text;label", *(f"{n};{'ab'[n % 2]}" for n in range(30)), *["one;too;many"] * 20, ""]
    (tmp_path / "data.csv").write_text("\n".join(lines))
    imported = take(tmp_path / "data.csv", home)
    again = Imported.open(imported.folder)
    assert again is not None and len(again.problems) == 20
    (what,) = {problem.what for problem in again.problems}
    assert isinstance(what, Text) and what == "This line has 3 fields instead of 2."
    assert all(isinstance(each.sentence, Text) for each in again.guesses if each.sentence)
    kept = (imported.folder / "problems.json").read_text()
    assert kept.count("fields instead of") == 2 and kept.count("one;too;many") == 1, "once for all rows"


def test_problems_of_an_earlier_import_are_read(home: Home, reviews: Path) -> None:
    imported = take(reviews, home)
    known = Problem(3, "This line is broken.", "a;b", column="text")
    (imported.folder / "problems.json").write_text(json.dumps([asdict(known)]))
    again = Imported.open(imported.folder)
    assert again is not None and again.problems == [known]


def test_a_table_in_an_archive(home: Home, tmp_path: Path, reviews: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.write(reviews, "folder/reviews.csv")
        archive.writestr("__MACOSX/folder/._reviews.csv", "x")
    imported = take(tmp_path / "data.zip", home)
    assert (imported.kind, imported.rows) == ("text", 80)
    with zipfile.ZipFile(tmp_path / "films.zip", "w") as archive:
        archive.writestr("a.mp4", "x")
    with pytest.raises(StudioError, match=r"a\.mp4"):
        take(tmp_path / "films.zip", home)


def test_a_folder_of_this_machine(home: Home, tmp_path: Path, images: Path) -> None:
    with zipfile.ZipFile(images) as archive:
        archive.extractall(tmp_path / "photos")
    imported = take(tmp_path / "photos", home)
    assert (imported.kind, imported.rows) == ("image", 40)
    assert take(tmp_path / "photos", home).folder == imported.folder
    (tmp_path / "photos/across/000.png").unlink()
    assert take(tmp_path / "photos", home).rows == 39


def test_too_large_a_file(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("text,label\n" + "x" * 1_100_000 + ",y\n", encoding="utf-8")
    with pytest.raises(StudioError, match="too large"):
        take(path, home, upload_megabytes=1)


def test_images_that_take_more_room_than_they_may_once_they_are_stored(home: Home, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 600, 600, 3), dtype=np.uint8)
    with zipfile.ZipFile(tmp_path / "noise.zip", "w") as archive:
        for number, pixels in enumerate(noise):
            coarse = io.BytesIO()
            Image.fromarray(pixels).save(coarse, "WEBP", quality=0)
            archive.writestr(f"{number}/a.webp", coarse.getvalue())
    with pytest.raises(StudioError, match="Stored here it takes more than 1 MB"):
        take(tmp_path / "noise.zip", home, unpacked_megabytes=1)
    assert not list(home.datasets.iterdir())


def test_pages_of_a_large_table_are_quick(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("text,label\n" + "".join(f"words of row {n},{n % 7}\n" for n in range(200_000)), encoding="utf-8")
    imported = take(path, home)
    assert imported.rows == 200_000
    page = imported.page(150_000 - 3, 6)  # over the border of two groups
    assert list(page["row"]) == [149_998, 149_999, 150_000, 150_001, 150_002, 150_003]
    assert page["text"].iloc[0] == "words of row 149997"
    assert list(imported.page(199_999, 50)["row"]) == [200_000]
    assert list(imported.page(500_000, 50).columns) == ["row", "text", "label"]
    assert len(imported.page(-5, 3)) == 3
    begin = time.process_time()
    for start in range(0, 200_000, 10_000):
        imported.page(start, 20)
    assert (time.process_time() - begin) / 20 < 0.1  # 4 ms on a quiet machine


def test_about_is_plain_json(home: Home, reviews: Path) -> None:
    about = json.loads((take(reviews, home).folder / "about.json").read_text(encoding="utf-8"))
    assert about["format"] == "csv"
    assert [profile["name"] for profile in about["profiles"]] == ["text", "label"]


def test_names_of_columns_that_are_none_are_damage(home: Home, reviews: Path) -> None:
    imported = take(reviews, home)
    about = json.loads((imported.folder / "about.json").read_text(encoding="utf-8"))
    for damage in ({"columns": [0.5, "label"]}, {"profiles": [{**about["profiles"][0], "name": 3}]}):
        (imported.folder / "about.json").write_text(json.dumps({**about, **damage}), encoding="utf-8")
        with pytest.raises(StudioError, match="damaged"):
            Imported.open(imported.folder)


def test_boxes_in_an_archive(home: Home, tmp_path: Path) -> None:
    """From the archive to the rows that a task for boxes asks for."""
    columns = (Column("image", "Image", "image", ""), Column("boxes", "Boxes", "boxes", ""))
    with zipfile.ZipFile(tmp_path / "boxes.zip", "w") as archive:
        for number in range(12):
            archive.writestr(f"images/{number}.png", blank(1000, 800))
            archive.writestr(f"labels/{number}.txt", f"{number % 2} 0.5 0.5 0.1 0.2\n" * (number > 0))
        archive.writestr("data.yaml", "names: [cat, dog]")
    imported = take(tmp_path / "boxes.zip", home)
    assert (imported.format, imported.kind, imported.columns) == ("YOLO", "image", ("image", "boxes"))
    assert all(imported.thumbnail(image).is_file() for image in imported.table()["image"])
    assembled = assemble(imported, DataOptions(source="x"), columns, lambda table, files: [])
    assert assembled.columns == {"image": "image", "boxes": "boxes"}
    assert assembled.dropped == 0
    assert sum(assembled.counts["cat"].values()) == 5
    box = read_boxes(assembled.table["boxes"][1])[0]
    with Image.open(imported.folder / "files" / assembled.table["image"][1]) as stored:
        assert (box.left, box.top, box.width, box.height) == pytest.approx(
            (0.45 * stored.width, 0.4 * stored.height, 0.1 * stored.width, 0.2 * stored.height), abs=0.01
        )


@pytest.mark.parametrize("split", [True, False])
def test_copies_of_an_image_are_found_by_what_is_to_be_seen(home: Home, tmp_path: Path, split: bool) -> None:
    """Whatever the files are called, and in whichever format without loss they are."""
    columns = (Column("image", "Image", "image", ""), Column("label", "Label", "label", ""))
    path = tmp_path / "copies.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            folder = f"{('train', 'test')[number % 2]}/{'ab'[number // 6]}" if split else "ab"[number // 6]
            archive.writestr(f"{folder}/{number:02}.png", blank(20 + number, 20))
        archive.writestr("test/b/other.bmp" if split else "b/other.bmp", blank(26, 20, "BMP"))
        archive.writestr("train/a/other.png" if split else "a/other.png", blank(27, 20))
    imported = take(path, home)
    table = imported.table().set_index("image")["row"]
    first, second, third, fourth = (
        next(int(table[name]) for name in table.index if f"{part}." in name and name.endswith(ending))
        for part, ending in (("06", "png"), ("other", "bmp.png"), ("07", "png"), ("other", "a/other.png"))
    )
    assembled = assemble(imported, DataOptions(source="x"), columns, lambda table, files: [])
    found = {problem.row: problem.what for problem in assembled.problems}
    one, other = sorted((first, second))
    where = {first: "train", second: "test"}
    apart = f": that one is in {where[one]}, this one in {where[other]}" if split else ""
    assert found == {
        other: f"A copy of row {one}{apart}.",
        third: f"'b' here, but 'a' in row {fourth}, which is the same otherwise.",
        fourth: f"'a' here, but 'b' in row {third}, which is the same otherwise.",
    }
    dropping = DataOptions.read({"source": "x", "cleaning": {"copies": "drop", "contradictions": "drop"}})
    assert len(assemble(imported, dropping, columns, lambda table, files: []).table) == 14 - 3
    (imported.folder / "contents.json").unlink()  # as an earlier version left it
    earlier = Imported.open(imported.folder)
    assert earlier and assemble(earlier, DataOptions(source="x"), columns, lambda table, files: []).problems == []


def test_copies_of_an_image_with_boxes_in_several_splits(home: Home, tmp_path: Path) -> None:
    columns = (Column("image", "Image", "image", ""), Column("boxes", "Boxes", "boxes", ""))
    with zipfile.ZipFile(tmp_path / "boxes.zip", "w") as archive:
        for number, split in enumerate(["train"] * 8 + ["val", "val"]):
            archive.writestr(f"{split}/images/{number}.png", blank(100 + number % 8, 80))
            archive.writestr(f"{split}/labels/{number}.txt", "0 0.5 0.5 0.1 0.2\n")
        archive.writestr("data.yaml", "names: [cat]")
    assembled = assemble(take(tmp_path / "boxes.zip", home), DataOptions(source="x"), columns, lambda table, files: [])
    assert [(problem.row, problem.what, problem.kind) for problem in assembled.problems] == [
        (9, "A copy of row 1: that one is in train, this one in validation.", "copies"),
        (10, "A copy of row 2: that one is in train, this one in validation.", "copies"),
    ]
