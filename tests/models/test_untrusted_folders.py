"""Model folders that strangers made: one plain sentence each, no other file read, and the page goes on."""

import json
import os
import shutil
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from studio import model_reader
from studio.app import model_cards
from studio.app.drafts import Draft
from studio.errors import StudioError
from studio.hardware import probe
from studio.library_process import parsed, why_ended
from studio.model_reader import read_architecture
from studio.models.folders import INDEX, WEIGHTS, is_complete, weight_files
from studio.models.local import describe, describe_folder, find, on_this_machine
from studio.models.pooling import takes_mean_pooling
from studio.models.weights import required_weight_files
from studio.paths import Home
from studio.tasks import TASKS

TASK = TASKS["text-classification"]
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def model(text_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(text_model, tmp_path / "model"))


def split(model: Path, names: list[Any]) -> None:
    """Make it a divided model whose index names these files."""
    (model / WEIGHTS).rename(model / "model-00001-of-00001.safetensors")
    (model / INDEX).write_text(json.dumps({"weight_map": {f"layer.{n}": name for n, name in enumerate(names)}}))


def change(model: Path, **values: Any) -> None:
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    (model / "config.json").write_text(json.dumps({**config, **values}), encoding="utf-8")


def header(model: Path, content: bytes, length: int | None = None, data: bytes = b"\0" * 64) -> None:
    length = len(content) if length is None else length
    (model / WEIGHTS).write_bytes(struct.pack("<Q", length) + content + data)


def refused(model: Path, home: Home) -> str:
    """The sentence, after every way to the model was tried."""
    info = describe_folder(model)
    assert info.problems and all(sentence.count("\n") == 0 and len(sentence) < 600 for sentence in info.problems)
    assert not info.fits(TASK.model)
    assert describe(str(model), home=home).problems
    find(str(model), home=home)
    draft = Draft(id="0" * 24, folders=(str(model),), config={"task": TASK.name, "model": {"id": str(model)}})
    assert [each.problems for each in model_cards.unusable_folders(draft, False)] == [info.problems]
    assert "cannot be used any more" in model_cards.summary(draft, home)
    return info.problems[0]


def test_a_folder_that_broke_stays_on_the_page_with_its_reason(model: Path, home: Home) -> None:
    change(model, num_hidden_layers=10**9)
    draft = Draft(id="0" * 24, folders=(str(model),), config={"task": TASK.name, "model": {"id": str(model)}})
    shown = model_cards.cards(draft, home, probe(), "", False)
    card = next(card for card in shown["cards"] if card["key"] == str(model))
    assert "more than 2,000 layers" in card["disabled"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.safetensors",
        "/etc/model.safetensors",
        "sub/part.bin",
        "pytorch_model.bin",
        "model.safetensors.bin",
        "sub\\part.safetensors",
        "C:part.safetensors",
        "a\0.safetensors",
        "",
        7,
        None,
        ["model-00001-of-00001.safetensors"],
    ],
)
def test_an_index_names_safetensors_files_of_its_folder(model: Path, home: Home, tmp_path: Path, name: Any) -> None:
    shutil.copy(model / WEIGHTS, tmp_path / "outside.safetensors")
    (model / "sub").mkdir()
    (model / "sub/part.bin").write_bytes(b"pickle")
    (model / "part.bin").write_bytes(b"pickle")
    split(model, ["model-00001-of-00001.safetensors", name])
    refused(model, home)
    assert not is_complete(model)
    with pytest.raises(StudioError):
        required_weight_files(model)


def test_links_out_of_the_folder_are_refused_but_the_hub_cache_is_not(model: Path, home: Home, tmp_path: Path) -> None:
    (model / WEIGHTS).rename(tmp_path / "elsewhere.safetensors")
    (model / WEIGHTS).symlink_to(tmp_path / "elsewhere.safetensors")
    assert "link" in refused(model, home)
    (model / WEIGHTS).unlink()
    (model / WEIGHTS).symlink_to(model / WEIGHTS)
    refused(model, home)
    cached = tmp_path / "models--a--b/snapshots/abc"
    blobs = tmp_path / "models--a--b/blobs"
    blobs.mkdir(parents=True)
    (model / WEIGHTS).unlink()
    shutil.move(model, cached)
    shutil.move(tmp_path / "elsewhere.safetensors", blobs / "123")
    (cached / WEIGHTS).symlink_to("../../blobs/123")
    assert describe_folder(cached).problems == () and weight_files(cached) == [cached / WEIGHTS]


def test_parts_in_a_folder_inside_are_taken_by_their_full_path(model: Path) -> None:
    (model / "sub").mkdir()
    split(model, ["sub/part.safetensors"])
    assert weight_files(model) == []
    shutil.move(model / "model-00001-of-00001.safetensors", model / "sub/part.safetensors")
    assert weight_files(model) == [model / "sub/part.safetensors"]
    assert describe_folder(model).problems == ()


def test_an_adapter_loads_no_other_model(model: Path, home: Home) -> None:
    (model / "adapter_config.json").write_text('{"base_model_name_or_path": "/srv/secret", "peft_type": "LORA"}')
    assert "adapter" in refused(model, home)
    with pytest.raises(StudioError, match="adapter"):
        required_weight_files(model)


INDEXES = ["", "{", "[]", "7", '{"weight_map": 7}', "{}", '{"weight_map": {}}', DEEP, "\udcff"]


@pytest.mark.parametrize("content", INDEXES, ids=range(len(INDEXES)))
def test_damaged_indexes(model: Path, home: Home, content: str) -> None:
    split(model, [])
    (model / INDEX).write_text(content, encoding="utf-8", errors="surrogateescape")
    refused(model, home)


