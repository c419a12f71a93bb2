"""Recorded activations stand in for frozen layers, in many kinds of models."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from prepared import prepared_of
from torch import nn
from transformers.pytorch_utils import Conv1D

from studio.activation_store import ActivationStore
from studio.engine.cache import ActivationCache, build_cache
from studio.engine.forward import Forward
from studio.engine.frozen import find_boundaries, trace
from studio.engine.replay import CannotRecord, NothingToGain
from studio.models.heads import head_names, structure_of_model
from studio.paths import Home
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


def words(config: Any, **shape: int) -> Any:
    """A model that classifies texts, from its config."""
    from transformers import AutoModelForSequenceClassification

    special = {"vocab_size": 40, "pad_token_id": 1, "eos_token_id": 3}
    return AutoModelForSequenceClassification.from_config(config(**special, **shape))


def wide_bert() -> Any:
    from transformers import BertConfig

    shape: dict[str, Any] = {
        "hidden_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "initializer_range": 0.1,
    }
    return words(BertConfig, **shape, max_position_embeddings=32)


def llama() -> Any:
    from transformers import LlamaConfig

    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return words(LlamaConfig, **shape, num_key_value_heads=1)


def gpt2() -> Any:
    from transformers import GPT2Config

    return words(GPT2Config, n_embd=16, n_layer=3, n_head=2, n_positions=32)


def bart() -> Any:
    from transformers import BartConfig

    layers = {"encoder_layers": 2, "decoder_layers": 3, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    return words(BartConfig, d_model=16, **layers, **heads, max_position_embeddings=32)


def t5() -> Any:
    from transformers import T5Config

    shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 3, "num_heads": 2}
    return words(T5Config, **shape, decoder_start_token_id=1)


TEXT: tuple[Callable[[], Any], ...] = (bert, roberta, distilbert)
WRITERS: tuple[Callable[[], Any], ...] = (gpt2, llama, bart, t5)
IMAGES: tuple[Callable[[], Any], ...] = (vit, resnet, mobilenet)


def texts(rows: int) -> list[dict[str, Any]]:
    return [{"input_ids": [2, *range(5, 5 + index % 9), 3], "labels": index % 2} for index in range(rows)]


def images(rows: int) -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(0)
    return [{"pixel_values": torch.rand(3, 32, 32, generator=generator), "labels": i % 2} for i in range(rows)]


def stack(items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([torch.as_tensor(item[name]) for item in items]) for name in items[0]}


def prepare(
    make: Callable[[], Any], strategy: str, varying: Sequence[str] = (), side: str = "right", **options: int
) -> Forward:
    """The model under a strategy, with data of its kind. side: where texts are padded."""
    torch.manual_seed(0)
    model = make()
    is_text = make in (*TEXT, *WRITERS, wide_bert)
    items = {split: (texts if is_text else images)(rows) for split, rows in ROWS.items()}
    head = frozenset(head_names(model))
    structure = structure_of_model(model, head)
    chosen = STRATEGIES[strategy]
    wrapped = chosen.apply(model, structure, chosen.Options.read(options))
    collate = PadTexts(pad_token_id=1, side=side) if is_text else stack
    task = "text-classification" if is_text else "image-classification"
    prepared = prepared_of(task, model, items, collate, head, varying)
    return Forward(wrapped, prepared, CPU)


def build(
    forward: Forward, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> ActivationCache:
    boundaries = find_boundaries(trace(forward.model, lambda: forward("train", [0])))
    store = ActivationStore(Home(folder.parent / "home"), most_bytes=0)  # nothing is shared
    return build_cache(forward, boundaries, folder, 4, "fp32", store, progress)


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
        if isinstance(module, nn.Linear | nn.Conv2d | Conv1D) and not module.weight.requires_grad
    )
    assert calls(frozen, lambda: logits(forward, "train")) == 0
    for split in ROWS:
        torch.testing.assert_close(logits(forward, split), plain[split], rtol=1e-4, atol=1e-5)
    forward.cache.close()
    assert not (tmp_path / "cache").exists()
    torch.testing.assert_close(logits(forward, "train"), plain["train"])


CUTS = [
    *((make, last_blocks) for make in (gpt2, llama, bart) for last_blocks in (0, 1, 2)),
    (bart, 3),
    (bart, 4),
    (t5, 0),
]


@pytest.mark.parametrize(("make", "last_blocks"), CUTS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_models_that_write_are_replayed_too(make: Callable[[], Any], last_blocks: int, tmp_path: Path) -> None:
    """Causal models, and those with a decoder above their encoder; bart's last four blocks begin in the encoder."""
    test_replay_answers_as_the_whole_model(make, last_blocks, tmp_path)


@pytest.mark.parametrize("last_blocks", (0, 1))
def test_texts_that_are_padded_at_their_beginning_are_replayed(last_blocks: int, tmp_path: Path) -> None:
    forward = prepare(llama, "freeze", side="left", last_blocks=last_blocks)
    plain = logits(forward, "train")
    forward.cache = build(forward, tmp_path / "cache")
    torch.testing.assert_close(logits(forward, "train"), plain, rtol=1e-4, atol=1e-5)


def test_what_depends_on_the_rest_of_the_batch_is_not_recorded(tmp_path: Path) -> None:
    """GPT-2 counts its positions from the first token, padding or not."""
    with pytest.raises(CannotRecord, match="another answer"):
        build(prepare(gpt2, "freeze", side="left"), tmp_path / "cache")


def test_a_block_that_hands_on_more_than_its_output_is_reported(tmp_path: Path) -> None:
    """T5's first block makes the position bias that all others use."""
    with pytest.raises(CannotRecord, match="not one value for each example"):
        build(prepare(t5, "freeze", last_blocks=1), tmp_path / "cache")


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
    distinct = set(map(repr, (*texts(30), *texts(7)))) if make in TEXT else range(30)  # validation has the first ones
    assert stored == 4 * width * len(distinct)


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


def test_rounding_in_a_coarse_number_format_is_no_other_answer(tmp_path: Path) -> None:
    """Under autocast layers compute in bf16, among other neighbours in another order, and their norms give fp32."""
    forward = prepare(wide_bert, "freeze")
    model: Any = forward.model
    model.forward = torch.autocast("cpu", torch.bfloat16)(model.forward)
    plain = logits(forward, "train")
    forward.cache = build(forward, tmp_path / "cache")
    torch.testing.assert_close(logits(forward, "train"), plain, rtol=2e-2, atol=2e-2)
