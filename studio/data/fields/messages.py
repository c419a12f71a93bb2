"""Messages: a conversation up to the point where an answer is due."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.fields.text import Text
from studio.data.formats.base import encodable
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _, plural

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
ROLES = {
    **dict.fromkeys((SYSTEM, "developer"), SYSTEM),
    **dict.fromkeys((USER, "human", "prompter", "customer", "question"), USER),
    **dict.fromkeys((ASSISTANT, "gpt", "bot", "chatgpt", "model", "ai", "agent", "answer"), ASSISTANT),
}
TITLES = {SYSTEM: "System", USER: "User", ASSISTANT: "Assistant"}
MOST_MESSAGES = 1000  # more than any model reads at once
LISTED, WRITTEN = 16.0, 0.5  # how much lists of messages look like this field, and what of a text's likeness
_HEADING = re.compile(r"^[ \t]*(System|User|Human|Assistant|Bot|AI)[ \t]*:[ \t]*", re.MULTILINE | re.IGNORECASE)
Turns = list[dict[str, str]]  # role and content, as chat templates of transformers take them


@dataclass(frozen=True)
class UnreadableError(Exception):
    """what: is wrong with a conversation. why: perhaps what was meant."""

    what: str
    why: str = ""


class Messages(Field):
    """A text alone is one message of the user; one that begins with "User:" or the like is a conversation."""

    name = "messages"
    missing = _("There is no message.")
    bring = dict.fromkeys(
        ("text", "image", "audio"), _("Bring a table with questions and answers, or conversations as JSONL.")
    )
    example = '"a text"'
    examples = ("How did the phone come?", "When did the screen break?", "How is the price?")

    def counted(self, n: int) -> str:
        return plural("{n:,} conversation", "{n:,} conversations", n)

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """One form of the many; what cannot be read stays, to be named."""
        return cells.map(in_one_form, na_action="ignore").astype("str")

    def parse(self, cell: str, files: Path | None) -> Turns:
        try:
            return read_messages(cell)
        except UnreadableError as error:
            raise StudioError(error.what, error.why, _("Correct it.")) from error

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        for row, cell in cells.items():
            try:
                read_messages(str(cell))
            except UnreadableError as error:
                yield Problem(int(str(row)), error.what, error.why, column=column.name)

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        return cells

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        if profile.lists > 0.9:
            found = [may_be_messages(cell) for cell in profile.samples]
            return LISTED if sum(found) * 2 > len(found) else 0.0
        return WRITTEN * Text().fit(profile, stored)

    def similarity(self, one: str, other: str) -> float:
        return Text().similarity(one, other)


def may_be_messages(cell: str) -> bool:
    value = _json(cell)
    return isinstance(value, list) and bool(value) and all(role_of(each) is not None for each in value)


def in_one_form(cell: str) -> str:
    try:
        turns = read_messages(cell)
    except UnreadableError:
        return cell
    if [turn["role"] for turn in turns] == [USER] and not _HEADING.match(turns[0]["content"]):
        return turns[0]["content"]
    return encodable(json.dumps(turns, ensure_ascii=False))


def as_transcript(turns: Sequence[Mapping[str, str]]) -> str:
    """As people type it; `read_messages` reads it again."""
    if [turn["role"] for turn in turns] == [USER]:
        return turns[0]["content"]
    return "\n\n".join(f"{TITLES[turn['role']]}: {turn['content']}" for turn in turns)


def read_messages(cell: str) -> Turns:
    """The messages of a cell, without answers behind the last question. Raises UnreadableError."""
    value = _json(cell)
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("messages", "conversations") if name in value), value)
    turns = checked(value if isinstance(value, list) else _typed(cell))
    while turns and turns[-1]["role"] == ASSISTANT:
        turns.pop()
    if not any(turn["role"] == USER for turn in turns):
        raise UnreadableError(_("Nothing is asked."), _("A message of the user is needed before an answer."))
    return turns


def checked(values: Sequence[Any]) -> Turns:
    """The messages of a list in the words of OpenAI or ShareGPT, several of one role in a row as one.

    Raises UnreadableError.
    """
    said: list[tuple[str, list[str]]] = []  # by whom, and the messages in a row
    for value in values:
        role = role_of(value)
        content = content_of(value) if role else None
        if role is None:
            given = value.get("role", value.get("from")) if isinstance(value, Mapping) else None
            known = _("Known are system, user and assistant.")
            if given is None:
                raise UnreadableError(_("Something in the list is no message."), str(value)[:80])
            raise UnreadableError(_("A message is from '{role}'.", role=str(given)[:40]), known)
        if content is None:
            raise UnreadableError(_("A message has no text."), str(value)[:80])
        if not content.strip():
            continue
        if role == SYSTEM and said and said[-1][0] != SYSTEM:
            raise UnreadableError(_("A message of the system stands in the middle."), _("It can only come first."))
        if said and said[-1][0] == role:
            said[-1][1].append(content)
        else:
            said.append((role, [content]))
    first = next((role for role, _contents in said if role != SYSTEM), USER)
    if first == ASSISTANT:
        raise UnreadableError(_("It begins with an answer."), _("A message of the user has to come first."))
    if len(said) > MOST_MESSAGES:
        why = _("At most {most:,} are read of one conversation.", most=MOST_MESSAGES)
        raise UnreadableError(_("It has {n:,} messages.", n=len(said)), why)
    return [{"role": role, "content": "\n\n".join(contents)} for role, contents in said]


def role_of(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    role = value.get("role", value.get("from"))
    return ROLES.get(role.strip().lower()) if isinstance(role, str) else None


def content_of(value: Mapping[str, Any]) -> str | None:
    """The text of a message; of several parts those that are text. None where there is none, or something else too."""
    content = value.get("content", value.get("value"))
    if isinstance(content, list):
        texts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        known = [text for text in texts if isinstance(text, str)]
        content = "\n\n".join(known) if len(known) == len(texts) else None
    return encodable(content) if isinstance(content, str) else None


def _typed(text: str) -> list[dict[str, str]]:
    """A transcript with the roles in front of what was said, or one message."""
    parts = _HEADING.split(text.strip())
    roles = [ROLES[part.lower()] for part in parts[1::2]]
    if parts[0] or USER not in roles:
        return [{"role": USER, "content": text.strip()}]
    return [{"role": role, "content": said.strip()} for role, said in zip(roles, parts[2::2], strict=True)]


def _json(cell: str) -> Any:
    if not cell.lstrip().startswith(("[", "{")):
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None
