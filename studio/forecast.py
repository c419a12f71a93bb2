"""Memory and time that a run would take on this machine, estimated from settings, the model's shapes and the rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.config import RunConfig
from studio.hardware import Machine
from studio.models.estimates import (
    GPU_STEP_SECONDS,
    POSITIONS_A_SECOND,
    STEP_SECONDS,
    Estimate,
    Trained,
    Workload,
    estimate,
    tokens_of,
    weights_bytes,
)
from studio.models.local import ModelInfo
from studio.models.speed import has_matrix_units, speed_of
from studio.models.structure import Structure
from studio.options import Options
from studio.paths import Home
from studio.strategies.base import Loading
from studio.strategies.measured import pace
from studio.tasks.base import Task
from studio.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    import pandas

AUTOMATIC_BATCH = 32
LARGEST_SIDE = 10_000  # pixels
LONGEST_HEARD = 30.0  # seconds of a recording, where the settings say nothing of it
WRITTEN = ("text", "messages", "record")  # kinds of cells that are read as tokens
READ_WITH_ANSWERS = ("messages", "liked")  # kinds of inputs beside which the answers are read, too
FIRST_ROWS = 500  # enough to know how long texts are
DTYPE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}


def forecast(
    config: RunConfig,
    structure: Structure,
    model_config: Mapping[str, Any],
    rows: Mapping[str, int],
    length: float,
    machine: Machine,
    home: Home,
) -> Estimate:
    """rows: examples in train, validation and test. length: tokens of a text, or an image's side in pixels,
    or positions of a recording."""
    training = config.training
    work = workload(config, rows, length)
    plan = estimate(
        structure,
        model_config,
        trained(config, structure),
        work,
        speed_of(machine, home),
        OPTIMIZERS[training.optimizer].state_floats,
        cores=machine.cores,
        cached=training.cache_activations,
        half_precision=training.precision in ("auto", "bf16") and has_matrix_units(),
        weight_bytes=DTYPE_BYTES[config.chosen_strategy.loading(config.strategy_options).dtype],
        step_seconds=GPU_STEP_SECONDS if machine.device == "cuda" else STEP_SECONDS,
    )
    if machine.device != "cpu":  # where it was measured
        return plan
    return replace(plan, training_seconds=plan.training_seconds * pace(config.chosen_strategy.name, work.kind))


def trained(config: RunConfig, structure: Structure) -> Trained:
    """What the run trains of the model, and what it holds in few bits."""
    preview = config.chosen_strategy.preview(structure, config.strategy_options)
    lowest = preview.lowest_trained_block
    above = structure.count(name for block in structure.blocks[lowest:] for name in block)
    return Trained(
        preview.trainable,
        lowest,
        min(1.0, preview.trainable / above) if above else 1.0,
        preview.quantised,
        preview.quantised_bytes,
    )


def loaded_bytes(config: RunConfig, structure: Structure, loading: Loading) -> int:
    """Memory of the run's model when its weights are held as `loading` says."""
    part = trained(config, structure)
    if loading.quantisation is None:
        part = replace(part, quantised=0, quantised_bytes=0)
    return int(weights_bytes(structure.total, part, DTYPE_BYTES[loading.dtype]))


def workload(config: RunConfig, rows: Mapping[str, int], length: float) -> Workload:
    training = config.training
    return Workload(
        kind="image" if config.chosen_task.model.processor == "image_processor" else "text",
        rows=rows,
        length=length,
        epochs=training.epochs,
        batch_size=AUTOMATIC_BATCH if training.batch_size == "auto" else training.batch_size,
        evaluations_per_epoch=training.evaluations_per_epoch,
    )


def example_length(task: Task, options: Options, table: "pandas.DataFrame", info: ModelInfo) -> float:
    """Tokens of a text of these rows, positions of a recording, or pixels of an image's side."""
    letters = sum(
        times_read(task, name) * float(table[name].head(FIRST_ROWS).str.len().mean())
        for name in written(task)
        if name in table and len(table)
    )
    return length_of(task, options, letters, info)


def written(task: Task) -> list[str]:
    """The columns that a model reads as text: in a conversation its answers too, and of what somebody liked the
    things that there are."""
    reads_all = any(column.kind in READ_WITH_ANSWERS for column in task.inputs)
    return [column.name for column in (task.columns if reads_all else task.inputs) if column.kind in WRITTEN]


def times_read(task: Task, column: str) -> int:
    """How many times a model reads a cell of a column for one answer."""
    return max(1, sum(column in names for names in task.readings))


def length_of(task: Task, options: Options, letters: float, info: ModelInfo) -> float:
    """The same where it is known how many letters a row has on average, 0 for a task without texts."""
    if written(task):
        texts = len(task.readings)
        return texts * tokens_of(letters / texts, getattr(options, "max_length", None))
    if any(column.kind == "audio" for column in task.inputs):
        return float(POSITIONS_A_SECOND * getattr(options, "seconds", LONGEST_HEARD))
    return float(getattr(options, "image_size", 0)) or image_side(info)


def image_side(info: ModelInfo) -> float:
    """The side in pixels that images get before the model reads them; 224 where its files say nothing."""
    size = info.processor.get("crop_size") or info.processor.get("size") or info.config.get("image_size")
    if isinstance(size, dict):
        size = size.get("height") or size.get("shortest_edge")
    if isinstance(size, list):
        size = size[0] if size else None
    return float(size) if isinstance(size, int | float) and 1 <= size <= LARGEST_SIDE else 224.0
