"""What is exported works elsewhere: loaded by the code of its own card in a process without the studio."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml
from PIL import Image
from trained import Finished, Inference

from studio.config import RunConfig
from studio.errors import StudioError
from studio.exporters import EXPORTERS
from studio.exporters.folder import labels_in, zip_folder
from studio.store import Run
from studio.tasks.results import stored_scores, worth

TEXTS = [
    "good great film", "a bad and awful story", "the music",
    "it felt lovely " * 5 + "and sad " * 5,  # longer than some of the runs read
    "a very happy story " * 10 + "broken " * 200,  # longer than the model has positions for
]  # fmt: skip
EXPORTED = ("full", "lora", "mean", "number", "words", "labels", "image", "image-number", "image-labels")
EXPORTED += ("adapter", "prompt", "questions", "pairs", "written", "shortened", "story", "talk", "preferred")
EXPORTED += ("choices", "regions", "described", "asked")
EXPORTS = [(name, "folder") for name in EXPORTED]
EXPORTS += [("lora", "merged"), ("mean", "merged")]

# runs every folder's own example from its README.md, with what the test asks in place of the example's text or file
ELSEWHERE = """
import functools, json, os, re, sys
answers = {}
for name, (folder, inputs) in json.load(sys.stdin).items():
    os.chdir(folder)
    code = re.search(r"```python\\n(.*?)```", open("README.md", encoding="utf-8").read(), re.S)[1]
    names = {}
    *lines, last = code.strip().splitlines()
    exec("\\n".join(lines), names)
    task = getattr(names["ask"], "task", "")
    if task in ("text-classification", "image-classification"):
        names["ask"] = functools.partial(names["ask"], top_k=None)
    found = []
    for cells in inputs:
        given = iter(cells)
        found.append(eval(re.sub('"a text"|"image.jpg"', lambda _: repr(next(given)), last), names))
    def told(one):
        if task == "token-classification":
            return f"{one['entity_group']} {one['start']}-{one['end']}"
        return one["label"] if "label" in one else one["answer"]
    if task == "image-segmentation":
        def share(mask):
            return mask.histogram()[255] / (mask.width * mask.height)
        found = [[{**one, "score": share(one["mask"])} for one in each] for each in found]
    found = [{"answer": each, "score": 1.0} if isinstance(each, str) else each for each in found]
    found = [each if isinstance(each, list) else [each] for each in found]
    answers[name] = [{told(one): float(one["score"]) for one in each} for each in found]
