"""What tasks share that read two texts together: the columns, the encoded pairs, the question to `pipeline`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from studio.data.column_names import TEXTS
from studio.language import _
from studio.tasks.base import Item, Row, Tools
from studio.tasks.texts import TEXT, longest_text

FIRST = replace(
    TEXT,
    title=_("First text"),
    help=_("The one of the two that comes first: a question, a premise, a title."),
    hints=(
        *("sentence1", "text1", "question1", "premise", "query", "question", "sentence_1", "text_1", "text_a", "first"),
        *("sentence_a", "anchor", "sent1", "s1", "source", *TEXTS),
    ),
)
SECOND = replace(
    TEXT,
    name="second",
    title=_("Second text"),
    help=_("The one that belongs to it: an answer, a hypothesis, a translation, a description."),
    hints=(
        *("sentence2", "text2", "question2", "hypothesis", "passage", "answer", "sentence_2", "text_2", "text_b"),
        *("sentence_b", "positive", "sent2", "s2", "target", "document", "candidate", "response", "pair"),
    ),
    examples=("It arrived quickly.", "The display is fine.", "It costs what it is worth."),
)


def encode_pairs(tools: Tools, rows: Sequence[Row]) -> list[Item]:
    """Token ids of both texts with the model's own marks between; of a pair that is too long the longer text is cut."""
    found = tools.processor(
        [row["text"] for row in rows],
        [row["second"] for row in rows],
        truncation=True,
        max_length=longest_text(tools.options.max_length, tools),
    )
    names = [name for name in ("input_ids", "token_type_ids") if name in found]
    return [{name: found[name][place] for name in names} for place in range(len(rows))]


def asking_pair(examples: Sequence[str]) -> str:
    """As `pipeline` takes two texts."""
    first, second = examples
    return f'{{"text": {first}, "text_pair": {second}}}'


def pair_settings() -> dict[str, Any]:
    return {"truncation": True}
