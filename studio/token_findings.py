"""What a model does not see of the texts: what is cut off, and what it cannot read, each with what to do about it.

The rule for letters: a tokenizer that knows a language reads several of its letters as one token, 0.25 to 0.55 tokens a
letter; for Chinese and the like, where a sign is a word or a syllable, up to one. With close to one token a letter it
spells, and the model has hardly seen the language; bytes need two or three. Measured on the included models:
English 0.3 to 0.4, Swedish 0.5 and 0.8; Arabic, Russian and Greek 0.95 to 1.0 (all-MiniLM, which has their letters
alone) and 2.2 (bytes); Chinese 0.95 with two of three tokens unknown, and 2.8 (bytes). A tokenizer that spells English
too does so by design (ByT5, CANINE): of it nothing is said.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from studio.data.fields.record import as_text
from studio.errors import StudioError
from studio.language import _, in_percent, listing, sentences
from studio.models.catalog import CATALOG
from studio.models.local import ModelInfo
from studio.options import Options
from studio.paths import Home
from studio.tasks.base import Task
from studio.tasks.texts import LONGEST, LengthOptions, within
from studio.token_reader import SIGNS, Script, TokenCounts, read_tokens

LEAST_CUT = 0.01  # of the texts; fewer are not worth a word
FEW_CUT = 0.05  # so many may stay cut
SPELT = 0.85  # tokens a letter from which on a script is spelt
SPELT_SIGNS = 1.2  # the same where a sign is a syllable or a word
SYLLABLES = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "YI"}
UNKNOWN = 0.05  # of a script's tokens
UNKNOWN_SIGNS = 0.01  # of all tokens
LEAST_OF_SCRIPT = 0.05  # of all letters
NAMES = {  # of scripts, where Unicode's name is not what people say
    "CJK": _("Chinese characters"),
    "HANGUL": _("Korean"),
    "LATIN": _("the language of these texts"),
}
MAX_LENGTH = "options.max_length"
WRITTEN: dict[str, Callable[[Any], str]] = {"text": str, "record": lambda cell: as_text(json.loads(cell))}


@dataclass(frozen=True)
class Finding:
    """longer: the length (`MAX_LENGTH` of the run file) that a press sets; None where something else helps."""

    tone: Literal["info", "warning"]
    what: str
    why: str
    what_to_do: str
    longer: int | None = None

    @classmethod
    def of(cls, error: StudioError) -> "Finding":
        """Of texts that could not be read: no run depends on it."""
        known = error.explanation
        return cls("info", known.what, known.why, known.what_to_do)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with what to write into the run file."""
        settings = {MAX_LENGTH: self.longer} if self.longer else {}
        return {"what": self.what, "why": self.why, "what_to_do": self.what_to_do, "settings": settings}

    def __str__(self) -> str:
        return sentences(self.what, self.why, self.what_to_do)


def find_unseen(
    info: ModelInfo, task: Task, options: Options, table: Any, home: Home, trust_remote_code: bool = False
) -> list[Finding]:
    """Of the assembled rows. Takes seconds where nobody asked before; raises StudioError as `read_tokens` does."""
    texts = texts_of(task, table)
    return findings(read_tokens(info, texts, home, trust_remote_code), options, task.name) if texts else []


def texts_of(task: Task, table: Any) -> list[str]:
    """What the task's tokenizer reads of the rows; nothing for a task that reads none."""
    kinds = {column.name: column.kind for column in task.inputs if column.kind in WRITTEN and column.name in table}
    if task.model.processor != "tokenizer" or not kinds:
        return []
    texts = []
    for names in task.readings:
        written = (map(WRITTEN[kinds[name]], table[name]) for name in names if name in kinds)
        texts += [" ".join(cells) for cells in zip(*written, strict=True)]
    return texts


def findings(counts: TokenCounts, options: Options, task: str) -> list[Finding]:
    """What cannot be read comes first: a longer text of it would be of no use."""
    cut = _cut(counts, options.max_length) if isinstance(options, LengthOptions) else []
    return [*_scripts(counts, task), *_signs(counts), *cut]


# --- what is cut --------------------------------------------------------------------------------------


