"""Recorded activations stand in for frozen layers, in many kinds of models."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from prepared import prepared_of
from torch import nn

from studio.engine.cache import ActivationCache, build_cache
from studio.engine.forward import Forward
from studio.engine.frozen import find_boundaries, trace
from studio.engine.replay import CannotRecord, NothingToGain
from studio.models.structure import find_structure
from studio.strategies import STRATEGIES
from studio.tasks.texts import PadTexts

ROWS = {"train": 30, "validation": 7}
CPU = torch.device("cpu")


def bert() -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return BertForSequenceClassification(BertConfig(vocab_size=40, max_position_embeddings=32, **shape))


def roberta() -> Any:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return RobertaForSequenceClassification(RobertaConfig(vocab_size=40, max_position_embeddings=40, **shape))


def distilbert() -> Any:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    shape = {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32}
    return DistilBertForSequenceClassification(DistilBertConfig(vocab_size=40, max_position_embeddings=32, **shape))


def vit() -> Any:
    from transformers import ViTConfig, ViTForImageClassification

    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return ViTForImageClassification(ViTConfig(image_size=32, patch_size=8, **shape))


def resnet() -> Any:
    from transformers import ResNetConfig, ResNetForImageClassification

    return ResNetForImageClassification(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 16], depths=[1, 1, 1]))


def mobilenet() -> Any:
    from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

    return MobileNetV2ForImageClassification(MobileNetV2Config(image_size=32, depth_multiplier=0.35))


TEXT: tuple[Callable[[], Any], ...] = (bert, roberta, distilbert)
IMAGES: tuple[Callable[[], Any], ...] = (vit, resnet, mobilenet)


def texts(rows: int) -> list[dict[str, Any]]:
    return [{"input_ids": [2, *range(5, 5 + index % 9), 3], "labels": index % 2} for index in range(rows)]


def images(rows: int) -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(0)
    return [{"pixel_values": torch.rand(3, 32, 32, generator=generator), "labels": i % 2} for i in range(rows)]


def stack(items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([torch.as_tensor(item[name]) for item in items]) for name in items[0]}


def prepare(make: Callable[[], Any], strategy: str, varying: Sequence[str] = (), **options: int) -> Forward:
    """The model under a strategy, with data of its kind."""
    torch.manual_seed(0)
    model = make()
    is_text = make in TEXT
    items = {split: (texts if is_text else images)(rows) for split, rows in ROWS.items()}
    head = frozenset(name for name, _ in model.named_parameters() if name.startswith(("classifier", "pre_classifier")))
    structure = find_structure({name: tuple(p.shape) for name, p in model.named_parameters()}, head)
    chosen = STRATEGIES[strategy]
    wrapped = chosen.apply(model, structure, chosen.Options.read(options))
    collate = PadTexts(pad_token_id=1) if is_text else stack
    task = "text-classification" if is_text else "image-classification"
    prepared = prepared_of(task, model, items, collate, head, varying)
    return Forward(wrapped, prepared, CPU)


def build(
    forward: Forward, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> ActivationCache:
    boundaries = find_boundaries(trace(forward.model, lambda: forward("train", [0])))
    return build_cache(forward, boundaries, folder, 4, "key", progress)


def logits(forward: Forward, split: str) -> torch.Tensor:
    forward.model.eval()
    with torch.no_grad():
        return torch.cat([forward(split, rows).outputs.logits for rows in ([0, 3, 1], [5, 6, 4, 2])])


def calls(module: nn.Module, forward: Callable[[], Any]) -> int:
    """How often `module`'s own forward ran."""
    count = 0
    original = type(module).forward

    def counting(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += self is module
        return original(self, *args, **kwargs)

    type(module).forward = counting  # type: ignore[method-assign]
    try:
        forward()
    finally:
        type(module).forward = original  # type: ignore[method-assign]
    return count


@pytest.mark.parametrize("last_blocks", (0, 1, 2))
@pytest.mark.parametrize("make", (*TEXT, *IMAGES), ids=lambda make: make.__name__)
def test_replay_answers_as_the_whole_model(make: Callable[[], Any], last_blocks: int, tmp_path: Path) -> None:
    forward = prepare(make, "freeze", last_blocks=last_blocks)
    plain = {split: logits(forward, split) for split in ROWS}
    forward.cache = build(forward, tmp_path / "cache")
    frozen = next(
        module
        for module in forward.model.modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and not module.weight.requires_grad
    )
    assert calls(frozen, lambda: logits(forward, "train")) == 0
    for split in ROWS:
        torch.testing.assert_close(logits(forward, split), plain[split], rtol=1e-4, atol=1e-5)
    forward.cache.close()
    assert not (tmp_path / "cache").exists()
    torch.testing.assert_close(logits(forward, "train"), plain["train"])


@pytest.mark.parametrize("make", (*TEXT, *IMAGES), ids=lambda make: make.__name__)
def test_gradients_are_those_of_the_whole_model(make: Callable[[], Any], tmp_path: Path) -> None:
    forward = prepare(make, "freeze", last_blocks=1)
    trained = [parameter for parameter in forward.model.parameters() if parameter.requires_grad]
    forward.model.eval()
    plain = torch.autograd.grad(forward("train", [0, 3, 8]).mean, trained, allow_unused=True)
    forward.cache = build(forward, tmp_path / "cache")
    replayed = torch.autograd.grad(forward("train", [0, 3, 8]).mean, trained, allow_unused=True)
    for one, two in zip(plain, replayed, strict=True):
        assert (one is None) == (two is None)
        if one is not None and two is not None:
            torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", (bert, roberta, vit, resnet, mobilenet), ids=lambda make: make.__name__)
def test_a_head_alone_keeps_one_vector_of_each_example(make: Callable[[], Any], tmp_path: Path) -> None:
    """Not all of its tokens, also where the head itself picks the first one."""
    forward = prepare(make, "freeze")
    build(forward, tmp_path / "cache")
    stored = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("input-*.bin"))
    width = 1280 if make is mobilenet else 16
    assert stored == 4 * width * sum(ROWS.values())


