"""Every registered strategy: what it announces is what it makes trainable, on models of many kinds."""

import pytest
import torch
from families import FAMILIES, build, head_of, live_structure, structure_of
from family_runs import collate, items, new_run, opened

from studio.errors import StudioError
from studio.strategies import STRATEGIES
from studio.strategies.adapters.base import plain_names
from studio.strategies.selection import layers_of

SETTINGS = {
    "freeze": [{}, {"last_blocks": 1}, {"last_blocks": 99}],
    "lp-ft": [{}, {"head": "solve"}],
    "lora": [{}, {"r": 3}, {"dora": True}, {"pissa": True, "r": 4}],
    "lokr": [{}, {"r": 1}],
    "oft": [{}, {"block_size": 4}],
    "fourierft": [{}, {"frequencies": 7}],
}
CASES = [(name, settings) for name in STRATEGIES.names for settings in SETTINGS.get(name, [{}])]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_the_preview_counts_what_will_train(name, settings, family):
    strategy = STRATEGIES[name]
    model, structure = build(family), structure_of(family)
    if reason := strategy.why_not(structure) or strategy.why_not_here():
        pytest.skip(reason)
    options = strategy.Options(**settings)
    preview = strategy.preview(structure, options)
    applied = strategy.apply(model, structure, options)
    parameters = list(applied.parameters())
    assert preview.trainable == sum(p.numel() for p in parameters if p.requires_grad)
    assert len(preview.blocks) == len(structure.blocks)
    learning = {plain for name, p in applied.named_parameters() if p.requires_grad for plain in plain_names(name)}
    assert (preview.head != "frozen") == bool(learning.intersection(layers_of(structure)[-1]))
    assert 0 < preview.trainable <= preview.total
    if settings:
        return
    batch = collate(items(family))
    applied.train()(**batch).loss.backward()
    assert any(parameter.grad is not None for parameter in parameters)


@pytest.mark.parametrize("name", STRATEGIES.names)
def test_every_strategy_says_what_people_need(name):
    strategy = STRATEGIES[name]
    options = strategy.Options()
    assert strategy.title and strategy.sentence.endswith(".")
    assert strategy.learning_rate(options) == strategy.default_learning_rate


def test_freezing_leaves_the_lower_part_alone():
    model = build("bert")
    structure = live_structure(model)
    strategy = STRATEGIES["freeze"]
    options = strategy.Options(last_blocks=1)
    strategy.apply(model, structure, options)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {*structure.blocks[-1], *structure.tail, *structure.head}
    assert strategy.preview(structure, options).lowest_trained_block == 2
    assert strategy.learning_rate(options) < strategy.learning_rate(strategy.Options())


def test_a_pooler_trains_with_the_head():
    structure = structure_of("bert")
    strategy = STRATEGIES["freeze"]
    assert strategy.preview(structure, strategy.Options()).trainable == structure.count(structure.head) + 16 * 17


def test_no_strategy_trains_what_is_fixed():
    from studio.models.heads import structure_of_model
    from studio.models.pooling import append_mean_pooling

    for strategy in (each for each in STRATEGIES if not each.why_not_here()):
        model = build("bert")
        new = append_mean_pooling(model) | head_of("bert")
        structure = structure_of_model(model, new)
        preview = strategy.preview(structure, strategy.Options())
        applied = strategy.apply(model, structure, strategy.Options())
        trained = {name: p for name, p in applied.named_parameters() if p.requires_grad}
        assert not any(".layer.3." in name for name in trained), strategy.name
        assert preview.trainable == sum(p.numel() for p in trained.values())


def test_what_does_not_fit_is_said_with_the_reason():
    convolutions, gpt2, vit = (structure_of(family) for family in ("resnet", "gpt2", "vit"))
    assert "convolutions" in STRATEGIES["vera"].why_not(convolutions)
    assert "GPT-2" in STRATEGIES["loha"].why_not(gpt2)
    assert "images" in STRATEGIES["prompt-tuning"].why_not(vit)
    assert "decoder" in STRATEGIES["p-tuning"].why_not(structure_of("t5"))
    assert "look back" in STRATEGIES["prefix-tuning"].why_not(structure_of("distilbert"))
    assert "norm-only" in STRATEGIES["ln-tuning"].why_not(convolutions)
    with pytest.raises(StudioError, match="does not fit"):
        STRATEGIES["vera"].preview(convolutions, STRATEGIES["vera"].Options())


