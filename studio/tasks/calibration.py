"""How sure a classifier says it is, made true: temperature scaling (Guo et al. 2017).

One number, found on the validation split, divides all logits: the answers stay the same, and their probabilities come
to say how often such answers are right. When training ends the last layer takes the number in, so that every export
and plain transformers say the same.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _, in_percent
from studio.metrics.calibration import CALIBRATION_ERROR, Bins
from studio.models.heads import label_layers
from studio.tasks.base import Answer, Row, Tools, View

if TYPE_CHECKING:
    import numpy

SETTING = "calibration"  # in the model's config: {"temperature", "in_weights"}
FEWEST = 50  # rows, of which a temperature or an error says something
LOWEST, HIGHEST = 0.2, 20.0  # temperatures
TINY = 1e-12  # a probability of 0 has no logarithm


def divisor(config: Any) -> float:
    """What logits are divided by before they become probabilities."""
    known = getattr(config, SETTING, None) or {}
    return 1.0 if known.get("in_weights", False) else float(known.get("temperature", 1.0))


def settle_temperature(tools: Tools, answers: Sequence[Answer], rows: Sequence[Row], target: str) -> list[Answer]:
    """Into the model's config, by the answers to the validation split. Returns them with the new probabilities."""
    places = {label: place for place, label in enumerate(tools.labels)}
    known = [
        (answer.details["probabilities"], places[str(row[target])]) for answer, row in zip(answers, rows, strict=True)
    ]
    if len(known) < FEWEST:
        return list(answers)
    import numpy

    shares = numpy.asarray([[found[label] for label in tools.labels] for found, _true in known])
    temperature = best_temperature(shares, numpy.asarray([true for _found, true in known]))
    setattr(tools.config, SETTING, {"temperature": temperature, "in_weights": False})
    return [
        Answer(answer.value, {**answer.details, "probabilities": cooled(answer.details["probabilities"], temperature)})
        for answer in answers
    ]


def best_temperature(shares: "numpy.ndarray", true: "numpy.ndarray") -> float:
    """The one with which the true classes are likeliest.

    shares: probabilities (rows, classes). true: the places of the right ones.
    As Platt (1999) has it, no class counts as certain, so that a model without a mistake gets no temperature near 0.
    """
    import numpy
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = numpy.log(numpy.maximum(shares, TINY))
    doubt = 1.0 / (len(true) + 2)
    wanted = numpy.full(shares.shape, doubt / max(1, shares.shape[1] - 1))
    wanted[numpy.arange(len(true)), true] = 1.0 - doubt

    def loss(logarithm: float) -> float:
        return float(-(wanted * log_softmax(logits / math.exp(logarithm), axis=1)).sum())

    found = minimize_scalar(loss, bounds=(math.log(LOWEST), math.log(HIGHEST)), method="bounded")
    return round(math.exp(found.x), 4)


def cooled(shares: Mapping[str, float], temperature: float) -> dict[str, float]:
    """The probabilities when the logits are divided by the temperature; its inverse undoes it."""
    powers = {label: max(share, TINY) ** (1.0 / temperature) for label, share in shares.items()}
    total = sum(powers.values())
    return {label: power / total for label, power in powers.items()}


def take_in_temperature(model: Any) -> None:
    """The last layer gives logits that are divided already, as plain transformers expects them."""
    import torch

    known: dict[str, Any] = getattr(model.config, SETTING, None) or {"in_weights": True}
    layers = [] if known["in_weights"] else label_layers(model)
    with torch.no_grad():
        for layer in layers:
            layer.weight.div_(known["temperature"])
            if layer.bias is not None:
                layer.bias.div_(known["temperature"])
    if layers:
        setattr(model.config, SETTING, {**known, "in_weights": True})


class Calibration:
    """Collects how sure answers were and whether they were right, as the model says it and as it would without its
    temperature."""

    def __init__(self, config: Any) -> None:
        known = getattr(config, SETTING, None)
        self._temperature = float(known["temperature"]) if known else None
        self._now, self._before = Bins.empty(), Bins.empty()

    def add(self, answers: Sequence[Answer], right: Sequence[bool]) -> None:
        told = [answer.details.get("probabilities") or {} for answer in answers]
        known = [(shares, is_right) for shares, is_right in zip(told, right, strict=True) if shares]
        if not known:
            return
        self._now.add([max(shares.values()) for shares, _right in known], [is_right for _shares, is_right in known])
        if self._temperature is not None:
            undone = 1.0 / self._temperature
            before = [max(cooled(shares, undone).values()) for shares, _right in known]
            self._before.add(before, [is_right for _shares, is_right in known])

    def scores(self) -> tuple[dict[str, float], tuple[View, ...], tuple[str, ...]]:
        """Metrics, views and remarks; nothing of few rows."""
        if self._now.count.sum() < FEWEST:
            return {}, (), ()
        error = self._now.error()
        figure = {
            "points": self._now.curve(),
            "x_title": _("how sure it is"),
            "y_title": _("how often it is right"),
            "reference": _("As sure as it is right"),
        }
        view = View("line", _("How sure it is, and how often it is right (reliability diagram)"), figure)
        return {CALIBRATION_ERROR.name: error}, (view,), self._remarks(error)

    def _remarks(self, error: float) -> tuple[str, ...]:
        if self._temperature is None:
            return ()
        return (
            _(
                "Its certainty was adjusted on the validation examples (calibration): it is off by {now} on average, "
                "before by {before}.",
                now=in_percent(error, 1),
                before=in_percent(self._before.error(), 1),
            ),
        )
