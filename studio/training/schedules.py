"""Learning-rate schedules as pure functions of progress; what `training.schedule` can name.

A schedule maps progress p in [0, 1] (after warm-up) to a factor in [0, 1] of the peak learning rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import field_validator

from studio.errors import StudioError
from studio.language import _
from studio.options import Options, setting
from studio.registry import Registry
from studio.training.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Schedule:
    """rises: it begins low by itself, and no warm-up goes before it."""

    name: str
    title: str
    sentence: str
    factor: "Callable[[float, ScheduleOptions], float]"
    rises: bool = False


def _restarts(p: float, options: "ScheduleOptions") -> float:
    """Loshchilov and Hutter 2017, arXiv:1608.03983, with cycles of equal length."""
    return 0.0 if p >= 1 else _half_cosine(options.cycles * p % 1.0)


def _inverse_sqrt(p: float, options: "ScheduleOptions") -> float:
    """sqrt(warm-up / step), as in Vaswani et al. 2017, arXiv:1706.03762; without warm-up, as if it were a tenth."""
    share = options.warmup or 0.1
    return 1 / math.sqrt(1 + p * (1 - share) / share)


def _one_cycle(p: float, options: "ScheduleOptions") -> float:
    """Smith and Topin 2018, arXiv:1708.07120: from 1/25 up along a cosine, then down to 1/250,000."""
    rise = options.rise or 0.3
    if p < rise:
        return _between(1 / 25, 1.0, 1 - _half_cosine(p / rise))
    return _between(1 / 25e4, 1.0, _half_cosine((p - rise) / (1 - rise)))


def _slanted_triangular(p: float, options: "ScheduleOptions") -> float:
    """Howard and Ruder 2018, arXiv:1801.06146: straight up from 1/32 over a short part, straight down over the rest."""
    rise = options.rise or 0.1
    return _between(1 / 32, 1.0, p / rise if p < rise else (1 - p) / (1 - rise))


def _half_cosine(p: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * p))


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


SCHEDULES: Registry[Schedule] = Registry(
    _("schedule"),
    Schedule("linear", _("Linear"), _("Falls evenly to zero; the usual choice."), lambda p, o: 1.0 - p),
    Schedule("cosine", _("Cosine"), _("Falls slowly, then fast, then slowly."), lambda p, o: _half_cosine(p)),
    Schedule("constant", _("Constant"), _("Stays at its peak."), lambda p, o: 1.0),
    Schedule(
        "cosine-restarts", _("Cosine with restarts"), _("Falls to zero and begins again, several times."), _restarts
    ),
    Schedule("polynomial", _("Polynomial"), _("Falls along a curve, fast first."), lambda p, o: (1.0 - p) ** o.power),
    Schedule("inverse-sqrt", _("Inverse square root"), _("Falls fast first, then ever more slowly."), _inverse_sqrt),
    Schedule(
        "step",
        _("Steps"),
        _("Falls in a few sudden drops."),
        lambda p, o: o.drop ** min(o.drops, int(p * (o.drops + 1))),
    ),
    Schedule("exponential", _("Exponential"), _("Falls by the same share every step."), lambda p, o: o.final**p),
    Schedule(
        "one-cycle", _("One cycle"), _("Rises for a long time, then falls to almost nothing."), _one_cycle, rises=True
    ),
    Schedule(
        "slanted-triangular",
        _("Slanted triangle"),
        _("Rises briefly, then falls evenly; made for gradual unfreezing."),
        _slanted_triangular,
        rises=True,
    ),
    Schedule("reduce-on-plateau", _("On a plateau"), _("Falls whenever the checks stop improving."), lambda p, o: 1.0),
    Schedule(
        "wsd",
        _("Stable, then down (WSD)"),
        _("Stays at its peak, and falls to zero at the end."),
        lambda p, o: min(1.0, (1.0 - p) / o.decay),
    ),
)


class ScheduleOptions(Options):
    schedule: str = setting(
        "linear",
        title=_("Step size over time (schedule)"),
        help=_("How the learning rate changes as training goes on."),
        shown_if={"optimizer": tuple(choice.name for choice in OPTIMIZERS if choice.follows_schedule)},
    )
    warmup: float = setting(
        0.1,
        title=_("Warm-up"),
        help=_("Share of the steps over which the learning rate rises from zero."),
        ge=0,
        le=0.9,
        shown_if={"schedule": tuple(schedule.name for schedule in SCHEDULES if not schedule.rises)},
    )
    cycles: int = setting(
        3,
        title=_("Cycles"),
        help=_("How often it begins again."),
        ge=1,
        le=100,
        shown_if={"schedule": "cosine-restarts"},
    )
    power: float = setting(
        2.0,
        title=_("Power"),
        help=_("1 is a straight line; the larger, the sooner it falls."),
        gt=0,
        le=10,
        shown_if={"schedule": "polynomial"},
    )
    drops: int = setting(
        2,
        title=_("Number of drops"),
        help=_("Evenly spread over training."),
        ge=1,
        le=100,
        shown_if={"schedule": "step"},
    )
    drop: float = setting(
        0.1,
        title=_("What a drop leaves (gamma)"),
        help=_("0.1 leaves a tenth of the learning rate."),
        gt=0,
        lt=1,
        shown_if={"schedule": "step"},
    )
    final: float = setting(
        0.01,
        title=_("What is left at the end"),
        help=_("As a share of the peak."),
        gt=0,
        lt=1,
        shown_if={"schedule": "exponential"},
    )
    rise: float | None = setting(
        None,
        title=_("Share of the rise"),
        help=_("Of all steps. Empty: 0.3 for one cycle, 0.1 for the slanted triangle."),
        gt=0,
        lt=1,
        shown_if={"schedule": ("one-cycle", "slanted-triangular")},
    )
    decay: float = setting(
        0.2,
        title=_("Share of the fall"),
        help=_("Of the steps after the warm-up."),
        gt=0,
        le=1,
        shown_if={"schedule": "wsd"},
    )
    plateau_patience: int = setting(
        1,
        title=_("Checks to wait"),
        help=_("It falls after more checks than this in a row without improvement."),
        ge=0,
        le=100,
        shown_if={"schedule": "reduce-on-plateau"},
    )
    plateau_factor: float = setting(
        0.3,
        title=_("What is left after a plateau"),
        help=_("0.3 leaves three tenths of the learning rate."),
        gt=0,
        lt=1,
        shown_if={"schedule": "reduce-on-plateau"},
    )

    @field_validator("schedule")
    @classmethod
    def _known_schedule(cls, value: str) -> str:
        try:
            return SCHEDULES[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error


def in_force(training: Any) -> Any:
    """The TrainingOptions with the schedule that counts: some optimizers keep their rate, whatever was chosen."""
    follows = OPTIMIZERS[training.optimizer].follows_schedule
    return training if follows else training.model_copy(update={"schedule": "constant"})


def warmup_steps(options: ScheduleOptions, total_steps: int) -> int:
    return 0 if SCHEDULES[options.schedule].rises else round(options.warmup * total_steps)


def learning_rate_factor(options: ScheduleOptions, step: int, total_steps: int) -> float:
    """The factor for optimizer step `step` (0-based): a linear ramp over the warm-up, then the schedule."""
    before = warmup_steps(options, total_steps)
    if step < before:
        return (step + 1) / before
    return SCHEDULES[options.schedule].factor(min(1.0, (step - before) / max(1, total_steps - before)), options)