HEADERS = {
    "not json": b"hello",
    "list": b"[]",
    "entry is a number": b'{"a": 7}',
    "no dtype": b'{"a": {"shape": [1], "data_offsets": [0, 4]}}',
    "dtype is a list": b'{"a": {"dtype": [], "shape": [1], "data_offsets": [0, 4]}}',
    "shape is a word": b'{"a": {"dtype": "F32", "shape": "x", "data_offsets": [0, 4]}}',
    "a side is a word": b'{"a": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}}',
    "a side is negative": b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
    "a side is huge": b'{"a": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 4]}}',
    "sides multiply": b'{"a": {"dtype": "F32", "shape": [100000, 100000, 100000], "data_offsets": [0, 64]}}',
    "offsets beyond the end": b'{"a": {"dtype": "F32", "shape": [16], "data_offsets": [100, 164]}}',
    "offsets turned round": b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}',
    "deep": b'{"a": ' + DEEP.encode() + b"}",
    "no unicode": b'{"a\xff": 1}',
    "half a pair": b'{"\\ud800": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
    "many digits": b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 4]}}',
}


@pytest.mark.parametrize("kind", HEADERS)
def test_damaged_headers(model: Path, home: Home, kind: str) -> None:
    header(model, HEADERS[kind])
    refused(model, home)


@pytest.mark.parametrize("length", [2**64 - 1, 2**40, 10**6])
def test_headers_that_are_cut_off(model: Path, home: Home, length: int) -> None:
    header(model, b"{}", length)
    assert "cut off" in refused(model, home)
    (model / WEIGHTS).write_bytes(b"123")
    assert "cut off" in refused(model, home)


def test_a_long_header_is_not_read(model: Path, home: Home) -> None:
    header(model, b'{"a": "' + b"x" * 20_000_000 + b'"}')
    begin = time.process_time()
    assert "10 MB" in describe_folder(model).problems[0]
    assert time.process_time() - begin < 1


CONFIGS = {
    "layers": {"num_hidden_layers": 10**9},
    "layers as a fraction": {"num_hidden_layers": 1e300},
    "layers without end": {"num_hidden_layers": float("inf")},
    "depths": {"depths": [2, 10**8]},
    "layers inside": {"text_config": {"n_layer": 10**7}},
    "many types of layers": {"layer_types": ["full_attention"] * 5000},
    "kind is a list": {"model_type": ["bert"]},
    "kind is long": {"model_type": "b" * 10_000},
    "labels are a list": {"id2label": ["a", "b"]},
    "half a pair": {"name": "\ud800"},
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_configs_that_nobody_could_build(model: Path, home: Home, kind: str) -> None:
    change(model, **CONFIGS[kind])
    assert "config.json" in refused(model, home)


DAMAGED = ["", "{", "[]", "7", DEEP, '{"a": ' * 900 + "1" + "}" * 900, "\udcff", '{"a": ' + "9" * 9000 + "}"]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_configs(model: Path, home: Home, content: str) -> None:
    (model / "config.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    assert "config.json" in refused(model, home)


ODD = {
    "word for a number": {"num_hidden_layers": "many"},
    "no number": {"hidden_size": None},
    "negative": {"hidden_size": -4},
    "nothing": {"num_attention_heads": 0},
    "list": {"vocab_size": [1, 2]},
    "huge": {"hidden_size": 10**12, "intermediate_size": 10**12, "num_attention_heads": 1},
    "very huge": {"vocab_size": 10**30},
    "object": {"hidden_act": {"a": 1}},
    "unknown kind": {"model_type": "nothing-that-is-known"},
}


@pytest.mark.parametrize("kind", ODD)
def test_what_transformers_refuses_is_one_sentence(model: Path, home: Home, kind: str) -> None:
    """In this process, as in a worker; the process for the page does the same."""
    change(model, **ODD[kind])
    info = describe_folder(model)
    assert info.problems == ()
    with pytest.raises(StudioError) as caught:
        read_architecture(info, TASK, TASK.Options(), home, here=True)
    assert "\n" not in caught.value.explanation.why


def test_the_reading_process_is_bounded_in_memory(model: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A buffer that is made on the processor, though the model has no memory: 80 GB of positions."""
    change(model, max_position_embeddings=10**10)
    info = describe_folder(model)
    begin = time.monotonic()
    with pytest.raises(StudioError) as caught:
        read_architecture(info, TASK, TASK.Options(), home, here=False)
    assert time.monotonic() - begin < model_reader.MOST_SECONDS
    assert "\n" not in caught.value.explanation.why


@pytest.mark.skipif(os.name != "posix", reason="no such limit")
def test_an_end_for_want_of_time_is_a_sentence() -> None:
    assert "minutes" in why_ended(-24, model_reader.TOO_SLOW)
    assert "memory" in why_ended(-9, model_reader.TOO_SLOW)
    assert parsed('{"result": ') is None


def test_a_folder_that_cannot_be_looked_into(model: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", locked)
    assert str(model) not in [info.id for info in on_this_machine((model,), home)]
    assert describe_folder(model).problems
    for name in ("~nobody-of-that-name/x", "/" + "a" * 5000, "a\0b"):
        with pytest.raises(StudioError):
            describe(name, home=home)


def test_damaged_pooling(model: Path) -> None:
    (model / "1_Pooling").mkdir()
    for content in ("[", DEEP, "[]"):
        (model / "1_Pooling/config.json").write_text(content)
        with pytest.raises(StudioError, match="1_Pooling"):
            takes_mean_pooling("auto", "bert", model)