assert not any(module.partition(".")[0] == "studio" for module in sys.modules)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def exported(finished: Finished, inference: Inference, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("elsewhere")
    return {
        f"{name}-{exporter}": Path(
            inference.ask(
                op="export", run_dir=finished[name].folder, exporter=exporter, to=folder / f"{name}-{exporter}"
            )
        )
        for name, exporter in EXPORTS
    }


def test_the_card_s_own_code_gives_the_studio_s_answers(
    exported: dict[str, Path], finished: Finished, inference: Inference, text_model: Path, tmp_path: Path
) -> None:
    dataset = json.loads(finished["image"].dataset_file.read_text(encoding="utf-8"))["dataset"]
    examples = pandas.read_parquet(finished["image"].examples_file)
    images = [str(finished.home.datasets / dataset / "files" / name) for name in examples["image"][:6]]
    images += write_unusual_images(tmp_path)
    questions: dict[str, Any] = {}
    for name, folder in exported.items():
        place = tmp_path / name
        shutil.copytree(folder, place)
        bases = text_model, finished.writer, finished.speaker, finished.seer
        for base in bases:  # where the card's code looks for the base model
            shutil.copytree(base, place / base.name)
        columns = inputs_of(finished, name)
        given = [images if column == "image" else TEXTS for column in columns]
        rows = range(max(map(len, given)))
        asked = [[each[(at + n) % len(each)] for n, each in enumerate(given)] for at in rows]
        questions[name] = (str(place), asked)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    for name, (_, inputs) in questions.items():
        run = finished[name.rpartition("-")[0]]
        rows = [dict(zip(inputs_of(finished, name), cells, strict=True)) for cells in inputs]
        ours = inference.ask(op="predict", run_dir=run.folder, rows=rows)
        for given, theirs, mine in zip(inputs, answers[name], ours, strict=True):
            assert theirs == pytest.approx(as_card(mine), abs=1e-4), (name, given)


def inputs_of(finished: Finished, name: str) -> list[str]:
    """The inputs of the run's task."""
    config = RunConfig.from_file(finished[name.rpartition("-")[0]].config_file)
    return [column.name for column in config.chosen_task.inputs]


def as_card(answer: dict[str, Any]) -> dict[str, float]:
    """The studio's answer in the words of the card's code."""
    probabilities: dict[str, float] | None = answer["details"].get("probabilities")
    if isinstance(answer["value"], list) and answer["value"] and "share" in answer["value"][0]:
        return {region["label"]: region["share"] for region in answer["value"]}
    if isinstance(answer["value"], list) and not probabilities:
        return {f"{piece['label']} {piece['start']}-{piece['end']}": piece["score"] for piece in answer["value"]}
    if "column" in answer["details"]:
        return {answer["value"]: answer["details"]["score"]}
    if isinstance(answer["value"], str) and not probabilities:
        return {answer["value"]: 1.0}
    return probabilities or {"number": answer["value"]}


def write_unusual_images(folder: Path) -> list[str]:
    """Stripes in every way that a file can hold them, each a file of its own."""
    stripes = (numpy.arange(40) // 4 % 2 * 150)[:, None] + numpy.arange(40) * 2
    grey = Image.fromarray(stripes.astype("uint8"))
    see_through = Image.merge("LA", (Image.new("L", grey.size), grey))
    palette = see_through.convert("RGBA").quantize(16)
    turned = Image.Exif()
    turned[0x0112] = 6
    images: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "grey.png": (grey, {}),
        "grey-alpha.png": (see_through, {}),
        "alpha.png": (see_through.convert("RGBA"), {}),
        "palette.png": (grey.convert("P"), {}),
        "palette-alpha.png": (palette, {}),
        "one-colour-clear.gif": (grey.convert("P"), {"transparency": 0}),
        "16-bit.png": (Image.fromarray((stripes * 200).astype("uint16")), {}),
        "16-bit.tif": (Image.fromarray((stripes * 200).astype("uint16")), {}),
        "dark-16-bit.png": (Image.fromarray(stripes.clip(0, 255).astype("uint16")), {}),
        "turned.jpg": (grey.convert("RGB"), {"exif": turned}),
        "turned.png": (grey, {"exif": turned}),
        "turned.tif": (grey, {"exif": turned}),
        "cmyk.jpg": (grey.convert("CMYK"), {}),
    }
    for name, (image, settings) in images.items():
        image.save(folder / name, **settings)
    return [str(folder / name) for name in images]


@pytest.mark.parametrize(("name", "exporter"), EXPORTS)
def test_nothing_of_this_machine_goes_along(
    name: str, exporter: str, exported: dict[str, Path], finished: Finished
) -> None:
    root = str(finished.home.root.parent.parent)
    secrets = [root, str(Path.home()), *filter(None, [os.environ.get("HF_TOKEN")])]
    files = [path for path in exported[f"{name}-{exporter}"].rglob("*") if path.is_file()]
    assert {"README.md", "run.yaml", "config.json"} <= {path.name for path in files}
    assert not any(path.name == "COMPLETE" or path.suffix in (".bin", ".pt", ".pkl") for path in files)
    for path in files:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path.name


def test_the_card(exported: dict[str, Path], finished: Finished) -> None:
    text = (exported["lora-folder"] / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert front["base_model"] == "tiny-bert" and front["library_name"] == "peft"
    assert front["pipeline_tag"] == "text-classification"
    state = finished["lora"].state()
    assert state.test is not None and state.plan is not None and state.best is not None
    for part in (
        "`bad`, `good`", "reviews.csv", "Train: 128 examples", "Validation: 16 examples", "Test: 16 examples",
        "seed 7, stratified", "lora (", "r 4", "epochs: 4", "batch_size: 8", "learning_rate: 0.02", "optimizer: adamw",
        f"{state.test.metrics['accuracy']:.4f}", f"{state.best.metrics['loss']:.4f}", "licence: not stated",
        f"{state.plan.trainable_parameters:,} of", "studio train run.yaml",
        "Texts are cut after 64 tokens", "precision: fp32",
    ):  # fmt: skip
        assert part in text, part
    for sentence in worth(stored_scores(finished["lora"])):
        assert f"- {sentence}" in text, sentence
    assert "of 16, so likely between" in text and "Always answering 'bad', the largest class" in text
    assert "license" not in front and "peft" in re.search(r"```python(.*?)```", text, re.S)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("reason", "words"),
    [("stopped", "Stopped at step 64 of 64"), ("early-stopping", "early stopping at step 64 of 64"), ("completed", "")],
)
def test_the_card_says_where_a_run_ended(reason: str, words: str, finished: Finished, tmp_path: Path) -> None:
    run = Run(Path(shutil.copytree(finished["full"].folder, tmp_path / "run")))
    log = run.events_file.read_text(encoding="utf-8")
    run.events_file.write_text(log.replace('"reason":"completed"', f'"reason":"{reason}"'), encoding="utf-8")
    EXPORTERS["folder"].export(run, tmp_path / "to")
    text = (tmp_path / "to" / "README.md").read_text(encoding="utf-8")
    assert words in text and ("of 64" in text) == bool(words)


def test_a_card_is_written_where_the_scores_are_damaged_and_with_any_name_of_a_class(
    finished: Finished, tmp_path: Path
) -> None:
    run = Run(Path(shutil.copytree(finished["full"].folder, tmp_path / "run")))
    scores = json.loads(run.scores_file.read_text(encoding="utf-8"))
    scores["test"]["remarks"] = ["The model never answers '[a](b)*'."]
    for number, (written, said) in enumerate(((json.dumps(scores), r"'\[a\](b)\*'"), ("{", "is not known: "))):
        run.scores_file.write_text(written, encoding="utf-8")
        EXPORTERS["folder"].export(run, tmp_path / str(number))
        assert said in (tmp_path / str(number) / "README.md").read_text(encoding="utf-8")


def test_the_run_file_can_be_read_again(exported: dict[str, Path], finished: Finished) -> None:
    config = RunConfig.from_file(exported["full-folder"] / "run.yaml")
    original = RunConfig.from_file(finished["full"].config_file)
    assert config.data.source == "reviews.csv" and config.model.id == "tiny-bert"
    assert config.training == original.training and config.strategy == original.strategy


def test_an_adapter_names_its_base_model_without_a_path(exported: dict[str, Path]) -> None:
    settings = json.loads((exported["lora-folder"] / "adapter_config.json").read_text(encoding="utf-8"))
    assert settings["base_model_name_or_path"] == "tiny-bert"
    assert not (exported["lora-merged"] / "adapter_config.json").exists()


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_every_exporter_refuses_what_is_not_finished(exporter: Any, finished: Finished, tmp_path: Path) -> None:
    run = finished.new("full")
    assert exporter.title and exporter.sentence.endswith(".")
    assert "no finished model" in exporter.why_not(run)
    with pytest.raises(StudioError, match="cannot be exported"):
        exporter.export(run, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_only_an_adapter_can_be_merged(finished: Finished, inference: Inference, tmp_path: Path) -> None:
    assert EXPORTERS["merged"].why_not(finished["lora"]) is None
    assert "whole already" in str(EXPORTERS["merged"].why_not(finished["full"]))
    assert "before every text" in str(EXPORTERS["merged"].why_not(finished["prompt"]))
    assert "between the layers" in str(EXPORTERS["merged"].why_not(finished["adapter"]))
    said = inference.refusal(op="export", run_dir=finished["full"].folder, exporter="merged", to=tmp_path / "x")
    assert "whole already" in said and not (tmp_path / "x").exists()


def test_other_files_are_not_touched(finished: Finished, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StudioError, match="something else already"):
        EXPORTERS["folder"].export(finished["full"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_earlier_export_is_replaced_whole(finished: Finished, tmp_path: Path) -> None:
    EXPORTERS["folder"].export(finished["lora"], tmp_path)
    EXPORTERS["folder"].export(finished["full"], tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "model.safetensors" in names and not any(name.startswith("adapter") for name in names)
    assert "peft" not in (tmp_path / "README.md").read_text(encoding="utf-8").split("## Settings")[0]


def test_everybody_may_read_it_who_may_read_a_new_file_there(exported: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    for folder in exported.values():
        assert {file.stat().st_mode for file in folder.iterdir()} == {(tmp_path / "new").stat().st_mode}, folder.name


def test_the_archive(exported: dict[str, Path], tmp_path: Path) -> None:
    archive = tmp_path / "my model.zip"
    left = zip_folder(exported["full-folder"], archive)
    next(left)
    left.close()
    assert not list(tmp_path.iterdir()), "nothing half is left"
    assert list(zip_folder(exported["full-folder"], archive))
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert all(name.startswith("my model/") for name in names)
        assert {Path(name).name for name in names} == {path.name for path in exported["full-folder"].iterdir()}


@pytest.mark.parametrize(
    "config",
    [{"id2label": {"1": "upright", "0": "across"}}, {"label_names": ["across", "upright"]}],
    ids=["usual", "timm"],
)
def test_the_names_of_the_outputs_are_read_as_either_library_lists_them(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert labels_in(tmp_path) == ("across", "upright")
