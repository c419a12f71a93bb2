"""Conversations as data sets hold them, as a prompt and its answer: OpenAI's and ShareGPT's lists, Alpaca's columns.

A list of messages becomes what comes before its last answer, and that answer. Of two lists that differ in their last
answer alone (`chosen`, `rejected`) the common part is the prompt. Instructions get their input (Alpaca, Dolly) or the
message of the system (Orca) before or behind them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from studio.data.fields.messages import ASSISTANT, SYSTEM, USER, UnreadableError, checked, role_of
from studio.data.formats.base import RawTable

LISTS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns")
PREFERRED, REJECTED = "chosen", "rejected"
SYSTEMS, INPUTS = ("system", "system_prompt"), ("input", "context")
QUESTIONS, ANSWERS = ("instruction", "question", "prompt"), ("output", "response", "answer", "completion")
PROMPT, ANSWER = "prompt", "answer"
ROWS_SEEN = 50
Columns = Mapping[str, Sequence[object]]  # by names in small letters


def join_turns(raw: RawTable) -> RawTable:
    """The table with the columns `prompt` and `answer` in the place of conversations, and with a column `prompt` where
    it stood in pieces; any other table as it is."""
    columns = {str(name).strip().lower(): column for name, column in zip(raw.names, raw.columns, strict=True)}
    for join in (_pairs, _conversations, _instructions):
        joined = join(raw, columns)
        if joined is not None:
            return joined
    return raw


def _conversations(raw: RawTable, columns: Columns) -> RawTable | None:
    name = next((name for name in LISTS if name in columns and _holds_messages(columns[name])), None)
    if name is None or PROMPT in columns:
        return None
    systems = next((columns[each] for each in SYSTEMS if each in columns), [None] * len(raw.numbers))
    found = [_split(value, system) for value, system in zip(columns[name], systems, strict=True)]
    return _with(raw, (name, *SYSTEMS), {PROMPT: [one for one, _ in found], ANSWER: [other for _, other in found]})


def _pairs(raw: RawTable, columns: Columns) -> RawTable | None:
    if not all(name in columns and _holds_messages(columns[name]) for name in (PREFERRED, REJECTED)):
        return None
    found = [
        (_split(good, None), _split(bad, None)) for good, bad in zip(columns[PREFERRED], columns[REJECTED], strict=True)
    ]
    made: dict[str, list[Any]] = {PREFERRED: [good[1] for good, _ in found], REJECTED: [bad[1] for _, bad in found]}
    if any(good[0] for good, _ in found) or PROMPT not in columns:
        made = {PROMPT: [good[0] for good, _ in found], **made}
    return _with(raw, tuple(made), made)


def _instructions(raw: RawTable, columns: Columns) -> RawTable | None:
    question = next((name for name in QUESTIONS if name in columns), None)
    system = next((name for name in SYSTEMS if name in columns), None)
    more = next((name for name in INPUTS if name in columns), None) if question == QUESTIONS[0] else None
    answers = (*ANSWERS, PREFERRED)
    if question is None or not (system or more) or not any(name in columns for name in answers):
        return None
    nothing: list[object] = [None] * len(raw.numbers)
    parts = (columns[name] if name else nothing for name in (question, more, system))
    made = [_asked(*row) for row in zip(*parts, strict=True)]
    return _with(raw, (PROMPT,) if question == PROMPT else (), {PROMPT: made})


def _asked(question: object, more: object, system: object) -> object:
    text = "\n\n".join(str(part).strip() for part in (question, more) if part and str(part).strip())
    if not text or not (system and str(system).strip()):
        return text or None
    return [{"role": SYSTEM, "content": str(system)}, {"role": USER, "content": text}]


def _split(value: object, system: object) -> tuple[object, object]:
    """What comes before the last answer, and that; a conversation that cannot be read stays whole, to be named."""
    values = _listed(value)
    try:
        turns = checked(values) if values is not None else []
    except UnreadableError:
        return value, "…"  # no row is used whose prompt cannot be read
    while turns and turns[-1]["role"] == USER:
        turns.pop()
    if not turns or turns[-1]["role"] != ASSISTANT:
        return values and turns, None
    if system and turns[0]["role"] != SYSTEM:
        turns.insert(0, {"role": SYSTEM, "content": str(system)})
    return turns[:-1], turns[-1]["content"]


def _holds_messages(column: Sequence[object]) -> bool:
    found = [value for value in column[:ROWS_SEEN] if value is not None]
    lists = [values for value in found if (values := _listed(value))]
    return bool(lists) and len(lists) * 2 > len(found) and role_of(lists[0][0]) is not None


def _listed(value: object) -> list[Any] | None:
    """A list, or one written as JSON in a cell."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, list) else None


def _with(raw: RawTable, without: Sequence[str], made: Mapping[str, Sequence[object]]) -> RawTable:
    """The new columns first, and the others but those that they are made of."""
    kept = [at for at, name in enumerate(raw.names) if str(name).strip().lower() not in (*without, *made)]
    return replace(
        raw,
        names=[*made, *(raw.names[at] for at in kept)],
        columns=[*made.values(), *(raw.columns[at] for at in kept)],
    )
