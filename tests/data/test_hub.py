"""What is fetched for a data set of the Hub, and what its rows may not name."""

from pathlib import Path
from typing import Any

import datasets
import pytest

from studio.data import hub
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.progress import silent
from studio.errors import StudioError
from studio.paths import Home


@pytest.mark.parametrize(
    "origin",
    [
        "hf://datasets/owner/name@main/images/1.png",
        "zip://cats/1.png::hf://datasets/owner/name@0123abc/data.zip",
        "tar://1.png::hf://datasets/owner/name/data.tar",
    ],
)
def test_images_of_a_repository_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    (tmp_path / "there").write_bytes(b"image")
    asked: list[str] = []

    def open_it(place: str, mode: str, hf: dict[str, Any]) -> Any:
        asked.append(place)
        assert hf == {"token": False}
        return (tmp_path / "there").open(mode)

    monkeypatch.setattr("fsspec.open", open_it)
    name = hub.write_image({"bytes": None, "path": origin}, "train-1", tmp_path / "out", token=False)
    assert asked == [origin]
    assert name == "train-1.png" or (name == "train-1.jpg" and origin.endswith(".tar"))
    assert (tmp_path / "out" / name).read_bytes() == b"image"


def test_a_visitor_s_data_are_fetched_without_a_login(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load_dataset(*_: Any, token: Any, **__: Any) -> None:
        asked.append(token)
        raise type("DatasetNotFoundError", (Exception,), {})("not there")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    for each, words in ((home, "log in with"), (home.of_person("ben"), "everybody may read")):
        with pytest.raises(StudioError, match=words):
            import_source("hub:owner/name", ReadingOptions(), each, Limits())
    assert asked == [None, False]


@pytest.mark.parametrize(
    "origin",
    [
        "/etc/passwd",
        "file:///etc/passwd#hf://datasets/a/b",
        "/etc/passwd::hf://datasets/a/b",
        "http://127.0.0.1/?hf://datasets/a/b",
        "zip://x::http://127.0.0.1/a.zip?hf://datasets/a/b",
        "hf://datasets/a/b::file:///etc/passwd",
        "simplecache::hf://datasets/a/b",
        "hf://models/a/b/1.png",
        "",
    ],
)
def test_rows_cannot_name_other_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setattr("fsspec.open", lambda *_: pytest.fail("opened"))
    assert hub.write_image({"bytes": None, "path": origin}, "train-1", tmp_path) is None


def test_images_stop_where_the_room_ends(tmp_path: Path) -> None:
    rows = ({"image": {"bytes": bytes(2000), "path": "x.png"}} for _ in range(10**6))
    translate = {"image": lambda value, place: hub.write_image(value, place, tmp_path)}
    raw = hub.collect({"train": rows}, translate, Limits(unpacked_megabytes=1), silent, tmp_path)
    assert len(raw.numbers) == 1000
    assert "room" in raw.problems[0].what


def test_numbers_of_classes_get_their_names_wherever_they_stand() -> None:
    names = datasets.ClassLabel(names=["cat", "dog"])
    objects = datasets.Sequence({"bbox": datasets.Sequence(datasets.Value("float32")), "category": names})
    value = {"bbox": [[1, 2, 3, 4], [5, 6, 7, 8]], "category": [1, -1]}
    assert hub.named(objects, value, datasets) == {**value, "category": ["dog", None]}
    assert hub.named(datasets.List({"class": names}), [{"class": 0, "x": 0}], datasets) == [{"class": "cat", "x": 0}]
    assert hub.named(datasets.List(names), None, datasets) is None
    assert hub.named(names, -1, datasets) is None


@pytest.mark.parametrize(
    ("kind", "message", "sentence"),
    [
        ("GatedRepoError", "403", "asks for consent"),
        ("ValueError", "Config name is missing. Pick one among: ['en', 'sv']", "several configurations"),
        ("DatasetNotFoundError", "doesn't exist", "was not found"),
        ("ConnectionError", "no route", "could not be fetched"),
    ],
)
def test_failures_are_explained(kind: str, message: str, sentence: str) -> None:
    error = type(kind, (Exception,), {})(message)
    explained = hub.explained("owner/name", error)
    assert sentence in explained.explanation.what
    assert "owner/name" in explained.explanation.what
    assert explained.explanation.what_to_do
