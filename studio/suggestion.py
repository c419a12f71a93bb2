"""Which settings to begin with, and why: rules that are written down here, each with where it comes from.

The rules look at how many examples there are, how unevenly they are spread, what the model is, and what this machine
does in a quarter of an hour. They are compared with a fixed choice on real data in benchmarks/strategies.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.language import _, listing, plural
from studio.models.structure import Structure
from studio.strategies import STRATEGIES
from studio.strategies.selection import new_part

Settings = dict[str, dict[str, Any]]  # {"strategy": {...}, "training": {...}}
FEW, SMALL = 20, 1000  # examples of the rarest class (or of all without classes), and of all, where the rules change
LIKELY_TYPO = 3  # a class with fewer examples than this is probably a misspelt label
PATIENCE_SECONDS = 900.0
STEPS = 1500  # that a pretrained model takes to converge: Mosbach et al. 2021, arXiv:2006.04884
UNEVEN = 5.0  # times that the largest class is larger than the smallest
BATCH = 32


@dataclass(frozen=True)
class Suggestion:
    """reasons: of the strategy first, then of what else is set."""

    settings: Settings
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a choice would take on this machine."""

    seconds: float
    fits: bool


def suggest(
    structure: Structure, rows: int, counts: Mapping[str, int], estimate: Callable[[Settings], Outcome]
) -> Suggestion:
    """rows: of training. counts: training examples of each class, empty for a task without classes.

    estimate: what given settings would take.
    """
    counts = {name: count for name, count in counts.items() if count >= LIKELY_TYPO} or counts
    training, why = _training(counts)
    candidates = [each for each in _candidates(structure, rows, counts) if _suits(each[0], structure)]
    choices: list[Settings] = [
        {"strategy": _settings(name, structure), "training": training | _epochs(name, rows)}
        for name, _reason in candidates
    ]
    last = len(choices) - 1
    chosen = next((index for index, settings in enumerate(choices) if _is_quick(estimate(settings))), last)
    passed_over = [STRATEGIES[name].title for name, _reason in candidates[:chosen]]
    if passed_over:
        too_slow = _(
            "These would do better, but not within a quarter of an hour on this machine: {methods}.",
            methods=listing(passed_over, "and"),
        )
        why = [too_slow, *why]
    return Suggestion(choices[chosen], (candidates[chosen][1], *why))


def _is_quick(outcome: Outcome) -> bool:
    return outcome.fits and outcome.seconds <= PATIENCE_SECONDS


def _candidates(structure: Structure, rows: int, counts: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    """Strategies with the reason for each, the most promising first; the last one always fits."""
    fewest = min(counts.values(), default=rows)
    head = ("freeze", _("Only a new head learns, which takes the least time."))
    adapters = ("lora", _("It comes close to full fine-tuning and needs a fraction of its memory (LoRA, 2021)."))
    if fewest < FEW:
        return [("freeze", _few(fewest, bool(counts)))]
    if rows < SMALL:
        probe = _("With so little data, a head that learns first keeps the rest from being spoilt (LP-FT, 2022).")
        return [("lp-ft", probe), adapters, head]
    slower = _("You have enough examples for all layers to learn, the lower ones in smaller steps (ULMFiT, 2018).")
    return [("layerwise", slower), adapters, head]


def _few(count: int, of_a_class: bool) -> str:
    if of_a_class:
        return plural(
            "With {n} example of a class, a head alone spoils least of what the model knows.",
            "With {n} examples of a class, a head alone spoils least of what the model knows.",
            count,
        )
    return plural(
        "With {n} example, a head alone spoils least of what the model knows.",
        "With {n} examples, a head alone spoils least of what the model knows.",
        count,
    )


def _training(counts: Mapping[str, int]) -> tuple[dict[str, Any], list[str]]:
    training: dict[str, Any] = {"early_stopping": 3}
    why = [_("It stops by itself when it no longer gets better, and keeps the best step.")]
    smallest, largest = min(counts.values(), default=1), max(counts.values(), default=1)
    if largest >= UNEVEN * max(1, smallest):
        training["class_weights"] = "balanced"
        times = largest / max(1, smallest)
        why.append(
            _(
                "The largest class has {times:.0f} times the examples of the smallest, so rare classes count more.",
                times=times,
            )
        )
    return training, why


def _settings(name: str, structure: Structure) -> dict[str, Any]:
    """A model without a new head trains its uppermost block instead."""
    return {"name": name} | ({} if name != "freeze" or new_part(structure) else {"last_blocks": 1})


def _epochs(name: str, rows: int) -> dict[str, int]:
    """As many passes as make enough steps; a head takes more of them, and they are quick."""
    return {"epochs": 20 if name == "freeze" else passes(rows)}


def passes(rows: int) -> int:
    """Over the data, for more than a head."""
    return min(10, max(3, math.ceil(STEPS * BATCH / max(1, rows))))


def _suits(name: str, structure: Structure) -> bool:
    return STRATEGIES[name].why_not(structure) is None and not STRATEGIES[name].why_not_here()
