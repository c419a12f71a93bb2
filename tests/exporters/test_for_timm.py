"""Models of timm: taught here, exported, and asked by plain timm and plain transformers."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from trained import Workers, new_run

from studio.config import RunConfig
from studio.exporters import EXPORTERS
from studio.exporters.for_timm import prepared
from studio.models.converting.photo import CONFIG, PROCESSOR
from studio.paths import Home
from studio.tasks.images import pixels_of
from studio.tasks.loading import load_tuned


def write_converted(folder: Path) -> None:
    """As the starter for photographs is written: with an image processor of transformers."""
    import timm
    from safetensors.torch import save_file

    folder.mkdir()
    save_file(timm.create_model("test_efficientnet").state_dict(), folder / "model.safetensors", {"format": "pt"})
    config = {**CONFIG, "architecture": "test_efficientnet", "num_features": 256}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR), encoding="utf-8")


def write_published(folder: Path) -> None:
    """As timm publishes its models on the Hub."""
    import timm

    timm.models.save_for_hf(timm.create_model("test_efficientnet"), folder, safe_serialization=True)


@pytest.mark.parametrize("write", [write_converted, write_published])
def test_an_exported_model_answers_alike_in_timm_and_in_transformers(
    write: Any, workers: Workers, home: Home, images: Path, tmp_path: Path
) -> None:
    import timm
    from transformers import pipeline

    torch.manual_seed(0)
    write(tmp_path / "model")
    run = new_run(
        home, "image-classification", tmp_path / "model", images, strategy={"name": "full"}, training={"epochs": 1}
    )
    assert workers.work(run).status == "completed"
    to = EXPORTERS["folder"].export(run, tmp_path / "to")
    config = RunConfig.from_file(run.config_file)
    ours = load_tuned(config.chosen_task, run.model, config.task_options, config.chosen_strategy)
    with zipfile.ZipFile(images) as archive, archive.open(archive.namelist()[0]) as file:
        image = Image.open(file).convert("RGB").resize((300, 240))
    pixels = pixels_of(ours.tools.processor)
    inputs = pixels.normalise(pixels.shrink(image)[None])
    model = timm.create_model(f"local-dir:{to}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    with torch.no_grad():
        wanted = ours.model(pixel_values=inputs).logits.softmax(-1)[0]
        torch.testing.assert_close(model(inputs).softmax(-1)[0], wanted)
        torch.testing.assert_close(model(transform(image)[None]).softmax(-1)[0], wanted, atol=0.02, rtol=0)
    said = {each["label"]: each["score"] for each in pipeline("image-classification", model=str(to))(image)}
    assert list(model.pretrained_cfg["label_names"]) == list(ours.tools.labels)
    assert [said[label] for label in ours.tools.labels] == pytest.approx(wanted.tolist(), abs=1e-4)


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        (PROCESSOR, {"input_size": [3, 224, 224], "crop_pct": 0.875, "crop_mode": "center", "mean": [0.5] * 3}),
        (
            {"size": {"height": 96, "width": 64}, "resample": 2, "do_normalize": False},
            {"input_size": [3, 96, 64], "crop_pct": 1.0, "crop_mode": "squash", "std": [1.0] * 3}
            | {"interpolation": "bilinear"},
        ),
        ({"size": {"shortest_edge": 64}}, None),
        ({}, None),
    ],
)
def test_how_images_are_prepared_in_timm_s_words(processor: dict[str, Any], expected: dict[str, Any] | None) -> None:
    found = prepared(processor)
    assert found == {} if expected is None else expected.items() <= found.items()
