"""Estimates of memory and time: against counted networks, and in the directions that must hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.files import read_json, replace_json
from studio.hardware import GIGABYTE, Gpu, Machine
from studio.models.estimates import Trained, Workload, block_costs, estimate, fits, tokens_of
from studio.models.speed import Speed, speed_of
from studio.models.structure import Structure, find_structure
from studio.paths import Home

SPEED = Speed(2e11, 2e10, rough=False)
MACHINE = Machine(cores=2, memory_bytes=16 * GIGABYTE, gpus=())


def shapes_of(model: object) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in model.named_parameters()}  # type: ignore[attr-defined]


def encoder(layers: int = 6, hidden: int = 384, vocabulary: int = 30000) -> Structure:
    shapes: dict[str, tuple[int, ...]] = {"embeddings.word_embeddings.weight": (vocabulary, hidden)}
    for layer in range(layers):
        for name, shape in {
            "q": (hidden, hidden), "k": (hidden, hidden), "v": (hidden, hidden), "o": (hidden, hidden),
            "up": (4 * hidden, hidden), "down": (hidden, 4 * hidden),
        }.items():  # fmt: skip
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shape
    shapes["classifier.weight"] = (2, hidden)
    return find_structure(shapes, ["classifier.weight"])


WORK = Workload("text", {"train": 3000, "validation": 500, "test": 500}, 30, epochs=1, batch_size=32)


@pytest.mark.parametrize(("family", "counted"), [("resnet18", 1.81e9), ("resnet50", 4.09e9), ("mobilenet", 0.30e9)])
def test_multiply_adds_are_near_the_counted_ones(family: str, counted: float) -> None:
    import torch
    from transformers import (
        MobileNetV2Config,
        MobileNetV2ForImageClassification,
        ResNetConfig,
        ResNetForImageClassification,
    )

    with torch.device("meta"):
        if family == "mobilenet":
            model = MobileNetV2ForImageClassification(MobileNetV2Config())
        elif family == "resnet50":
            model = ResNetForImageClassification(ResNetConfig())
        else:
            sizes = {"hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2], "layer_type": "basic"}
            model = ResNetForImageClassification(ResNetConfig(**sizes))
    shapes = shapes_of(model)
    structure = find_structure(shapes, [name for name in shapes if "classifier" in name])
    stem, blocks = block_costs(structure, {}, Workload("image", {}, 224, 1, 1))
    total = stem.multiply_adds + sum(block.multiply_adds for block in blocks)
    assert 0.7 < total / counted < 1.4


def test_a_text_model_costs_its_body_a_token() -> None:
    stem, blocks = block_costs(encoder(), {}, replace(WORK, length=10))
    assert stem.multiply_adds == 0 and len(blocks) == 6
    assert blocks[0].multiply_adds == pytest.approx(12 * 384**2 * 11, rel=0.05)


def test_training_less_takes_less_of_everything() -> None:
    structure = encoder()
    full = estimate(structure, {}, Trained(structure.total, 0), WORK, SPEED, 2)
    half = estimate(structure, {}, Trained(structure.total // 4, 3), WORK, SPEED, 2)
    head = estimate(structure, {}, Trained(770, 6), WORK, SPEED, 2)
    assert full.seconds > half.seconds > head.seconds
    assert full.memory_bytes > half.memory_bytes > head.memory_bytes
    assert full.cache_bytes == 0 and half.cache_bytes > head.cache_bytes > 0


def test_memory_holds_weights_gradients_and_moments() -> None:
    structure = encoder()
    with_moments = estimate(structure, {}, Trained(structure.total, 0), WORK, SPEED, 2)
    plain = estimate(structure, {}, Trained(structure.total, 0), WORK, SPEED, 0)
    assert with_moments.memory_bytes - plain.memory_bytes == pytest.approx(structure.total * 8, abs=16)


def test_the_cache_pays_with_more_epochs() -> None:
    structure, many = encoder(), replace(WORK, epochs=10)
    cached = estimate(structure, {}, Trained(770, 6), many, SPEED, 2, cached=True)
    plain = estimate(structure, {}, Trained(770, 6), many, SPEED, 2, cached=False)
    assert plain.seconds > 2 * cached.seconds


def test_verdicts_come_with_a_sentence() -> None:
    structure = encoder()
    small = estimate(structure, {}, Trained(structure.total, 0), WORK, SPEED, 2)
    assert fits(small, MACHINE).verdict == "ok"
    assert fits(replace(small, memory_bytes=13 * GIGABYTE), MACHINE).verdict == "tight"
    assert "Too large" in fits(replace(small, memory_bytes=40 * GIGABYTE), MACHINE).sentence
    full_disk = fits(replace(small, cache_bytes=GIGABYTE), MACHINE, free_disk_bytes=10)
    assert full_disk.verdict == "no" and "disk" in full_disk.sentence


def test_tokens_follow_from_characters() -> None:
    assert 24 < tokens_of(114) < 32
    assert tokens_of(100_000, longest=128) == 128


def test_this_machine_is_measured_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    speed = speed_of(MACHINE, home)
    assert speed.flops > 1e9 and speed.bandwidth > 1e8 and not speed.rough
    monkeypatch.setattr("studio.models.speed.measure", lambda _: pytest.fail("measured twice"))
    assert speed_of(MACHINE, home) == speed


def test_what_another_version_measured_is_measured_anew(home: Home) -> None:
    memory = home.cache / "speed.json"
    speed_of(MACHINE, home)
    known = read_json(memory)
    of_version_1 = {name: value for name, value in known["machine"].items() if name != "measured"}
    replace_json(memory, {**known, "machine": of_version_1, "speed": {"flops": 1.0}})
    assert speed_of(MACHINE, home).flops > 1e9 and read_json(memory)["machine"] == known["machine"]


def test_a_measurement_in_a_busy_moment_is_made_good_later(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.models.speed.REMEMBERED_SECONDS", 0)
    for flops, expected in ((1e10, 1e10), (9e10, 9e10), (2e10, 9e10)):
        monkeypatch.setattr("studio.models.speed.measure", lambda _, flops=flops: Speed(flops, 1e9, rough=False))
        assert speed_of(MACHINE, home).flops == expected


def test_a_gpu_is_looked_up_and_called_rough(home: Home) -> None:
    card = Machine(8, 64 * GIGABYTE, (Gpu("NVIDIA A100-SXM4-80GB", 80 * GIGABYTE),))
    other = Machine(8, 64 * GIGABYTE, (Gpu("NVIDIA Something", 8 * GIGABYTE),))
    assert speed_of(card, home).flops > speed_of(other, home).flops > 1e12
    assert speed_of(card, home).rough and not Path(home.cache / "speed.json").exists()
