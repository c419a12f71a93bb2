"""Quick, Balanced, Thorough: three sets of settings to choose from before anything needs to be understood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.registry import Registry
from studio.strategies.selection import new_part


@dataclass(frozen=True)
class Preset:
    """settings: (structure of the model, training rows) -> {"strategy": {...}, "training": {...}}.

    What a preset does not name keeps its default.
    """

    name: str
    title: str
    icon: str
    sentence: str
    settings: Callable[[Structure, int], dict[str, dict[str, Any]]]


def _quick(structure: Structure, rows: int) -> dict[str, dict[str, Any]]:
    blocks = 0 if new_part(structure) else 1  # without a new head there is nothing else to train
    return {"strategy": {"name": "freeze", "last_blocks": blocks}, "training": {"epochs": 20, "early_stopping": 5}}


def _balanced(structure: Structure, rows: int) -> dict[str, dict[str, Any]]:
    last_third = max(1, len(structure.blocks) // 3)
    return {
        "strategy": {"name": "freeze", "last_blocks": last_third},
        "training": {"epochs": 4 if rows >= 1000 else 8, "early_stopping": 2},
    }


def _thorough(structure: Structure, rows: int) -> dict[str, dict[str, Any]]:
    return {
        "strategy": {"name": "full"},
        "training": {"epochs": 3 if rows >= 1000 else 8, "early_stopping": 2, "evaluations_per_epoch": 2},
    }


PRESETS: Registry[Preset] = Registry(
    _("preset"),
    Preset("quick", _("Quick"), "lightning", _("Keeps the model as it is and teaches only a new last layer."), _quick),
    Preset(
        "balanced", _("Balanced"), "layers", _("Also trains the top third of the model, where meaning sits."), _balanced
    ),
    Preset("thorough", _("Thorough"), "chart", _("Trains every layer: the most able, and the slowest."), _thorough),
)
