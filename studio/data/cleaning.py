"""Choices about rows with problems: which ones to drop, which labels to rename, and which rows to correct."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, Self

from studio.data.columns import Problem
from studio.data.corrections import MOST_CORRECTIONS, Correction, shortened
from studio.language import _, plural, quoted
from studio.options import Options, setting

Choice = Literal["keep", "drop"]
FEW = 10  # rows at most that a misspelt label has,
RARE = 0.1  # and less than this share of the rows of the one that is meant
ALIKE = 0.85  # how much alike the two are (difflib's ratio), or one letter apart
LONG_ENOUGH = 5  # letters of a label that one letter apart is a misspelling of another
_JOINED = re.compile(r"(?<=[^\W\d_]{2})[ _\u2010\u2011-](?=[^\W\d_]{2})")  # log-in, log_in, log in
MOST_CLASSES = 200  # with more, similar names are usually intended


class CleaningOptions(Options):
    copies: Choice = setting(
        "keep",
        title=_("Copies"),
        help=_("drop leaves out all but the first row with the same text or image, and the same label."),
    )
    contradictions: Choice = setting(
        "keep",
        title=_("Rows that contradict each other"),
        help=_("drop leaves out every row whose text or image has another label elsewhere."),
    )
    labels: dict[str, str] = setting(
        {},
        title=_("Renamed labels"),
        help=_("A label as it is written, and the one to use instead; several may get the same one."),
    )
    corrections: tuple[Correction, ...] = setting(
        (),
        title=_("Corrected rows"),
        help=_("Single rows whose right answer is another one, or that are left out."),
        max_length=MOST_CORRECTIONS,
    )

    def corrected(self, correction: Correction) -> Self:
        """The options with this correction, in place of an earlier one of the same cell; nothing else is corrected of
        a row that is left out."""
        kept = tuple(each for each in self.corrections if not _replaces(correction, each))
        return self.model_copy(update={"corrections": (*kept, correction)})

    def without_correction(self, row: int, column: str) -> Self:
        """The options without a correction of this cell."""
        kept = tuple(each for each in self.corrections if each.row != row or each.column not in ("", column))
        return self.model_copy(update={"corrections": kept})


def _replaces(new: Correction, old: Correction) -> bool:
    """Without a column, a correction is of the one with the classes, whatever it is called."""
    is_of_row = None in (new.label, old.label) or "" in (new.column, old.column)
    return new.row == old.row and (is_of_row or new.column == old.column)


@dataclass(frozen=True)
class Fix:
    """A problem that can be fixed with one click. key: its id for `apply_fix`. title, value: what is fixed, and how."""

    key: str
    title: str
    value: str


COPIES, CONTRADICTIONS, LABEL, ROW = "copies", "contradictions", "label:", "row:"


def plain(label: str) -> str:
    """A label without what people do not see or mean: capitals, blanks, hyphens between words, the Unicode form."""
    return _JOINED.sub("", " ".join(unicodedata.normalize("NFKC", label).casefold().split()))


def variants(counts: Mapping[str, int]) -> dict[str, str]:
    """Label -> the most frequent one that differs from it in capitals, blanks, hyphens or Unicode form alone."""
    usual: dict[str, str] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        usual.setdefault(plain(name), name)
    return {name: usual[plain(name)] for name in counts if usual[plain(name)] != name}


def intended(counts: Mapping[str, int]) -> dict[str, str]:
    """Label -> the one that is probably meant: a variant of it, or a misspelling."""
    return {**misspellings(counts), **variants(counts)}


def misspellings(counts: Mapping[str, int]) -> dict[str, str]:
    """Rare label -> the much more frequent one that it resembles most: probably a misspelling.

    A prefix (incorrect, correct) or a different number is taken as intended.
    """
    if len(counts) > MOST_CLASSES:
        return {}
    meant = {}
    for name, count in counts.items():
        written = name.casefold()
        frequent = {other.casefold(): other for other, rows in counts.items() if count <= FEW and count < RARE * rows}
        close = get_close_matches(written, list(frequent), n=1, cutoff=ALIKE)
        close = close or [
            other for other in frequent if len(written) >= LONG_ENOUGH and one_letter_apart(written, other)
        ]
        if close and (close[0] == written or not (written.endswith(close[0]) or close[0].endswith(written))):
            meant[name] = frequent[close[0]]
    return {name: other for name, other in meant.items() if not any(letter.isdigit() for letter in name)}


def one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter is another one, or two neighbours have changed places."""
    if min(len(one), len(other)) < LONG_ENOUGH or len(one) != len(other):
        return False  # one more or less is alike enough anyhow
    places = [place for place, (letter, there) in enumerate(zip(one, other, strict=True)) if letter != there]
    swapped = len(places) == 2 and places[1] == places[0] + 1 and sorted(one) == sorted(other)
    return len(places) == 1 or swapped


