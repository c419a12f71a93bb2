"""Numbers of texts: learned with mean 0 and deviation 1, and given in their own unit by the model that is saved."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
import torch
from prepared import prepare_table

from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.models.heads import label_layers, structure_of_model
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.tasks.base import Batch

TASK = TASKS["text-regression"]


@pytest.fixture(scope="module")
def table() -> pandas.DataFrame:
    texts = [f"{'good ' * (index % 7 * 2)}film" for index in range(20)]
    numbers = [100.0 + 10 * (index % 7) for index in range(20)]
    frame = pandas.DataFrame({"row": range(1, 21), "text": texts, "number": [str(number) for number in numbers]})
    frame["split"] = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    frame.loc[12:, "number"] = "9000"  # what is not trained on tells nothing of the scale
    return frame


def prepared(table: pandas.DataFrame, model: Path, **options: Any) -> Prepared:
    return prepare_table(TASK.name, table, model, **options)


def batch_of(found: Prepared, split: str = "train") -> Batch:
    items = found.examples[split].plain(list(range(len(found.examples[split]))))
    return Batch(found.collate(items), items)


def test_training_numbers_have_mean_0_and_deviation_1(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)
    labels = batch_of(found).tensors["labels"]
    assert labels.dtype == torch.float32
    assert float(labels.mean()) == pytest.approx(0, abs=1e-6)
    assert float(labels.std(correction=0)) == pytest.approx(1, abs=1e-6)
    config = found.model.config
    assert config.target_mean == pytest.approx(table["number"][:12].astype(float).mean())
    assert len(config.target_quantiles) == 21 and config.target_quantiles[0] == 100


def test_the_saved_model_gives_the_number_that_the_studio_gave(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)
    found.model.eval()
    batch = batch_of(found)
    inputs = {name: tensor for name, tensor in batch.tensors.items() if name != "labels"}
    with torch.no_grad():
        before = [answer.value for answer in TASK.answer(found.tools, found.model, Batch(inputs, batch.items))]
        TASK.finish(found.model, found.tools)
        after = [answer.value for answer in TASK.answer(found.tools, found.model, Batch(inputs, batch.items))]
        plain = found.model(**inputs).logits[:, 0].tolist()
        TASK.finish(found.model, found.tools)  # a second time changes nothing
        again = found.model(**inputs).logits[:, 0].tolist()
    assert after == pytest.approx(before, rel=1e-5) and plain == pytest.approx(before, rel=1e-5) and again == plain
    assert 50 < before[0] < 250 and before != [before[0]] * len(before)


def test_a_head_without_a_bias_learns_without_a_mean(text_model: Path) -> None:
    from transformers import GPT2Config, GPT2ForSequenceClassification

    config = GPT2Config(vocab_size=40, n_embd=16, n_layer=1, n_head=2, n_positions=32, num_labels=1)
    config.target_mean, config.target_deviation = 30.0, 40.0
    model = GPT2ForSequenceClassification(config)
    TASK.adapt(model, text_model, TASK.Options())
    assert (config.target_mean, config.target_deviation) == (0.0, 50.0)
    assert label_layers(model) == [model.score]


@pytest.mark.parametrize("strategy", ["lora", "adapter", "p-tuning"])
def test_layers_of_width_1_that_a_strategy_adds_do_not_take_in_the_scale(
    strategy: str, table: pandas.DataFrame, text_model: Path
) -> None:
    found = prepared(table, text_model)
    chosen = STRATEGIES[strategy]
    narrow = {"lora": {"r": 1}, "adapter": {"width": 1}, "p-tuning": {"hidden": 1}}[strategy]
    structure = structure_of_model(found.model, found.new_parameters)
    model = chosen.apply(found.model, structure, chosen.Options.read(narrow)).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
        before = model(**batch_of(found).tensors).logits[:, 0] * found.model.config.target_deviation
        before += found.model.config.target_mean
        TASK.finish(model, found.tools)
        after = model(**batch_of(found).tensors).logits[:, 0]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-2)


def test_pooling_and_length_are_as_asked(table: pandas.DataFrame, text_model: Path, tmp_path: Path) -> None:
    plain = prepared(table, text_model, pooling="standard", max_length=8)
    mean = prepared(table, text_model, pooling="mean")
    blocks = plain.model.config.num_hidden_layers
    assert mean.model.config.num_hidden_layers == blocks + 1 and max(plain.lengths("train") or []) == 8
    assert {name for name in mean.new_parameters if f"layer.{blocks}." in name}
    other = SimpleNamespace(config=SimpleNamespace(model_type="distilbert"))
    with pytest.raises(StudioError, match="Mean pooling does not fit"):
        TASK.adapt(other, tmp_path, TASK.Options.read({"pooling": "mean"}))


def test_answers_do_not_depend_on_their_neighbours_in_a_batch(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)
    found.model.eval()
    items = found.examples["train"].plain([0, 6])
    with torch.no_grad():
        together = TASK.answer(found.tools, found.model, Batch(found.collate(items), items))
        alone = [TASK.answer(found.tools, found.model, Batch(found.collate([item]), [item]))[0] for item in items]
    assert [answer.value for answer in together] == pytest.approx([answer.value for answer in alone], rel=1e-5)
