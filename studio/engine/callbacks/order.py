"""The one order in which callbacks act at every moment of a training, and why. The end of an evaluation alone, where
they take back what they did at its beginning, has them in the reverse order."""

from collections.abc import Iterable

from studio.engine.callbacks.base import Callback

# name of the callback -> why it stands where it does
ORDER = {
    "unfreezing": "what trains in a step, and at which share of the rate, is decided before anybody acts on it",
    "schedule-free": "puts the optimizer's mean in the place of the weights before others exchange these",
    "plateau": "scales the rates that the stages of unfreezing has set",
    "penalties": "are part of the loss, so their gradients are there before noise is added",
    "gradient-noise": "is added to whole gradients",
    "rank-allocation": "sets weights to zero after an update, before a mean takes them in",
    "averaging": "the mean that is scored and kept holds the newest step",
    "progress": "a step's loss is logged before the scores of the same step",
    "control": "a stopped run is scored once more, and a paused one is not",
    "evaluation": "finds the best step, and the weights of this moment are saved as such",
    "checkpoints": "come last: what all others did in this step is in them",
}
_PLACES = {name: place for place, name in enumerate(ORDER)}


def in_order(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """Raises KeyError for a name that has no place, and ValueError where two have the same: a checkpoint keeps one."""
    found = sorted(callbacks, key=lambda callback: _PLACES[callback.name])
    names = [callback.name for callback in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two callbacks have the same name: {names}")
    return tuple(found)
