"""Conversations in the forms in which people have them, and what is wrong with some, row by row."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio.app.cells import CELLS
from studio.app.inputs import INPUTS
from studio.data.assembly import Assembled, assemble
from studio.data.fields import FIELDS
from studio.data.fields.messages import UnreadableError, as_transcript, read_messages
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.reading import read_table
from studio.paths import Home
from studio.tasks import TASKS

CHAT = TASKS["chat"]
ROWS = 8


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def read(rows: list[Any], home: Home, folder: Path) -> Assembled:
    path = folder / "talk.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    return assemble(imported, DataOptions(source="-"), CHAT.columns, CHAT.check)


HI, YES = {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes?"}
SHAREGPT = [{"from": "system", "value": "Be brief."}, HI, YES]
FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "openai": ({"messages": [said("user", "Hi"), said("assistant", "Yes?")]}, "Hi"),
    "parts": ({"messages": [said("user", [{"type": "text", "text": "Hi"}]), said("assistant", "Yes?")]}, "Hi"),
    "sharegpt": ({"conversations": SHAREGPT}, "System: Be brief.\n\nUser: Hi"),
    "system beside": ({"system": "Be brief.", "conversations": SHAREGPT[1:]}, "System: Be brief.\n\nUser: Hi"),
    "open end": ({"messages": [said("user", "Hi"), said("assistant", "Yes?"), said("user", "Well")]}, "Hi"),
    "longer": (
        {"messages": [said("user", "A"), said("assistant", "B"), said("user", "Hi"), said("assistant", "Yes?")]},
        "User: A\n\nAssistant: B\n\nUser: Hi",
    ),
    "alpaca": ({"instruction": "Say", "input": "Hi", "output": "Yes?"}, "Say\n\nHi"),
    "dolly": ({"id": 7, "instruction": "Hi", "context": "", "response": "Yes?", "category": "qa"}, "Hi"),
    "orca": ({"system_prompt": "Be brief.", "question": "Hi", "response": "Yes?"}, "System: Be brief.\n\nUser: Hi"),
    "plain": ({"q": "Hi there", "reply": "Yes?"}, "Hi there"),
    "transcript": (
        {"prompt": "Human: A\nAssistant: B\nHuman: Hi", "completion": "Yes?"},
        "User: A\n\nAssistant: B\n\nUser: Hi",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_a_message_and_its_answer(form: str, home: Home, tmp_path: Path) -> None:
    row, asked = FORMS[form]
    numbered = [json.loads(json.dumps(row).replace("Yes?", f"Yes {n}?")) for n in range(ROWS)]
    found = read(numbered, home, tmp_path).table
    assert found["reply"].tolist() == [f"Yes {n}?" for n in range(ROWS)]
    cell = found["prompt"][0]
    shown = CELLS["messages"].drawn(cell, None)
    assert shown == asked == INPUTS["messages"].of_example(cell, None)
    assert read_messages(shown) == read_messages(cell) == FIELDS["messages"].parse(cell, None)


def test_what_is_wrong_with_a_conversation_is_said(home: Home, tmp_path: Path) -> None:
    good = [{"messages": [said("user", f"Hi {n}"), said("assistant", "Yes?")]} for n in range(ROWS)]
    bad = [
        [said("tool", "42"), said("assistant", "x")],
        [said("assistant", "x"), said("user", "y"), said("assistant", "z")],
        [said("user", None), said("assistant", "x")],
        [said("user", "y"), said("system", "x"), said("assistant", "x")],
        [said("user", "nobody answers")],
    ]
    found = read([*good, *({"messages": turns} for turns in bad)], home, tmp_path)
    assert len(found.table) == ROWS and found.dropped == len(bad)
    assert [problem.what for problem in found.problems] == [
        "A message is from 'tool'.",
        "It begins with an answer.",
        "A message has no text.",
        "A message of the system stands in the middle.",
        "The text is empty.",
    ]


def test_two_answers_to_compare_have_a_prompt_in_common(tmp_path: Path) -> None:
    turns = [said("user", "Hi")]
    row = {"chosen": [*turns, said("assistant", "Yes?")], "rejected": [*turns, said("assistant", "No.")]}
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join([json.dumps(row)] * 3), encoding="utf-8")
    table, _ = read_table(path)
    assert table.iloc[0].to_dict() == {"prompt": json.dumps(turns), "chosen": "Yes?", "rejected": "No."}


def test_other_tables_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "squad.csv"
    path.write_text("context,question,answer\nIt is red.,Which colour?,red\n", encoding="utf-8")
    assert list(read_table(path)[0].columns) == ["context", "question", "answer"]


@pytest.mark.parametrize("text", ["", "[]", "Assistant: Hello", '[{"role": "assistant", "content": "x"}]', '["x"]'])
def test_what_asks_nothing(text: str) -> None:
    try:
        turns = read_messages(text)
    except UnreadableError as error:
        assert error.what.endswith(".")
    else:
        assert text == "Assistant: Hello" and as_transcript(turns) == text, "a text as any other"
