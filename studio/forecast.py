"""What a run would take on this machine, told from its settings, the model's shapes and the rows alone."""

from collections.abc import Mapping
from typing import Any

from studio.config import RunConfig
from studio.hardware import Machine
from studio.models.estimates import Estimate, Trained, Workload, estimate
from studio.models.speed import has_matrix_units, speed_of
from studio.models.structure import Structure
from studio.paths import Home
from studio.training.optimizers import OPTIMIZERS

AUTOMATIC_BATCH = 32


def forecast(
    config: RunConfig,
    structure: Structure,
    model_config: Mapping[str, Any],
    rows: Mapping[str, int],
    length: float,
    machine: Machine,
    home: Home,
) -> Estimate:
    """rows: examples in train, validation and test. length: tokens of a text, or a picture's side in pixels."""
    training = config.training
    preview = config.chosen_strategy.preview(structure, config.strategy_options)
    lowest = preview.lowest_trained_block
    above = structure.count(name for block in structure.blocks[lowest:] for name in block)
    return estimate(
        structure,
        model_config,
        Trained(preview.trainable, lowest, min(1.0, preview.trainable / above) if above else 1.0),
        workload(config, rows, length),
        speed_of(machine, home),
        OPTIMIZERS[training.optimizer].state_floats,
        cores=machine.cores,
        cached=training.cache_activations,
        half_precision=training.precision in ("auto", "bf16") and has_matrix_units(),
        saved_bytes=preview.saved_bytes,
    )


def workload(config: RunConfig, rows: Mapping[str, int], length: float) -> Workload:
    training = config.training
    return Workload(
        kind="text" if config.chosen_task.input_kind == "text" else "image",
        rows=rows,
        length=length,
        epochs=training.epochs,
        batch_size=AUTOMATIC_BATCH if training.batch_size == "auto" else training.batch_size,
        evaluations_per_epoch=training.evaluations_per_epoch,
    )


def picture_side(config: Mapping[str, Any]) -> float:
    """The side in pixels that the model reads; 224 where its config says nothing."""
    size = config.get("image_size")
    return float(size if isinstance(size, int | float) else size[0] if isinstance(size, list) and size else 224)
