"""Which column of a file plays which role: by its name, then by what is in it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.profile import ColumnProfile
from studio.data.split_names import COLUMN_NAMES
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.data.importing import Imported

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
    if profile.filled == 0 or profile.name.strip().lower() in COLUMN_NAMES:
        return 0.0  # which split a row belongs to is nothing that anybody wants to learn
    content = FIELDS[role.kind].fit(profile, kind == "image" and profile.name == "image")
    return content + _name_score(role, profile.name) if content > 0 else 0.0


def _name_score(role: Column, name: str) -> float:
    lowered = name.strip().lower()
    hints = (role.name, *role.hints)
    if lowered in hints:
        return EXACT_NAME - hints.index(lowered)
    return PART_OF_NAME if any(len(hint) > 2 and hint in lowered for hint in hints) else 0.0


def find_column(there: list[str], wanted: str | None, role: str, hints: tuple[str, ...]) -> str:
    """The column of the inputs: the one that the run learned from, one of a usual name, or the only one."""
    if wanted in there and wanted is not None:
        return wanted
    usual = [name for name in there if name.lower() in (role, *hints)]
    if usual or len(there) == 1:
        return (usual or there)[0]
    raise StudioError(
        f"Which column holds the {role}?",
        f"The file has the columns {', '.join(there)}; the run learned from '{wanted or role}'.",
        f"Rename the column to '{wanted or role}', or use a file with that column alone.",
    )
