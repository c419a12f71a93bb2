"""The pretrained model made ready to train: what the strategy makes of it, and how it is computed."""

from collections.abc import Collection

import torch
from torch import nn

from studio.config import RunConfig
from studio.engine import outputs, ranks
from studio.engine.forward import Forward
from studio.engine.frozen_layers import batch_norms
from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.language import _
from studio.models.structure import Structure
from studio.store import Run


def trainable_model(
    run: Run,
    config: RunConfig,
    prepared: Prepared,
    structure: Structure,
    reinitialised: Collection[str],
    device: torch.device,
) -> nn.Module:
    """The model with exactly the chosen parameters trainable. How its new weights begin is written into the run.

    reinitialised: names of weights that the strategy begins anew. Raises StudioError where the settings do not suit
    the model.
    """
    if not reinitialised and ranks.is_main():
        outputs.save_initial_weights(run, prepared.model, prepared.new_parameters)
    model = apply_strategy(config, prepared, structure)
    if reinitialised and ranks.is_main():
        outputs.save_initial_weights(run, prepared.model, {*reinitialised, *prepared.new_parameters})
    if config.training.gradient_checkpointing:
        enable_gradient_checkpointing(model)
    is_whole = model is prepared.model
    if config.training.batch_norm == "updated" and not is_whole and batch_norms(model):
        raise StudioError(
            _("The statistics of batch normalisation cannot move here."),
            _("An adapter does not hold them, so they would be lost when it is saved."),
            _("Set batch_norm to auto, or train the model itself."),
        )
    # some of peft's convolutions do not support another memory format
    if is_whole and device.type == "cpu" and Forward(model, prepared, device).channels_last:
        model.to(memory_format=torch.channels_last)
    return model


def apply_strategy(config: RunConfig, prepared: Prepared, structure: Structure) -> nn.Module:
    """The model with exactly the chosen parameters trainable, possibly wrapped by peft."""
    config.chosen_strategy.check(structure, config.strategy_options, config.chosen_task.model)
    model = config.chosen_strategy.apply(prepared.model, structure, config.strategy_options)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise StudioError(
            _("Nothing of the model would train."),
            _("The strategy '{strategy}' leaves every layer of it frozen.", strategy=config.strategy["name"]),
            _("Choose another strategy."),
        )
    return model


def enable_gradient_checkpointing(model: nn.Module) -> None:
    """Gradient checkpointing, as the model brings it."""
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise StudioError(
            _("This model cannot compute its layers twice."),
            _("{model_class} has no gradient checkpointing.", model_class=type(model).__name__),
            _("Switch gradient checkpointing off, and lower the batch size or use gradient accumulation instead."),
        )
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})  # type: ignore[operator]
