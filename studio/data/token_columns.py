"""Columns of token lists and tag lists, as data sets for token classification have them, as text and spans."""

from collections.abc import Sequence
from dataclasses import replace

from studio.data.columns import Problem
from studio.data.formats.base import RawTable
from studio.data.tagging import are_bare, join_tokens
from studio.language import _

TOKENS = ("tokens", "words", "token", "sentence_tokens")
TAGS = ("ner_tags", "ner", "tags", "ner_tag", "labels", "label", "tag", "entities")
ROWS_SEEN = 50
IGNORED = -100  # a tag that other libraries leave out


def join_columns(raw: RawTable) -> RawTable:
    """The table with `text` and `spans` in the place of its tokens and tags; any other table as it is.

    Tags can be numbers whose names nobody knows; then 0 marks nothing, and each other number is a label of its own.
    """
    columns = _columns(raw)
    if columns is None:
        return raw
    tokens, tags = (raw.columns[column] for column in columns)
    faults = [_fault(some, others) for some, others in zip(tokens, tags, strict=True)]
    usable = [position for position, fault in enumerate(faults) if not fault]
    numeric = any(isinstance(tag, int) for position in usable for tag in tags[position])  # type: ignore[attr-defined]
    words = {position: [_word(tag) for tag in tags[position]] for position in usable}  # type: ignore[attr-defined]
    bare = are_bare(word for some in words.values() for word in some)
    joined = [join_tokens(tokens[position], words[position], bare) for position in usable]  # type: ignore[arg-type]
    others = [column for column in range(len(raw.names)) if column not in columns]
    problems = [
        Problem(number, fault, _("Each token needs a tag."), column=str(raw.names[columns[1]]))
        for number, fault in zip(raw.numbers, faults, strict=True)
        if fault
    ]
    if numeric:
        why = _("0 is taken as unmarked, and every other number as a label of its own.")
        problems.insert(0, Problem(0, _("The tags are numbers, and nothing says what they mean."), why, drops=False))
    return replace(
        raw,
        names=["text", "spans", *(raw.names[column] for column in others)],
        columns=[
            [text for text, _unused in joined],
            [[span.as_dict() for span in spans] for _unused_2, spans in joined],
            *([raw.columns[column][position] for position in usable] for column in others),
        ],
        numbers=[raw.numbers[position] for position in usable],
        problems=sorted([*raw.problems, *problems], key=lambda problem: problem.row),
    )


def _columns(raw: RawTable) -> tuple[int, int] | None:
    """Where the tokens and where the tags are."""
    names = {str(name).strip().lower(): column for column, name in reversed(list(enumerate(raw.names)))}
    for token in (names[name] for name in TOKENS if name in names):
        for tag in (names[name] for name in TAGS if name in names):
            rows = list(zip(raw.columns[token], raw.columns[tag], strict=True))[:ROWS_SEEN]
            if sum(not _fault(some, others) for some, others in rows) * 2 > len(rows):
                return token, tag
    return None


def _fault(tokens: object, tags: object) -> str:
    """What is wrong with a row, or ""."""
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return _("The tokens are no list of words.")
    if not isinstance(tags, list) or not all(isinstance(tag, str | int) or tag is None for tag in tags):
        return _("The tags are no list of words or numbers.")
    if len(tokens) == len(tags):
        return ""
    return _("There are not as many tags ({tags}) as tokens ({tokens}).", tags=len(tags), tokens=len(tokens))


def _word(tag: object) -> str:
    return "O" if tag in (0, IGNORED, None) else str(tag)


def named_tags(values: Sequence[object], names: Sequence[str]) -> list[object]:
    """A column of lists with the names of classes in the place of their numbers."""
    return [
        [names[tag] if isinstance(tag, int) and 0 <= tag < len(names) else tag for tag in value]
        if isinstance(value, list)
        else value
        for value in values
    ]
