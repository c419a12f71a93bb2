"""How long a run takes here, in words: as planned, as finished runs say, and what a GPU would make of it."""

import math
from collections.abc import Iterable
from dataclasses import replace

from studio.app.pages import Services
from studio.hardware import GIGABYTE, Gpu, Machine
from studio.language import _, plural
from studio.pace import NEWEST, Past, Span, ratio
from studio.run_summary import RunSummary

LOOKED_AT = 3 * NEWEST  # the newest runs, of which some have not ended
WIDE = 1.6  # times the shortest time that the longest one may be before both are said
GPU = Gpu("NVIDIA L4", 24 * GIGABYTE)  # a small one of today; how fast it is taken to be: `studio.models.speed`
WORTH_SAYING = 120.0  # seconds from which a GPU is spoken of
MUCH_FASTER = 3.0
FIVE, MINUTE, HOUR, DAY = 5.0, 60.0, 3600.0, 86_400.0  # seconds: below a minute, only every fifth is said
UNITS = ((90.0, FIVE), (90 * MINUTE, MINUTE), (2 * DAY, HOUR), (math.inf, DAY))  # the unit below each limit


def newest_runs(services: Services) -> tuple[RunSummary, ...]:
    return tuple(summary for _run, summary in services.index.page(0, LOOKED_AT).runs if summary is not None)


def past_runs(services: Services, newest: Iterable[RunSummary]) -> tuple[Past, ...]:
    """What the finished ones of these runs took beside their plans."""
    found: list[Past] = []
    for summary in newest:
        if summary.state.finished is None or len(found) == NEWEST:
            continue
        run = services.store.find(summary.id)
        told = ratio(run.meta.get("expected"), summary.state, services.machine) if run else None
        if told is not None:
            found.append(Past(summary.choices.model, summary.choices.strategy, told))
    return tuple(found)


def with_gpu(machine: Machine) -> Machine:
    return replace(machine, gpus=(GPU,))


def gpu_words(here: Span, machine: Machine, on_gpu: float) -> str:
    """What a GPU would make of it; "" where there is one, or it would change little. on_gpu: seconds there."""
    if machine.device != "cpu" or here.seconds < WORTH_SAYING or on_gpu * MUCH_FASTER > here.seconds:
        return ""
    return _("{time} on a GPU ({name}), an estimate", time=describe_seconds(on_gpu), name=GPU.name)


def describe_span(span: Span) -> str:
    """About 3 min; or, where that is not known so well, 2 to 5 min."""
    unit = next(size for limit, size in UNITS if span.high < limit)
    low, high = (max(1, round(end / unit)) * (5 if unit == FIVE else 1) for end in (span.low, span.high))
    if span.high < WIDE * span.low or low == high:
        return describe_seconds(span.seconds)
    if unit == FIVE:
        return _("{low} to {high} s", low=low, high=high)
    if unit == MINUTE:
        return _("{low} to {high} min", low=low, high=high)
    if unit == HOUR:
        return _("{low} to {high} h", low=low, high=high)
    return _("{low} to {high} days", low=low, high=high)


def describe_seconds(seconds: float) -> str:
    """An estimate in words that do not pretend to be exact: about 40 s, about 3 min, about 2 h."""
    if seconds < 90:
        return _("about {seconds} s", seconds=max(5, round(seconds / 5) * 5))
    if seconds < 5400:
        return _("about {minutes} min", minutes=round(seconds / 60))
    if seconds < 172_800:
        return _("about {hours} h", hours=round(seconds / 3600))
    return plural("about {n} day", "about {n} days", round(seconds / 86_400))
