"""What a run measures at its first start: how many examples fit into a step, and in which number format."""

from dataclasses import replace

import torch
from torch import nn

from studio.config import RunConfig
from studio.engine import ranks
from studio.engine.batch_trial import find_batch_size
from studio.engine.batching import training_batches, useful_batch_size
from studio.engine.forward import Forward
from studio.engine.precision import Precision, autocast, choose_precision, time_training_steps, trial_precision
from studio.engine.preparation import Prepared
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
            reporter.phase("measuring", _("Measuring in which number format a step is faster."))
            return time_training_steps(model, lambda: forward("train", rows_of_one).mean, device)

        choice = choose_precision(training.precision, device, measure)
        if choice.sentence:
            reporter.note(choice.sentence)
        resolved = replace(resolved, precision=choice.precision)
    return resolved


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
    trials = find_batch_size(wish // micro_batches, model, loss_of, longest, state)
    size = trials.size * micro_batches
    chosen = plural(
        "Batch size: {n} example per step, of {rows:,} for training.",
        "Batch size: {n} examples per step, of {rows:,} for training.",
        size,
        rows=rows,
    )
    reporter.note(sentences(chosen, _("Tried: {sizes}.", sizes=trials.words)))
    return replace(resolved, batch_size=size, batch_trials={str(tried): taken for tried, taken in trials.taken.items()})
