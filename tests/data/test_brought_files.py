"""Files as people really bring them, beyond plain tables: read rightly, or told in words that help."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from upload_files import blank, import_folder

from studio.data.assembly import Assembled, assemble
from studio.data.cleaning import CleaningOptions, apply_fix, available_fixes
from studio.data.doubts import doubts
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS

TEXTS = [f"the order number {n} has not come and nobody answers me" for n in range(24)]
KINDS = [("late", "lost", "broken")[n % 3] for n in range(24)]


def used(imported: Imported, task: str, **options: object) -> Assembled:
    data = DataOptions.read({"source": "x", **options}, "")
    return assemble(imported, data, TASKS[task].columns, TASKS[task].check)


def take(path: Path, home: Home, **reading: object) -> Imported:
    return import_source(str(path), ReadingOptions.read(reading, ""), home, Limits())


def test_labels_that_differ_in_what_nobody_sees_can_be_fixed_at_any_count(home: Home, tmp_path: Path) -> None:
    written = ("Café", "cafe\u0301", "CAFÉ ", "tea")
    path = tmp_path / "drinks.csv"
    rows = "".join(f"{text},{written[n % 4]}\n" for n, text in enumerate(TEXTS))
    path.write_text("text,label\n" + rows, encoding="utf-8")
    found = used(take(path, home), "text-classification")
    offered = available_fixes(CleaningOptions(), found.problems, found.class_sizes)
    cleaning = CleaningOptions()
    for each in offered:
        cleaning = apply_fix(cleaning, each.key, found.class_sizes)
    fixed = used(take(path, home), "text-classification", cleaning=cleaning.model_dump())
    assert len(fixed.counts) == 2 and sum(fixed.class_sizes.values()) == 24


def test_lists_of_labels(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    rows = [{"text": text, "labels": [kind] + (["urgent"] if n < 6 else [])} for n, (text, kind) in enumerate(PAIRS)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    imported = take(path, home)
    (found,) = doubts(imported, DataOptions(source="x"), TASKS["text-classification"].columns)
    assert "several labels" in found.sentence
    result = used(imported, "text-classification")
    assert (result.dropped, set(result.counts)) == (6, set(KINDS))


PAIRS = list(zip(TEXTS, KINDS, strict=True))


def test_fasttext_lines(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("".join(f"__label__{kind} {text}\n" for text, kind in PAIRS), encoding="utf-8")
    imported = take(path, home)
    assert imported.format == "fasttext"
    assert set(used(imported, "text-classification").counts) == set(KINDS)


def test_label_studio(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    tasks = [
        {
            "id": n,
            "data": {"comment": text},
            "annotations": [
                {"result": [{"from_name": "mood", "type": "choices", "value": {"choices": [kind]}}], "id": n}
            ],
        }
        for n, (text, kind) in enumerate(PAIRS)
    ]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    result = used(take(path, home), "text-classification")
    assert result.columns == {"text": "comment", "label": "mood"} and set(result.counts) == set(KINDS)


def parquet(path: Path, columns: dict[str, object], features: dict[str, object]) -> Path:
    table = pyarrow.table(columns)
    about = json.dumps({"info": {"features": features}})
    pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": about}), path)
    return path


def test_parquet_with_names_of_classes(home: Home, tmp_path: Path) -> None:
    names = ["late", "lost", "broken"]
    numbers = [names.index(kind) for kind in KINDS]
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
    path = parquet(tmp_path / "named.parquet", {"text": TEXTS, "label": numbers}, features)
    assert set(used(take(path, home), "text-classification").counts) == set(names)


def test_parquet_with_images(home: Home, tmp_path: Path) -> None:
    images = [{"bytes": blank(8 + n, 8), "path": f"{n}.png"} for n in range(12)]
    features = {"image": {"_type": "Image"}, "label": {"names": ["round", "square"], "_type": "ClassLabel"}}
    columns = {"image": images, "label": [n % 2 for n in range(12)]}
    imported = take(parquet(tmp_path / "images.parquet", columns, features), home)
    assert (imported.kind, imported.rows) == ("image", 12)
    assert set(used(imported, "image-classification").counts) == {"round", "square"}


def test_the_class_in_the_name_is_offered(tmp_path: Path) -> None:
    files = {f"shapes/{kind}.{n}.png": blank(8, 8) for kind in ("ring", "cross") for n in range(4)}
    content = import_folder(tmp_path / "up", files)
    assert set(content.table["label"]) == {"ring", "cross"}
    (found,) = content.guesses
    assert found.doubtful and found.choices[0].settings == {"data.reading.label_from": "name"}


def test_of_two_levels_of_folders_one_is_asked_for(tmp_path: Path) -> None:
    files = {
        f"site-{site}/{state}/{n}.png": blank(8, 8)
        for site in (1, 2)
        for state in ("intact", "cracked")
        for n in (1, 2)
    }
    content = import_folder(tmp_path / "up", files)
    (found,) = content.guesses
    assert found.doubtful
    assert [choice.settings["data.reading.label_from"] for choice in found.choices] == ["folder", "folder-2"]


def test_names_of_images_without_the_images(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("file,kind\n" + "".join(f"photo{n}.jpg,{'ab'[n % 2]}\n" for n in range(12)))
    with pytest.raises(StudioError, match="into one ZIP"):
        used(take(path, home), "image-classification")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_what_is_missing_is_told_for_each_task(home: Home, tmp_path: Path, task: object) -> None:
    """Texts for a task of images, images for a task of texts, and what has no answers."""
    name = task.name  # type: ignore[attr-defined]
    kinds = {column.kind for column in task.columns}  # type: ignore[attr-defined]
    words = tmp_path / "words.csv"
    words.write_text("said\n" + "".join(f"{text}\n" for text in TEXTS))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for n in range(8):
        (pictures / f"{n}.png").write_bytes(blank(8, 8))
    for source in (words, pictures) if task.targets else (pictures,):  # type: ignore[attr-defined]
        with pytest.raises(StudioError) as caught:
            used(take(source, home), name)
        told = str(caught.value.explanation)
        assert caught.value.explanation.what_to_do
        if "image" not in kinds:
            assert "folder" not in told and "images in one ZIP" not in told
        assert "Choose the column" not in told