def _cut(counts: TokenCounts, wished: int) -> list[Finding]:
    longest = within(wished, counts.most)
    cut = [length for length in counts.lengths if length > longest]
    if len(cut) < LEAST_CUT * len(counts.lengths) or not cut:
        return []
    read = sum(longest / length for length in cut) / len(cut)
    of = len(counts.lengths)
    what = (
        _("All texts are cut after {longest:,} tokens.", longest=longest)
        if len(cut) == of
        else _(
            "{share} of the texts are cut after {longest:,} tokens.", share=in_percent(len(cut) / of), longest=longest
        )
    )
    why = _(
        "The model sees {share} of such a text, from its beginning, and nothing of what comes after.",
        share=in_percent(read),
    )
    if of < counts.of:
        why = sentences(why, _("Measured on {count:,} of {all:,} texts.", count=of, all=counts.of))
    tone: Literal["info", "warning"] = "warning" if len(cut) > FEW_CUT * of else "info"
    better = _longer(counts, longest)
    if better is None:
        return [Finding(tone, what, why, _at_most(longest))]
    left = sum(length > better for length in counts.lengths)
    if left == len(cut) <= FEW_CUT * of:  # a few that are far longer than all others
        return [Finding(tone, what, why, _("Shorten these few, if what matters in them comes late."))]
    if not left:
        then = _("With a length of {length:,}, none would be cut.", length=better)
    elif left == of:
        then = _("With a length of {length:,}, all would still be cut.", length=better)
    else:
        then = _("With a length of {length:,}, {share} would still be cut.", length=better, share=in_percent(left / of))
    cost = _("Training then takes more time and memory.")
    to_do = sentences(then, cost, _at_most(better) if left > FEW_CUT * of else "")
    return [Finding(tone, what, why, to_do, better)]


def _longer(counts: TokenCounts, longest: int) -> int | None:
    """The first power of two that leaves few texts cut, or the most that the model and the setting take."""
    most = min(LONGEST, counts.most or LONGEST)
    length = longest
    while length < most:
        length = min(most, 1 << length.bit_length())
        if sum(each > length for each in counts.lengths) <= FEW_CUT * len(counts.lengths):
            break
    return length if length > longest else None


def _at_most(length: int) -> str:
    return sentences(
        _("No more than {length:,} tokens of a text can be read with this model.", length=length),
        _("Shorten the texts, or choose a model that reads longer ones."),
    )


# --- what cannot be read ------------------------------------------------------------------------------


def _scripts(counts: TokenCounts, task: str) -> list[Finding]:
    scripts = {name: script for name, script in counts.scripts.items() if name != SIGNS and script.letters}
    letters = sum(script.letters for script in scripts.values())
    large = {name: script for name, script in scripts.items() if script.letters >= LEAST_OF_SCRIPT * letters}
    to_do = _another_model(task)
    return [found for name, script in large.items() if (found := _script(name, script, counts.plain, to_do))]


def _another_model(task: str) -> str:
    several = [card.title for card in CATALOG if task in card.tasks and card.reads.endswith("languages")]
    if not several:
        return _("Choose a model for this language, or a multilingual one.")
    return _(
        "Choose a model for this language, or a multilingual one, such as {models}.", models=listing(several, "or")
    )


def _script(name: str, script: Script, plain: float, to_do: str) -> Finding | None:
    title = NAMES.get(name, name.capitalize())
    if script.unknown > UNKNOWN * script.tokens:
        why = (
            _("All of its tokens stand for unknown characters.")
            if script.unknown == script.tokens
            else _(
                "{share} of its tokens stand for unknown characters.",
                share=in_percent(script.unknown / script.tokens),
            )
        )
        examples = _("Such as {examples}.", examples=_examples(script)) if script.examples else ""
        what = _("This model does not know {language}.", language=title)
        return Finding("warning", what, sentences(why, examples), to_do)
    spelt = SPELT_SIGNS if name in SYLLABLES else SPELT
    if script.tokens > spelt * script.letters and plain < SPELT:
        each = script.tokens / script.letters
        why = (
            _(
                "It spells it: {tokens:.1f} tokens a character, where a language that a model knows has one or fewer.",
                tokens=each,
            )
            if name in SYLLABLES
            else _(
                "It spells it: {tokens:.1f} tokens a letter, where a language that a model knows has fewer than half "
                "of one.",
                tokens=each,
            )
        )
        return Finding("warning", _("This model hardly knows {language}.", language=title), why, to_do)
    return None


def _signs(counts: TokenCounts) -> list[Finding]:
    """Emoji and the like."""
    signs = counts.scripts.get(SIGNS)
    tokens = sum(script.tokens for script in counts.scripts.values())
    if signs is None or not signs.unknown or signs.unknown < UNKNOWN_SIGNS * tokens:
        return []
    what = (
        _("This model does not know some signs, such as {examples}.", examples=_examples(signs))
        if signs.examples
        else _("This model does not know some signs.")
    )
    why = (
        _("All tokens are such signs, and it cannot tell them apart.")
        if signs.unknown == tokens
        else _(
            "{share} of all tokens are such signs, and it cannot tell them apart.",
            share=in_percent(signs.unknown / tokens),
        )
    )
    return [Finding("info", what, why, _("Where they matter, choose another model."))]


def _examples(script: Script) -> str:
    return listing((f"'{piece[:20]}{'…' if len(piece) > 20 else ''}'" for piece in script.examples[:2]), "and")