@pytest.mark.parametrize("make", (bert, resnet), ids=lambda make: make.__name__)
def test_examples_are_not_put_together_again_for_a_head(make: Callable[[], Any], tmp_path: Path) -> None:
    forward = prepare(make, "freeze")
    forward.cache = build(forward, tmp_path / "cache")
    forward.prepared.examples["train"].clear()  # type: ignore[attr-defined]
    assert len(logits(forward, "train")) == 7


def test_what_varies_is_computed_anew(tmp_path: Path) -> None:
    forward = prepare(resnet, "freeze", varying=["train"])
    cache = build(forward, tmp_path / "cache")
    assert cache.splits == {"validation"}
    both = prepare(resnet, "freeze", varying=["train", "validation"])
    with pytest.raises(CannotRecord):
        build(both, tmp_path / "other")


def test_adapters_in_the_lowest_block_leave_nothing_to_gain(tmp_path: Path) -> None:
    forward = prepare(bert, "lora", r=2)
    with pytest.raises(NothingToGain):
        build(forward, tmp_path / "cache")


def test_a_bare_parameter_below_forbids_it() -> None:
    """A trained position vector acts before the blocks, though no module that was called owns it."""
    forward = prepare(vit, "freeze", last_blocks=1)
    forward.model.vit.embeddings.cls_token.requires_grad_(True)  # type: ignore[union-attr]
    boundaries = find_boundaries(trace(forward.model, lambda: forward("train", [0])))
    assert all("encoder" not in path[-1].name and "layer" not in path[-1].name for path in boundaries)


def test_weights_are_as_before_a_trial(tmp_path: Path) -> None:
    forward = prepare(bert, "freeze", last_blocks=1)
    before = {name: p.clone() for name, p in forward.model.named_parameters()}
    build(forward, tmp_path / "cache")
    assert all(torch.equal(before[name], p) for name, p in forward.model.named_parameters())


def test_interrupted_recording_is_begun_anew_and_a_whole_one_used_again(tmp_path: Path) -> None:
    class Stop(Exception): ...

    def stop(done: int, total: int) -> None:
        if done > 10:
            raise Stop

    forward, folder, seen = prepare(bert, "freeze", last_blocks=1), tmp_path / "cache", []
    plain = logits(forward, "train")
    with pytest.raises(Stop):
        build(forward, folder, stop)
    build(forward, folder, lambda done, total: seen.append(done))
    assert seen[0] == 0
    seen.clear()
    forward.cache = build(forward, folder, lambda done, total: seen.append(done))
    assert seen == []
    torch.testing.assert_close(logits(forward, "train"), plain, rtol=1e-4, atol=1e-5)
