"""How a model is built is asked once: in a process where torch must stay out, and remembered."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import families
import pytest

from studio import library_process, model_reader
from studio.errors import StudioError
from studio.files import read_json
from studio.model_reader import read_architecture, remembered
from studio.models.architecture import Architecture
from studio.models.local import ModelInfo, describe_folder
from studio.paths import Home
from studio.tasks import TASKS

TEXTS = TASKS["text-classification"]
ROOT = Path(__file__).resolve().parent.parent
ASKS_THE_HUB = """
from huggingface_hub import model_info
from transformers import BertForSequenceClassification

class Asking(BertForSequenceClassification):
    def __init__(self, config):
        model_info("somebody/else")
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were read, rather than remembered."""
    found: list[Path] = []
    build = model_reader._build

    def counted(request: Any) -> Architecture:
        found.append(Path(request["folder"]))
        return build(request)

    monkeypatch.setattr(model_reader, "_build", counted)
    return found


def read(folder: Path, home: Home, **options: Any) -> Architecture:
    return read_architecture(describe_folder(folder), TEXTS, TEXTS.Options(**options), home)


def test_it_is_read_once(text_model: Path, home: Home, asked: list[Path]) -> None:
    info, options = describe_folder(text_model), TEXTS.Options()
    assert not remembered(info, TEXTS, options, home)
    first = read(text_model, home)
    assert remembered(info, TEXTS, options, home)
    assert read(text_model, home) == first and len(asked) == 1


def test_labels_and_the_length_of_texts_do_not_matter(text_model: Path, home: Home, asked: list[Path]) -> None:
    read(text_model, home)
    read(text_model, home, max_length=64)
    info, values = describe_folder(text_model), {"num_labels": 5, "id2label": {0: "a"}}
    five = read_architecture(info, TEXTS, TEXTS.Options(), home, values).with_labels(5)
    assert len(asked) == 1 and five.structure.shapes["classifier.weight"] == (5, 32)


@pytest.mark.parametrize("change", ["config", "weights", "options", "values", "pooling", "format", "fields"])
def test_what_it_depends_on_makes_it_read_again(
    change: str, home: Home, tmp_path: Path, asked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    families.build("bert", with_head=False).save_pretrained(folder)
    before = read(folder, home)
    options, values = TEXTS.Options(), {}
    if change == "config":
        config = read_json(folder / "config.json") or {}
        (folder / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.3}), encoding="utf-8")
    elif change == "weights":
        families.build("bert").save_pretrained(folder)
    elif change == "options":
        options = TEXTS.Options(pooling="mean")
    elif change == "values":
        values = {"problem_type": "regression"}
    elif change == "pooling":
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}', encoding="utf-8")
    elif change == "format":
        monkeypatch.setattr(model_reader, "FORMAT", -1)
    else:
        monkeypatch.setattr(model_reader, "Structure", ModelInfo)
    after = read_architecture(describe_folder(folder), TEXTS, options, home, values)
    assert len(asked) == 2
    assert bool(after.structure.fixed) == (change in ("options", "pooling")) and not before.structure.fixed


def test_a_process_tells_the_same_and_is_started_once(
    text_model: Path, home: Home, tmp_path: Path, forked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four ask at the same moment."""
    started: list[Any] = []
    run: Callable[..., Any] = subprocess.run

    def counted(command: list[str], **keywords: Any) -> Any:
        started.append(command)
        return run(command, **keywords)

    monkeypatch.setattr(library_process.subprocess, "run", counted)
    info, found = describe_folder(text_model), []

    def ask() -> None:
        found.append(read_architecture(info, TEXTS, TEXTS.Options(), home, here=False))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    here = read_architecture(info, TEXTS, TEXTS.Options(), Home(tmp_path / "other"), here=True)
    assert len(started) == 1 and found == [here] * 4


def test_a_refusal_comes_through_the_process(image_model: Path, home: Home, forked: None) -> None:
    with pytest.raises(StudioError, match="cannot be taught this task"):
        read_architecture(describe_folder(image_model), TEXTS, TEXTS.Options(), home, here=False)
    assert not list((home.cache / "architectures").glob("*"))


def test_a_repositorys_own_code_reaches_no_hub(text_model: Path, home: Home, tmp_path: Path, forked: None) -> None:
    folder = tmp_path / "asking"
    shutil.copytree(text_model, folder)
    (folder / "asking.py").write_text(ASKS_THE_HUB, encoding="utf-8")
    config = read_json(folder / "config.json") or {}
    config["auto_map"] = {"AutoModelForSequenceClassification": "asking.Asking"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(StudioError) as caught:
        info = describe_folder(folder, trust_remote_code=True)
        read_architecture(info, TEXTS, TEXTS.Options(), home, trust_remote_code=True, here=False)
    assert "offline mode is enabled" in caught.value.explanation.why


@pytest.mark.parametrize(
    ("code", "words"),
    [("import os; os._exit(9)", "exited with 9"), ("import sys; print('no memory', file=sys.stderr)", "no memory")],
)
def test_a_process_that_ends_without_a_word_is_said_so(
    code: str, words: str, text_model: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_process, "engine_command", lambda module: [sys.executable, "-c", code])
    with pytest.raises(StudioError, match="could not be read") as caught:
        read_architecture(describe_folder(text_model), TEXTS, TEXTS.Options(), home, here=False)
    assert words in caught.value.explanation.why


def test_a_process_that_takes_too_long_is_given_up(
    text_model: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_reader, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(
        library_process, "engine_command", lambda module: [sys.executable, "-c", "import time; time.sleep(60)"]
    )
    with pytest.raises(StudioError, match="could not be read"):
        read_architecture(describe_folder(text_model), TEXTS, TEXTS.Options(), home, here=False)


def test_the_asker_stays_without_torch(text_model: Path, reviews: Path, home: Home, forked: None) -> None:
    """A whole preflight in a process like the command's: it learns the structure, and imports nothing heavy."""
    code = f"""
import sys
from studio.config import RunConfig
from studio.paths import Home
from studio.preflight import find_problems
model, data = {{"id": {str(text_model)!r}}}, {{"source": {str(reviews)!r}}}
config = RunConfig.read({{"task": "text-classification", "model": model, "data": data}})
print(find_problems(config, Home.find()))
print([name for name in ("torch", "transformers", "peft", "accelerate") if name in sys.modules])
"""
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.split() == ["[]", "[]"]
    assert remembered(describe_folder(text_model), TEXTS, TEXTS.Options(), home)


def test_a_preflight_opens_each_file_once(reviews: Path, home: Home, tmp_path: Path) -> None:
    """Of a model whose weights lie in parts; asked where torch is, so that nothing is read behind our back."""
    from studio.config import RunConfig
    from studio.preflight import find_problems

    folder = tmp_path / "model"
    families.build("bert").save_pretrained(folder, max_shard_size="10KB")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    config = RunConfig.read(
        {"task": "text-classification", "model": {"id": str(folder)}, "data": {"source": str(reviews)}}
    )
    opened: list[str] = []
    listening = True

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if listening and event == "open" and isinstance(arguments[0], str):
            file = Path(arguments[0])
            if file.is_relative_to(folder) and file.is_file():
                opened.append(file.relative_to(folder).as_posix())

    sys.addaudithook(note)  # stays for good, but deaf
    assert find_problems(config, home) == []
    listening = False
    parts = [path.name for path in folder.glob("*.safetensors")]
    assert len(parts) > 2
    assert sorted(opened) == sorted(["config.json", "model.safetensors.index.json", *parts])
