"""Describing model folders without loading them."""

import json
import shutil
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.models.catalog import CATALOG, cards_for, find_card
from studio.models.local import describe, describe_folder, find, on_this_machine
from studio.models.starters import STARTERS, locate_starter
from studio.paths import Home
from studio.tasks import TASKS

TEXTS, IMAGES = (TASKS[f"{kind}-classification"].model for kind in ("text", "image"))


@pytest.fixture
def copy(text_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(text_model, tmp_path / "copy"))


def test_a_text_model_is_described(text_model: Path, home: Home) -> None:
    info = describe(str(text_model))
    assert info.model_type == "bert" and info.problems == ()
    assert 15_000 < info.parameters < 40_000 and info.disk_bytes > 4 * info.parameters
    assert info.fits(TEXTS) and not info.fits(IMAGES)


def test_an_image_model_is_described(image_model: Path, home: Home) -> None:
    info = describe(str(image_model))
    assert info.fits(IMAGES) and "size" in info.processor
    assert "tokenizer" in info.lacks(TEXTS) and info.lacks(IMAGES) == ""


def test_a_model_that_is_not_here_is_said_so(home: Home) -> None:
    with pytest.raises(StudioError, match="not on this machine"):
        describe("someone/absent")


def test_problems_are_reported_in_plain_words(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    assert "pickle" in describe_folder(copy).problems[0]
    (copy / "pytorch_model.bin").unlink()
    assert "missing" in describe_folder(copy).problems[0]
    (copy / "config.json").write_text("{", encoding="utf-8")
    assert "damaged" in describe_folder(copy).problems[0]
    (copy / "config.json").unlink()
    assert "config.json is missing" in describe_folder(copy).problems[0]


def test_code_of_its_own_is_a_problem_unless_trusted(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "x.Y"}}), encoding="utf-8")
    assert "--trust-remote-code" in describe_folder(copy).problems[0]
    assert describe_folder(copy, trust_remote_code=True).problems == ()


def test_a_missing_tokenizer_is_reported_to_who_needs_it(copy: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    info = describe_folder(copy)
    assert info.problems == () and "tokenizer" in info.lacks(TEXTS)


def test_a_model_for_images_alone_does_without_a_processor(image_model: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(image_model, tmp_path / "model"))
    (folder / "preprocessor_config.json").unlink()
    assert describe_folder(folder).fits(IMAGES)


def test_of_several_folders_the_first_complete_one_counts(
    copy: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(str(copy), home=home) is not None
    (copy / "model.safetensors").unlink()
    assert find(str(copy), home=home) is None and describe(str(copy), home=home).problems


def test_what_is_here_needs_no_network(image_model: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home.root / "no-cache"))
    found = on_this_machine((image_model,), home)
    assert [info.id for info in found] == [
        *(starter.id for starter in STARTERS if not starter.extra or locate_starter(starter, home)),
        str(image_model),
    ]


def test_the_catalogue_serves_every_task_and_starts_with_the_starter() -> None:
    assert CATALOG[0].id == "starter/text" and not CATALOG[0].is_on_hub
    for task in TASKS:
        assert 2 <= len(cards_for(task.name)) <= 8
    assert len({card.id for card in CATALOG}) == len(CATALOG)
    for card in CATALOG:
        assert card.parameters > 1e6 and card.sentence.endswith(".") and set(card.tasks) <= set(TASKS.names)
        bytes_a_number = round(card.download_bytes / card.parameters)
        assert bytes_a_number in (2, 4) or not card.is_on_hub


def test_a_card_is_found_with_and_without_its_owner() -> None:
    assert find_card("distilbert-base-uncased") is find_card("distilbert/distilbert-base-uncased") is not None
    assert find_card("someone/else") is None