def available_fixes(cleaning: CleaningOptions, problems: Sequence[Problem], counts: Mapping[str, int]) -> list[Fix]:
    """The fixes for these problems and class sizes that are not applied yet."""
    found = [
        Fix(LABEL + name, quoted(name), _("rename to '{label}'", label=meant))
        for name, meant in intended(counts).items()
        if name not in cleaning.labels
    ]
    rows = Counter(problem.kind for problem in problems if not problem.drops)
    if count := rows[CONTRADICTIONS]:
        title = plural("{n:,} contradictory row", "{n:,} contradictory rows", count)
        found.append(Fix(CONTRADICTIONS, title, _("leave out")))
    if count := rows[COPIES]:
        found.append(Fix(COPIES, plural("{n:,} copy", "{n:,} copies", count), _("leave out")))
    return found


def as_written(correction: Correction) -> str:
    return shortened(correction.label or "")


Told = Callable[[Correction], str]  # what a correction puts in place, in a few words


def applied_fixes(cleaning: CleaningOptions, told: Told = as_written) -> list[Fix]:
    """The fixes in force, each of which can be undone."""
    titles = {CONTRADICTIONS: _("Contradictory rows"), COPIES: _("Copies")}
    labels = cleaning.labels.items()
    return [
        *(Fix(LABEL + name, quoted(name), _("renamed to '{label}'", label=meant)) for name, meant in labels),
        *(Fix(kind, title, _("left out")) for kind, title in titles.items() if getattr(cleaning, kind) == "drop"),
        *corrected_rows(cleaning, told),
    ]


def corrected_rows(cleaning: CleaningOptions, told: Told = as_written) -> list[Fix]:
    """The corrections of single rows."""
    return [
        Fix(
            key,
            _("Row {row}", row=each.row),
            _("left out") if each.label is None else _("now '{label}'", label=told(each)),
        )
        for key, each in _keyed(cleaning.corrections).items()
    ]


def _keyed(corrections: Sequence[Correction]) -> dict[str, Correction]:
    """By the key of its fix: row:7, and where a second column of the row is corrected, too, row:7:COLUMN."""
    found: dict[str, Correction] = {}
    for each in corrections:
        key = f"{ROW}{each.row}"
        found[f"{key}:{each.column}" if key in found else key] = each
    return found


def apply_fix(cleaning: CleaningOptions, key: str, counts: Mapping[str, int]) -> CleaningOptions:
    """The options with one fix applied; `key` as in `available_fixes`."""
    if key.startswith(LABEL):
        name = key.removeprefix(LABEL)
        return cleaning.model_copy(update={"labels": {**cleaning.labels, name: intended(counts)[name]}})
    return cleaning.model_copy(update={key: "drop"})


def undo_fix(cleaning: CleaningOptions, key: str) -> CleaningOptions:
    """The options without one fix; `key` as in `applied_fixes`."""
    if key.startswith(LABEL):
        labels = {name: meant for name, meant in cleaning.labels.items() if LABEL + name != key}
        return cleaning.model_copy(update={"labels": labels})
    if key in (COPIES, CONTRADICTIONS):
        return cleaning.model_copy(update={key: "keep"})
    kept = tuple(each for known, each in _keyed(cleaning.corrections).items() if known != key)
    return cleaning.model_copy(update={"corrections": kept})
