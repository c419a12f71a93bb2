"""Which column of a file plays which role: by its name, then by what is in it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.data.column_names import AMBIGUOUS, words_of
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.labels import several_in
from studio.data.guesses import Choice, Guess, Topic, confidence
from studio.data.profile import ColumnProfile
from studio.data.split_names import COLUMN_NAMES
from studio.errors import StudioError
from studio.language import _, listing, quoted, sentences

if TYPE_CHECKING:
    from studio.data.importing import Imported

ROLE_NAME, EXACT_NAME, PART_OF_NAME, AMBIGUOUS_NAME = 200.0, 100.0, 40.0, 10.0
LONG_HINT = 4  # letters of a hint that is also looked for inside of words
BEST_KNOWN = 20  # hints of a role, the first of which outweigh those behind them a little
TOPIC = Topic("column", _("Column"), "data.columns")
SEVERAL = Topic("labels", _("Several labels per text"), "data.columns")
COLUMNS_SHOWN = 4


def guess_columns(
    imported: "Imported", columns: Sequence[Column], chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Role -> column of the file, for the roles that something fits; `chosen` ones are taken as they are."""
    return _guess(imported, columns, chosen)[0]


def column_guesses(imported: "Imported", columns: Sequence[Column], chosen: Mapping[str, str]) -> list[Guess]:
    """The same for the roles that are not chosen, with how sure each is and what else it could be."""
    names, ranked = _guess(imported, columns, chosen)
    guesses = []
    for role in columns:
        if chosen.get(role.name) or role.name not in names or len(imported.profiles) < 2:
            continue
        taken = names[role.name]
        elsewhere = {name for other, name in names.items() if other != role.name}
        scores = {name: score for score, _unused, of, name in ranked if of == role.name and name not in elsewhere}
        others = sorted((name for name in scores if name != taken), key=lambda name: -scores[name])
        sure = confidence(scores[taken], scores[others[0]] if others else 0.0)
        nearly = [name for name in others if confidence(scores[taken], scores[name]) < 0.9][:COLUMNS_SHOWN]
        sentence = _("'{role}' is taken from the column '{column}'.", role=role.title, column=taken)
        if nearly:
            also = _("It could also be {columns}.", columns=listing(map(quoted, nearly), "or"))
            sentence = sentences(sentence, also)
        topic = TOPIC
        instead: tuple[Choice, ...] = ()
        if several := _several(imported, role, taken):
            topic, sure, sentence = SEVERAL, min(sure, 0.5), several
            nearly = list(dict.fromkeys([*nearly, *_one_column_each(imported)]))[:COLUMNS_SHOWN]
            instead = (Choice(_("Learn all of them"), {"task": role.several}),) if role.several else ()
        setting = f"{topic.setting}.{role.name}"
        choices = (*(Choice(name, {setting: name}) for name in (taken, *nearly)), *instead)
        guesses.append(Guess(topic.name, setting, taken, round(sure, 3), sentence, choices))
    return guesses


def _guess(
    imported: "Imported", columns: Sequence[Column], chosen: Mapping[str, str] | None
) -> tuple[dict[str, str], list[tuple[float, int, str, str]]]:
    """Role -> column, and all that would fit: (score, minus position, role, column), the best first."""
    result = {role: name for role, name in (chosen or {}).items() if name}
    open_roles = [role for role in columns if role.name not in result and not FIELDS[role.kind].gathers]
    ranked = sorted(
        (
            (score, -position, role.name, profile.name)
            for role in open_roles
            for position, profile in enumerate(imported.profiles)
            if (score := _score(role, profile, imported.stored)) > 0
        ),
        reverse=True,
    )
    for _unused_2, _unused_3, role, name in ranked:
        if role not in result and name not in result.values():
            result[role] = name
    return {role.name: result[role.name] for role in columns if role.name in result}, ranked


def _one_column_each(imported: "Imported") -> list[str]:
    """The columns of 0 and 1, where there are several."""
    names = [profile.name for profile in imported.profiles if profile.binary]
    return names if len(names) > 1 else []


def _several(imported: "Imported", role: Column, taken: str) -> str:
    """A sentence where the column taken for the class holds several labels in a row; else ""."""
    profile = next(each for each in imported.profiles if each.name == taken)
    found = [(cell, several_in(cell, profile.separator)) for cell in profile.samples if role.kind == "label"]
    example = next((cell for cell, labels in found if len(labels) > 1), "")
    if not example:
        return ""
    names = _one_column_each(imported)
    if {label for _cell, labels in found for label in labels} <= set(names):
        return _(
            "{columns} hold 0 or 1 in every row: that looks like several labels per example, which '{column}' lists. "
            "This task learns one for each, so rows with more are left out.",
            columns=listing(map(quoted, names[:COLUMNS_SHOWN])),
            column=taken,
        )
    if profile.separator:
        return _(
            "'{column}' holds several labels in a cell, such as {example}. This task learns one for each, so it would "
            "take each such combination for a class of its own.",
            column=taken,
            example=quoted(example),
        )
    return _(
        "'{column}' holds lists such as {example}: several labels per example. This task learns one for each, "
        "so rows with more are left out; a list of one is that one.",
        column=taken,
        example=example,
    )


def _score(role: Column, profile: ColumnProfile, stored: str) -> float:
    if profile.filled == 0 or profile.name.strip().lower() in COLUMN_NAMES:
        return 0.0  # which split a row belongs to is nothing that anybody wants to learn
    content = FIELDS[role.kind].fit(profile, stored if profile.name == stored else "")
    named = _name_score(role, profile.name)
    if role.by_name and named < EXACT_NAME - BEST_KNOWN:
        return 0.0
    if content <= FIELDS[role.kind].weak and named <= AMBIGUOUS_NAME:
        return 0.0
    if named == PART_OF_NAME:  # 'Kind of message' holds a kind, and 'Message' in it is no evidence of texts
        named *= min(1.0, content)
    return content + named if content > 0 else 0.0


def _name_score(role: Column, name: str) -> float:
    lowered = name.strip().casefold()
    if lowered == role.name:
        return ROLE_NAME
    if lowered in AMBIGUOUS:
        return AMBIGUOUS_NAME if lowered in role.hints else 0.0
    if lowered in role.hints:
        return EXACT_NAME - min(role.hints.index(lowered), BEST_KNOWN)
    return PART_OF_NAME if any(_is_part(hint, name) for hint in (role.name, *role.hints)) else 0.0


def _is_part(hint: str, name: str) -> bool:
    """Short words only as words of their own: 'beyond' has no 'y' in it, and 'ego' no 'go'."""
    if hint in AMBIGUOUS or len(hint) < 2 or (hint.isascii() and len(hint) < 3):
        return False
    return hint in name.casefold() if len(hint) >= LONG_HINT or not hint.isascii() else hint in words_of(name)


def find_column(there: list[str], wanted: str | None, role: str, hints: tuple[str, ...]) -> str:
    """The column of the inputs: the one that the run learned from, one of a usual name, or the only one."""
    if wanted in there and wanted is not None:
        return wanted
    usual = [name for name in there if name.lower() in (role, *hints)]
    if usual or len(there) == 1:
        return (usual or there)[0]
    raise StudioError(
        _("Which column is '{role}'?", role=role),
        _(
            "The file has the columns {columns}; the run learned from '{column}'.",
            columns=listing(there),
            column=wanted or role,
        ),
        _("Rename the column to '{column}', or use a file with that column alone.", column=wanted or role),
    )