@pytest.mark.parametrize("name", ["adapter", "bitfit", "ln-tuning", "p-tuning", "vera"])
def test_what_does_not_fit_never_begins(name, home):
    """Bottleneck adapters in a ResNet would be its head alone, and a learned prompt an error of Python."""
    with pytest.raises(StudioError, match="does not fit this model"):
        opened(new_run(home, name, "resnet"))


@pytest.mark.parametrize(("name", "settings"), [("dora", {}), ("lora", {"dora": True})])
def test_dead_filters_are_not_divided_by_their_length(name, settings):
    model = build("mobilenet_v2")
    dead = model.get_submodule("mobilenet_v2.layer.10.expand_1x1.convolution")
    with torch.no_grad():
        dead.weight[3] = 0
    strategy = STRATEGIES[name]
    adapted = strategy.apply(model, live_structure(model), strategy.Options(**settings)).eval()
    assert torch.isfinite(adapted(torch.zeros(2, 3, 32, 32)).logits).all()
    names = [name for name, _ in adapted.named_parameters() if ".lora_A." in name]
    assert names and not any("layer.10.expand_1x1" in name for name in names)


@pytest.mark.parametrize("name", ["c3a", "fourierft"])
def test_adapters_that_need_large_steps_leave_the_head_its_own(name):
    strategy = STRATEGIES[name]
    model = build("bert")
    structure = live_structure(model)
    options = strategy.Options()
    applied = strategy.apply(model, structure, options)
    rates = strategy.rates(applied, structure, options)
    trained = {name for name, parameter in applied.named_parameters() if parameter.requires_grad}
    slow = {name for name in trained if rates.get(name, 1.0) == strategy.head_rate}
    assert {name.rsplit(".", 1)[-1] for name in slow} == {"weight", "bias"} and len(slow) == len(structure.head)
    assert all(rates.get(name, 1.0) == 1.0 for name in trained - slow) and trained - slow
    assert strategy.preview(structure, options).rates == (1.0, 1.0, 1.0, 1.0, strategy.head_rate)


def test_lora_adapts_the_layers_that_are_named():
    strategy = STRATEGIES["lora"]
    structure = structure_of("bert")
    preview = strategy.preview(structure, strategy.Options(target_modules="query, value", r=4))
    assert preview.trainable == 3 * 2 * 4 * (16 + 16) + structure.count(structure.head)
    assert preview.blocks == ("adapted",) * 3
    with pytest.raises(StudioError, match="q_proj"):
        strategy.preview(structure, strategy.Options(target_modules="q_proj"))


def test_a_learned_prompt_is_refused_where_every_token_gets_an_answer() -> None:
    from studio.tasks import TASKS

    words, texts = TASKS["token-classification"].model, TASKS["text-classification"].model
    for name, refused in (("prompt-tuning", True), ("p-tuning", True), ("prefix-tuning", False), ("lora", False)):
        assert bool(STRATEGIES[name].why_not_task(words)) == refused and not STRATEGIES[name].why_not_task(texts)
    for name in ("prompt-tuning", "p-tuning", "prefix-tuning"):
        assert "compares several" in str(STRATEGIES[name].why_not_task(TASKS["multiple-choice"].model))


def test_a_finished_adapter_is_loaded_without_a_word(tmp_path, recwarn):
    """What peft is warned of by transformers is nothing for whoever reads the output of a command."""
    strategy, model = STRATEGIES["lora"], build("bert")
    strategy.save(strategy.apply(model, live_structure(model), strategy.Options()), tmp_path)
    loaded = strategy.load(lambda folder: build("bert"), tmp_path, tmp_path)
    assert any(".lora_A." in name for name, _ in loaded.named_parameters())
    assert [each.message for each in recwarn if issubclass(each.category, FutureWarning)] == []
