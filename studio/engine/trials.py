"""What a run measures at its first start: how many examples fit into a step, and in which number format."""

from dataclasses import replace

import psutil
import torch
from torch import nn

from studio.config import RunConfig
from studio.engine import ranks
from studio.engine.batch_trial import MARGIN, SHARE, Trials, find_batch_size
from studio.engine.batching import training_batches, useful_batch_size
from studio.engine.forward import Forward
from studio.engine.precision import Precision, autocast, choose_precision, time_training_steps, trial_precision
from studio.engine.preparation import Prepared
from studio.engine.remembered import Remembered
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.language import _, plural, sentences
from studio.training.optimizers import OPTIMIZERS

FLOAT_BYTES = 4


def resolve_settings(
    config: RunConfig, model: nn.Module, prepared: Prepared, resolved: ResolvedSettings, reporter: Reporter
) -> ResolvedSettings:
    """Fill in batch size and precision at the first start; a resumed run has them already."""
    training, device, rows = config.training, torch.device(resolved.device), len(prepared.examples["train"])
    lengths = prepared.lengths("train")
    if resolved.batch_size is None or resolved.precision is None:
        model.to(device)
        model.train()
    forward = Forward(model, prepared, device)
    if resolved.batch_size is None:
        resolved = (
            tried_batch_size(config, model, forward, resolved, reporter)
            if training.batch_size == "auto"
            else replace(resolved, batch_size=training.batch_size)
        )
    if resolved.precision is None:
        rows_of_one = training_batches(rows, resolved.batch_size or 1, training.seed, 0, lengths)[0]

        def measure() -> dict[Precision, float]:
            remembered = Remembered(reporter.run.home, forward, rows_of_one, settings_of_a_step(config))
            if known := remembered.numbers("seconds"):
                return known  # type: ignore[return-value]
            reporter.phase("measuring", _("Measuring in which number format a step is faster."))
            seconds = time_training_steps(model, lambda: forward("train", rows_of_one).mean, device)
            remembered.keep("seconds", {str(precision): taken for precision, taken in seconds.items()})
            return seconds

        choice = choose_precision(training.precision, device, measure)
        if choice.sentence:
            reporter.note(choice.sentence)
        resolved = replace(resolved, precision=choice.precision)
    return resolved


def settings_of_a_step(config: RunConfig) -> dict[str, object]:
    """What decides how much memory and time a step takes, besides the model and the examples."""
    deciding = {"optimizer", "accumulation", "gradient_checkpointing", "precision"}
    return {**config.training.model_dump(mode="json", include=deciding), "processes": ranks.world()}


def still_fits(taken: dict[str, float], wish: int, device: torch.device, state: int) -> Trials | None:
    """What was remembered of an earlier trial, where the memory that is free now is enough for it."""
    if str(wish) not in taken:
        return None
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    if MARGIN * taken[str(wish)] > SHARE * (free - state):
        return None
    return Trials(wish, {int(size): int(each) for size, each in taken.items()})


def tried_batch_size(
    config: RunConfig, model: nn.Module, forward: Forward, resolved: ResolvedSettings, reporter: Reporter
) -> ResolvedSettings:
    """The largest useful batch size whose steps were seen to fit; of these, one micro-batch is in memory at a time."""
    training, prepared = config.training, forward.prepared
    rows = len(prepared.examples["train"])
    wish = useful_batch_size(rows)
    lengths = prepared.lengths("train") or [0] * rows
    longest = sorted(range(rows), key=lambda row: -lengths[row])[:wish]
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    precision = trial_precision(training.precision, forward.device)

    def loss_of(some: object) -> torch.Tensor:
        with autocast(forward.device, precision):
            loss: torch.Tensor = forward("train", some).mean  # type: ignore[arg-type]
        return loss

    reporter.phase("measuring", _("Trying how many examples fit into a step."))
    micro_batches = min(training.accumulation * ranks.world(), wish)
    state = int(trained * OPTIMIZERS[training.optimizer].state_floats * FLOAT_BYTES)
    remembered = Remembered(reporter.run.home, forward, longest, {**settings_of_a_step(config), "wish": wish})
    trials = still_fits(remembered.numbers("bytes"), wish // micro_batches, forward.device, state)
    if trials is None:
        trials = find_batch_size(wish // micro_batches, model, loss_of, longest, state)
        if trials.size == wish // micro_batches:  # less was for want of memory, of which there may be more by then
            remembered.keep("bytes", {str(tried): taken for tried, taken in trials.taken.items() if taken is not None})
    size = trials.size * micro_batches
    chosen = plural(
        "Batch size: {n} example per step, of {rows:,} for training.",
        "Batch size: {n} examples per step, of {rows:,} for training.",
        size,
        rows=rows,
    )
    reporter.note(sentences(chosen, _("Tried: {sizes}.", sizes=trials.words)))
    return replace(resolved, batch_size=size, batch_trials={str(tried): taken for tried, taken in trials.taken.items()})
