"""A learning rate found by trial: it grows from step to step, and the one at which the loss falls fastest is taken.

The range test of Smith 2015, arXiv:1506.01186, with the smoothing of fastai's finder. Weights, optimizer and random
numbers are afterwards as they were before.
"""

from dataclasses import replace

import numpy

from studio.engine import ranks
from studio.engine.loop import Loop
from studio.engine.random_state import kept_random_state
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.engine.tensors import copied, floating_buffers, put
from studio.errors import StudioError
from studio.events import RateTest
from studio.language import _, plural
from studio.store import Run

STEPS = 100
BELOW, ABOVE = 1e-3, 1e2  # times the recommended rate: where it begins and ends
MEMORY = 0.9  # of the smoothed loss
TOO_MUCH = 2.0  # times the lowest loss so far: the end


def find_learning_rate(run: Run, loop: Loop, reporter: Reporter) -> None:
    """Put the found rate into the loop's plan. It is looked for at the first start only, and kept for resumed runs."""
    resolved = ResolvedSettings.read(run.folder)
    assert resolved is not None
    if resolved.learning_rate is None:
        rates, losses = measure(loop, reporter)
        chosen = steepest(rates, smoothed(losses))
        reporter.emit(RateTest(rates=tuple(rates), losses=tuple(smoothed(losses)), chosen=chosen))
        reporter.note(
            _(
                "Learning rate: {rate:.2g}, where the loss fell fastest in {steps} trial steps.",
                rate=chosen,
                steps=len(rates),
            )
        )
        resolved = replace(resolved, learning_rate=chosen)
        if ranks.is_main():
            resolved.write(run.folder)
    assert resolved.learning_rate is not None
    loop.plan = replace(loop.plan, learning_rate=resolved.learning_rate)


def measure(loop: Loop, reporter: Reporter) -> tuple[list[float], list[float]]:
    """(rates, losses), until the loss runs away. Raises Interrupted when asked to pause meanwhile."""
    recommended = loop.plan.learning_rate
    growth = (ABOVE / BELOW) ** (1 / (STEPS - 1))
    places = {**loop.trained, **floating_buffers(loop.model)}
    kept, state = copied(places), loop.optimizer.state_dict()
    callbacks, loop.callbacks = loop.callbacks, ()
    rates: list[float] = []
    losses: list[float] = []
    try:
        with kept_random_state():
            loop.train_mode()
            loop.optimizer.train()  # type: ignore[attr-defined]  # of use to schedule-free ones alone
            for step in range(STEPS):
                reporter.phase("trying", _("Trying learning rates."), step, STEPS)
                rate = recommended * BELOW * growth**step
                rows = loop.plan.batches(step // loop.plan.steps_per_epoch)[step % loop.plan.steps_per_epoch]
                try:
                    losses.append(loop.update(rows, rate))
                except StudioError:  # not a number any more
                    break
                rates.append(rate)
                if smoothed(losses)[-1] > TOO_MUCH * min(smoothed(losses)):
                    break
    finally:
        loop.callbacks = callbacks
        put(places, kept)
        loop.optimizer.load_state_dict(state)
        loop.optimizer.zero_grad(set_to_none=True)
    if len(rates) < 10:
        raise StudioError(
            _("No learning rate could be found by trial."),
            plural(
                "The loss ran away after {n} step, at the learning rate {rate:.1g}.",
                "The loss ran away after {n} steps, at the learning rate {rate:.1g}.",
                len(rates),
                rate=rates[-1] if rates else recommended * BELOW,
            ),
            _("Set the learning rate by hand, or switch the trial off."),
        )
    return rates, losses


def smoothed(losses: list[float]) -> list[float]:
    """Exponential means, corrected for their beginning at zero."""
    mean, found = 0.0, []
    for step, loss in enumerate(losses, 1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        found.append(mean / (1 - MEMORY**step))
    return found


def steepest(rates: list[float], losses: list[float]) -> float:
    """The rate at which the loss falls fastest for a growing rate, before its lowest point."""
    lowest = int(numpy.argmin(losses))
    if lowest < 2:
        return rates[lowest] / 10  # it never fell: one tenth of the best, as Smith advises
    slopes = numpy.gradient(numpy.asarray(losses[: lowest + 1]), numpy.log(numpy.asarray(rates[: lowest + 1])))
    return float(rates[int(numpy.argmin(slopes))])
