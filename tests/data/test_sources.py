"""What a source means, the samples, the Hub out of reach, and keeping uploads."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from studio.data import hub
from studio.data.assembly import assemble
from studio.data.formats.base import to_frame
from studio.data.importing import import_source
from studio.data.limits import MEGABYTE, Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.progress import silent
from studio.data.samples import SAMPLES, Sample
from studio.data.sources import HubSource, PathSource, SampleSource, parse_source
from studio.data.uploads import keep_upload, safe_name
from studio.errors import StudioError
from studio.forecast import written
from studio.language import Text
from studio.paths import Home
from studio.tasks import TASKS


def test_sources(reviews: Path) -> None:
    assert parse_source(f" {reviews} ") == PathSource(reviews.resolve())
    assert parse_source("hub:owner/some-set") == HubSource("owner/some-set", None)
    assert parse_source("hub:owner/set:en-sv") == HubSource("owner/set", "en-sv")
    assert parse_source("sample/handwritten-digits") == SampleSource("handwritten-digits")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "nowhere.csv",
        "sample/nothing",
        "hub:csv",
        "hub:../x",
        "hub:a/b/c",
        "hub:/etc/passwd",
        "hub:a/b:../c",
        "x\0y",
    ],
)
def test_sources_that_mean_nothing(source: str) -> None:
    with pytest.raises(StudioError):
        parse_source(source)


# SHA-256 of the table as CSV and of the images in its order: whoever named a sample in a run file finds the same rows.
# How recordings are packed is up to a library.
CONTENT = {
    "phrases": "cd8e196249f63ae34ed79f1b54796b81392a2c567df10962f8c5a752d65b24cc",
    "house-style": "5f456f342e464821de111cc923d29b444077b0b8f46940b9c353498098d5a633",
    "machine-sounds": "7e124c6270a5fcc054da72be54730cb711cacf46ee9a184a85441639ecbd2c3a",
    "support-messages": "97ae1dbb7d0ed59058b270266838864b593bd02cec9eb69c5ea13f780446ff7e",
    "reviews": "a30ea287841e1f4683e70e742d9bd7e82363d65f144992e0b83c2e1dd7909767",
    "handwritten-digits": "db865b63febbaa22225df129a221c7d5730dc77ed086dad38912391ef6a5c39e",
    "surface-inspection": "43ea0bbd23c68ab6e380196873fc71996295385192a903309748350e701204ff",
    "orders": "4a12fd74a1489a28e3fdefc7304149f3b44568433cf667e9351a9afe29240617",
    "dishes": "60ebd4bddb923c78c5a83c4b016dbc755c5d15af114cb39941f42f9b40285c43",
}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_hold_the_rows_that_they_always_held(sample: Sample, home: Home) -> None:
    imported = import_source(f"sample/{sample.name}", ReadingOptions(), home, Limits())
    table = imported.table()
    assert len(table) == sample.rows and f"{sample.rows:,}" in sample.sentence
    digest = hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode())
    for image in table["image"] if imported.kind == "image" else []:
        digest.update((imported.folder / "files" / image).read_bytes())
    assert digest.hexdigest() == CONTENT[sample.name]


def test_a_sample_is_there_however_small_uploads_must_be(home: Home) -> None:
    path = SAMPLES["surface-inspection"].path
    assert path.stat().st_size > MEGABYTE
    limits = Limits(upload_megabytes=1)
    with pytest.raises(StudioError):
        import_source(str(path), ReadingOptions(), home, limits)
    assert import_source("sample/surface-inspection", ReadingOptions(), home, limits).rows == 480


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_ready_to_learn_from(sample: Any, home: Home) -> None:
    imported = import_source(f"sample/{sample.name}", ReadingOptions(), home, Limits())
    task = TASKS[sample.task]
    assembled = assemble(imported, DataOptions(source=f"sample/{sample.name}"), task.columns, task.check)
    assert isinstance(imported.title, Text) and imported.title == sample.title and imported.rows == sample.rows
    if sample.letters:
        read = written(task) or [column.name for column in task.columns if column.kind == "text"]
        letters = sum(assembled.table[name].str.len().mean() for name in read)
        assert letters == pytest.approx(sample.letters, rel=0.03)
    assert len(assembled.table) >= 160
    if not any(column.kind in ("label", "spans") for column in task.targets):
        assert min(assembled.rows.values()) >= 30
        return
    learnable = [splits for splits in assembled.counts.values() if min(splits.values()) >= 1]
    assert len(learnable) >= 3
    assert sum(sum(splits.values()) for splits in learnable) >= 0.99 * len(assembled.table)


def test_the_sample_of_messages_has_its_planted_problems(home: Home) -> None:
    imported = import_source("sample/support-messages", ReadingOptions(), home, Limits())
    task = TASKS["text-classification"]
    assembled = assemble(imported, DataOptions(source="x"), task.columns, task.check)
    assert assembled.dropped == 2
    reasons = Counter(
        word
        for problem in assembled.problems
        for word in ("empty", "missing", "copy of", "the same otherwise", "meant")
        if word in f"{problem.what} {problem.why}"
    )
    assert reasons == {"empty": 1, "missing": 1, "copy of": 6, "the same otherwise": 2, "meant": 2}
    texts = assembled.table["text"].str.lower()
    assert len(texts) - 12 < texts.nunique() < len(texts)
    assert texts.str.len().max() > 100 > 20 > texts.str.len().min()


def test_the_hub_out_of_reach_is_said_in_words(home: Home) -> None:
    with pytest.raises(StudioError) as caught:
        import_source("hub:owner/some-set", ReadingOptions(), home, Limits())
    assert "owner/some-set" in caught.value.explanation.what
    assert caught.value.explanation.what_to_do
    assert not [path for path in home.datasets.iterdir() if path.name != "aliases"]


class ClassLabel:
    def int2str(self, value: int) -> str:
        return ("no", "yes")[value]


class ImageFeature:
    pass


class Fakes:
    ClassLabel = ClassLabel
    Image = ImageFeature


def test_rows_of_the_hub_become_a_table(tmp_path: Path) -> None:
    splits = {
        "train": [{"text": "a", "label": 0, "image": {"bytes": b"1", "path": "x.png"}}] * 3,
        "validation": [{"text": "b", "label": -1, "image": {"bytes": None, "path": "/etc/passwd"}}],
    }
    features = {"text": object(), "label": ClassLabel(), "image": ImageFeature()}
    translate = {name: hub.translator(feature, Fakes, tmp_path) for name, feature in features.items()}
    table = to_frame(hub.collect(splits, translate, Limits(), silent, tmp_path))
    assert list(table.columns) == ["text", "label", "image", "split"]
    assert list(table["label"].fillna("-")) == ["no", "no", "no", "-"]
    assert list(table["split"]) == ["train"] * 3 + ["validation"]
    assert table["image"].isna().iloc[3]  # nothing of this machine is read
    assert (tmp_path / table["image"].iloc[0]).read_bytes() == b"1"


def test_rows_of_the_hub_are_bounded(tmp_path: Path) -> None:
    rows = ({"text": str(n)} for n in range(10**9))
    raw = hub.collect({"train": rows}, {}, Limits(rows=50), silent, tmp_path)
    assert len(raw.numbers) == 50
    assert [problem.drops for problem in raw.problems] == [False]


# --- uploads --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("data.CSV", "data.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\my reviews (1).xlsx", "my reviews _1_.xlsx"),
        ("größe.csv", "größe.csv"),
        (".csv", "csv"),
        ("con.csv", "upload_con.csv"),
        ("", "upload_"),
        ("a\n<b>.csv", "a__b_.csv"),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_are_cut() -> None:
    assert len(safe_name("ä" * 500 + ".csv").encode()) < 100


def test_keeping_an_upload(home: Home, reviews: Path) -> None:
    kept = keep_upload(reviews, "../Reviews.CSV", home, Limits())
    assert kept.name == "Reviews.csv"
    assert kept.parent.parent == home.uploads
    assert kept.read_bytes() == reviews.read_bytes()
    assert reviews.exists()
    assert keep_upload(reviews, "Reviews.CSV", home, Limits()) == kept
    assert len(list(home.uploads.iterdir())) == 1


def test_an_upload_beyond_the_limit_leaves_nothing(home: Home, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(bytes(1_100_000))
    with pytest.raises(StudioError, match="too large"):
        keep_upload(big, "big.csv", home, Limits(upload_megabytes=1))
    assert list(home.uploads.iterdir()) == []
