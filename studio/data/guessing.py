"""Which column of a file plays which role: by its name, then by what is in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from studio.data.columns import Column, Kind
from studio.data.parts import COLUMN_NAMES
from studio.data.profile import ColumnProfile

if TYPE_CHECKING:
    from studio.data.importing import Imported

FEW_ROWS = 20
MOST_CLASSES = 2000
EXACT_NAME, PART_OF_NAME = 100.0, 40.0


def guess_columns(
    imported: "Imported", columns: Sequence[Column], chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Role -> column of the file, for the roles that something fits; `chosen` ones are taken as they are."""
    result = {role: name for role, name in (chosen or {}).items() if name}
    open_roles = [role for role in columns if role.name not in result]
    ranked = sorted(
        (
            (score, -position, role.name, profile.name)
            for role in open_roles
            for position, profile in enumerate(imported.profiles)
            if (score := _score(role, profile, imported.kind)) > 0
        ),
        reverse=True,
    )
    for _, _, role, name in ranked:
        if role not in result and name not in result.values():
            result[role] = name
    return {role.name: result[role.name] for role in columns if role.name in result}


def _score(role: Column, profile: ColumnProfile, kind: str) -> float:
    if role.kind == "image":
        return EXACT_NAME if kind == "image" and profile.name == "image" else 0.0
    if profile.filled == 0 or (kind == "image" and profile.name == "image"):
        return 0.0
    if role.kind == "label" and profile.name.strip().lower() in COLUMN_NAMES:
        return 0.0  # which part a row belongs to is no class that anybody wants to learn
    content = CONTENT[role.kind](profile)
    return content + _name_score(role, profile.name) if content > 0 else 0.0


def _name_score(role: Column, name: str) -> float:
    lowered = name.strip().lower()
    hints = (role.name, *role.hints)
    if lowered in hints:
        return EXACT_NAME - hints.index(lowered)
    return PART_OF_NAME if any(len(hint) > 2 and hint in lowered for hint in hints) else 0.0


def _like_text(profile: ColumnProfile) -> float:
    """Long and varied. Numbers are no text."""
    if profile.numeric > 0.9:
        return 0.0
    varied = profile.distinct / profile.filled
    return 1.0 + min(profile.length, 200.0) / 10 * varied


def _like_label(profile: ColumnProfile) -> float:
    """Few distinct, short values that come again and again."""
    repeated = profile.distinct <= max(FEW_ROWS, profile.filled // 2) and profile.distinct <= MOST_CLASSES
    if not repeated:
        return 0.0
    several = 5.0 if profile.distinct > 1 else 0.0
    return 1.0 + several + 10.0 * (1 - profile.distinct / profile.filled) + 5.0 / (1 + profile.length / 10)


CONTENT: dict[Kind, Callable[[ColumnProfile], float]] = {"text": _like_text, "label": _like_label}
