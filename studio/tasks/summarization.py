"""Write a short text about a long one: summaries, headlines, minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.column_names import TEXTS
from studio.data.columns import Column, Problem
from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.seq2seq import (
    SETTINGS,
    PadWriting,
    WritingOptions,
    encode_texts,
    kept_settings,
    prefix_of,
    seq2seq_model,
    token_loss,
    writing_code,
    written,
)
from studio.tasks.texts import TEXT
from studio.tasks.written import summary_scorer

if TYPE_CHECKING:
    import pandas

SOURCE = replace(
    TEXT,
    name="source",
    title=_("Long text"),
    help=_("What is to be summarised."),
    hints=("document", "article", "dialogue", "text", "source", "body", "content", "story", "input", *TEXTS),
)
TARGET = Column(
    "target",
    _("Summary"),
    "text",
    _("The short text that the model learns to write."),
    hints=("summary", "highlights", "abstract", "headline", "tldr", "title", "target", "output", "short"),
    examples=("Fast and good", "Broken after two days", "A fair price"),
)


class Summarization(Task):
    name = "summarization"
    title = _("Summarise")
    sentence = _("Write short texts about long ones: summaries, headlines, minutes, product descriptions.")
    icon = "file"
    group = _("Texts")
    inputs = (SOURCE,)
    targets = (TARGET,)
    answer_kind = "text"
    headline = "rougeL"
    traits = frozenset({"generates"})
    model = seq2seq_model("summarization")
    names_outputs = False
    Options = WritingOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Summaries that are no shorter than their text."""
        long = table["target"].str.len() >= table["source"].str.len()
        why = _("Are the two columns the right way round?")
        return [
            Problem(int(row), _("The summary is as long as the text."), why, drops=False, column="target")
            for row in table.loc[long, "row"]
        ]

    def summary(self, labels: Sequence[str]) -> str:
        return "Writes short texts about long ones."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return writing_code(config)

    def _prefix(self, tools: Tools) -> str:
        return prefix_of(tools.config, tools.options.prefix, "summarize: ")

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return encode_texts(tools, self._prefix(tools), rows)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadWriting(tools.processor.pad_token_id)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return token_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return written(tools, model, batch, {})

    def scorer(self, tools: Tools) -> Scorer:
        return summary_scorer()

    def finish(self, model: Any, tools: Tools) -> None:
        setattr(tools.config, SETTINGS, kept_settings(tools, self._prefix(tools), {}))
