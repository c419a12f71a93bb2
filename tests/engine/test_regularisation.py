"""Penalties, noise, averages, dropout and batch normalisation, each beside a reference of its own."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from families import build
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel
from trained import Finished, open_session

from studio.engine.callbacks.averaging import Averaging
from studio.engine.callbacks.penalties import GradientNoise, Penalties
from studio.engine.frozen_layers import batch_norms
from studio.engine.loop import State
from studio.models.local import describe_folder
from studio.training import TrainingOptions
from studio.training.needs import CONFIG_KEYS, config_changes, unused_settings


def loop_around(model: nn.Module, total_steps: int = 10) -> Any:
    """As much of a loop as these callbacks look at."""
    return SimpleNamespace(
        model=model,
        trained=dict(model.named_parameters()),
        state=State(),
        plan=SimpleNamespace(total_steps=total_steps),
        accelerator=SimpleNamespace(scaler=None),
        always_eval=(),
    )


def two_layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def test_penalties_are_the_gradients_of_their_formulas() -> None:
    model = two_layers()
    loop = loop_around(model)
    start = model[0].weight.detach().clone()
    penalties = Penalties(loop, {"1.weight"}, {"0.weight", "0.bias", "1.weight", "1.bias"}, l1=0.3, l2_sp=0.2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)
    loss = (
        0.3 * (model[0].weight.abs().sum() + model[1].weight.abs().sum())
        + 0.2 / 2 * (model[0].weight - start).square().sum()
        + 0.2 / 2 * model[1].weight.square().sum()
    )
    wanted = torch.autograd.grad(loss, [model[0].weight, model[1].weight])
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    penalties.on_gradients(loop)
    torch.testing.assert_close(model[0].weight.grad, wanted[0])
    torch.testing.assert_close(model[1].weight.grad, wanted[1])
    assert not model[0].bias.grad.any() and not model[1].bias.grad.any()


def test_noise_falls_as_the_paper_says() -> None:
    model = nn.Linear(400, 100)
    loop = loop_around(model)
    for step, deviation in ((0, 0.1), (99, (0.01 / 100**0.55) ** 0.5)):
        loop.state.step = step
        model.weight.grad = torch.zeros_like(model.weight)
        GradientNoise(0.01).on_gradients(loop)
        assert float(model.weight.grad.std()) == pytest.approx(deviation, rel=0.03)


def steps(model: nn.Module, loop: Any, averaging: Averaging, count: int) -> list[torch.Tensor]:
    """Weights after each of `count` steps that move them at random."""
    seen = []
    for _ in range(count):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        loop.state.step += 1
        averaging.on_step_end(loop, None)  # type: ignore[arg-type]
        seen.append(model[0].weight.detach().clone())  # type: ignore[index]
    return seen


def test_ema_is_its_closed_form() -> None:
    model = two_layers()
    loop = loop_around(model)
    averaging = Averaging(loop, 0.3, 0)
    seen = steps(model, loop, averaging, 6)
    mean = seen[0]
    for number, weights in enumerate(seen[1:], start=1):
        decay = min(0.3, (1 + number) / (10 + number))
        mean = decay * mean + (1 - decay) * weights
    averaging.on_evaluation_begin(loop)
    torch.testing.assert_close(model[0].weight.detach(), mean)
    averaging.on_evaluation_end(loop)
    assert torch.equal(model[0].weight.detach(), seen[-1])


def test_swa_is_the_mean_of_the_last_part() -> None:
    model = two_layers()
    loop = loop_around(model, total_steps=8)
    averaging, theirs = Averaging(loop, None, 0.5), AveragedModel(model)
    seen = steps(model, loop, averaging, 8)
    for weights in seen[4:]:
        with torch.no_grad():
            model[0].weight.copy_(weights)
        theirs.update_parameters(model)
    averaging.on_evaluation_begin(loop)
    torch.testing.assert_close(model[0].weight.detach(), torch.stack(seen[4:]).mean(0))
    torch.testing.assert_close(model[0].weight, theirs.module[0].weight)


def test_averages_survive_a_pause() -> None:
    model = two_layers()
    loop = loop_around(model)
    averaging = Averaging(loop, 0.9, 0)
    steps(model, loop, averaging, 3)
    again = Averaging(loop, 0.9, 0)
    again.restore(averaging.state())
    again.restore_tensors({name: tensor.clone() for name, tensor in averaging.tensors().items()})
    for each in (averaging, again):
        each.on_step_end(loop, None)  # type: ignore[arg-type]
    assert all(torch.equal(averaging.tensors()[name], tensor) for name, tensor in again.tensors().items())


def test_without_a_validation_part_the_average_is_the_result() -> None:
    model = two_layers()
    loop = loop_around(model)
    averaging = Averaging(loop, 0.5, 0)
    last = steps(model, loop, averaging, 3)[-1]
    averaging.on_train_end(loop)
    assert torch.equal(model[0].weight.detach(), last)  # paused: nothing is exchanged
    loop.state.ended = "completed"
    averaging.on_train_end(loop)
    assert torch.equal(model[0].weight.detach(), averaging.tensors()["0.weight"])


def test_an_evaluation_gives_the_weights_back(finished: Finished) -> None:
    """Also where both the optimizer and a mean of the weights exchange them."""
    session = open_session(finished.new("schedule-free", averaging="ema"))
    loop = session.loop
    averaging = next(callback for callback in loop.callbacks if isinstance(callback, Averaging))
    for callback in loop.callbacks:
        callback.on_train_begin(loop)
    for rows in loop.plan.batches(0)[:5]:
        result = loop._step(rows)
        loop.state.step += 1
        assert result is not None
        averaging.on_step_end(loop, result)
    before = {name: parameter.detach().clone() for name, parameter in loop.trained.items()}
    session.evaluation._evaluate(loop)
    for name, parameter in loop.trained.items():
        torch.testing.assert_close(parameter.detach(), before[name], rtol=1e-4, atol=1e-6, msg=name)


def test_swa_counts_the_statistics_anew(finished: Finished) -> None:
    session = open_session(finished.new("image", averaging="swa", swa_start=0.0, batch_norm="updated"))
    loop = session.loop
    averaging = next(callback for callback in loop.callbacks if isinstance(callback, Averaging))
    averaging._count, averaging._means = 1, {name: place.clone() for name, place in averaging._places.items()}
    norm: Any = batch_norms(loop.model)[0]
    before = norm.running_mean.clone()
    averaging.on_evaluation_begin(loop)
    assert not torch.equal(norm.running_mean, before)
    averaging.on_evaluation_end(loop)
    assert torch.equal(norm.running_mean, before)


# --- settings of the model ------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["bert", "distilbert", "gpt2", "t5", "vit", "swin", "convnext"])
def test_dropout_reaches_every_family(family: str) -> None:
    config = build(family).config
    wanted = {"dropout": 0.37, "attention_dropout": 0.37, "stochastic_depth": 0.37}
    changes = config_changes(TrainingOptions(**wanted), config.to_dict())
    assert changes
    for key, value in changes.items():
        setattr(config, key, value)
    model = type(build(family))(config)
    shares = {getattr(module, "p", getattr(module, "drop_prob", None)) for module in model.modules()}
    assert any(share == pytest.approx(0.37) for share in shares if share is not None)


def test_only_what_the_model_has_is_read() -> None:
    bert = build("bert").config.to_dict()
    assert unused_settings({"classes"}, bert, []) >= {"mixup", "cutmix", "stochastic_depth", "batch_norm"}
    assert not unused_settings({"classes"}, bert, []) & {"dropout", "attention_dropout", "label_smoothing"}
    resnet = build("resnet")
    assert "batch_norm" not in unused_settings({"classes", "images"}, resnet.config.to_dict(), resnet.state_dict())
    assert {"loss", "class_weights"} <= unused_settings((), bert, [])
    assert set(CONFIG_KEYS) <= set(TrainingOptions.model_fields)


def test_a_folder_tells_whether_its_model_normalises_batches(image_model: Path, text_model: Path) -> None:
    assert "batch_norm" not in unused_settings({"classes", "images"}, {}, describe_folder(image_model).tensors)
    assert "batch_norm" in unused_settings({"classes"}, {}, describe_folder(text_model).tensors)


def test_the_live_model_has_the_dropout_that_was_asked_for(finished: Finished) -> None:
    session = open_session(finished.new("full", dropout=0.23, attention_dropout=0.11))
    shares = {module.p for module in session.model.modules() if isinstance(module, nn.Dropout)}
    assert {0.23, 0.11} <= shares


@pytest.mark.parametrize(("batch_norm", "moving", "recorded"), [("auto", 0, True), ("updated", 1, False)])
def test_statistics_move_where_they_should(batch_norm: str, moving: int, recorded: bool, finished: Finished) -> None:
    loop = open_session(finished.new("image", batch_norm=batch_norm)).loop
    loop.train_mode()
    training = [module.training for module in batch_norms(loop.model)]
    assert all(training) if moving else not any(training)
    assert (loop.forward.cache is not None) == recorded


@pytest.mark.parametrize(("batch_size", "strategy", "moving"), [(15, "full", 0), (16, "full", 1), (8, "scratch", 1)])
def test_statistics_of_small_batches_are_left_alone(
    batch_size: int, strategy: str, moving: int, finished: Finished
) -> None:
    run = finished.new("image", batch_size=batch_size)
    text = run.config_file.read_text(encoding="utf-8").replace("name: freeze", f"name: {strategy}")
    run.config_file.write_text(text, encoding="utf-8")
    loop = open_session(run).loop
    loop.train_mode()
    training = [module.training for module in batch_norms(loop.model)]
    assert training and all(training) == bool(moving) == any(training)


def test_statistics_that_nobody_counted_are_counted(finished: Finished, image_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(image_model, tmp_path / "half-new")
    weights = load_file(folder / "model.safetensors")
    new = [name for name in weights if "encoder.stages.1" in name]
    weights |= {name: torch.zeros_like(weights[name]) for name in new if name.endswith("running_mean")}
    weights |= {name: torch.ones_like(weights[name]) for name in new if name.endswith("running_var")}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    run = finished.new("image", batch_size=8)
    text = run.config_file.read_text(encoding="utf-8").replace("name: freeze", "name: full")
    run.config_file.write_text(text.replace(str(image_model), str(folder)), encoding="utf-8")
    loop = open_session(run).loop
    loop.train_mode()
    moving = {name: norm.training for name, norm in loop.model.named_modules() if norm in batch_norms(loop.model)}
    assert moving == {name: "encoder.stages.1" in name for name in moving} and len(set(moving.values())) == 2


def test_statistics_can_be_kept_in_what_learns(finished: Finished) -> None:
    run = finished.new("image", batch_norm="frozen")
    text = run.config_file.read_text(encoding="utf-8").replace("name: freeze", "name: full")
    run.config_file.write_text(text, encoding="utf-8")
    loop = open_session(run).loop
    loop.train_mode()
    assert batch_norms(loop.model) and not any(module.training for module in batch_norms(loop.model))
