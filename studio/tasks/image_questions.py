"""Answer questions about images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.data.columns import Column
from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.images import IMAGE
from studio.tasks.seeing import (
    SeeingOptions,
    encode_seen,
    keep_settings,
    open_seen,
    require_seeing,
    seeing_code,
    seeing_model,
    seen_answers,
    seen_loss,
    stack_seen,
)
from studio.tasks.written import answer_scorer

QUESTION = Column(
    "question",
    _("Question"),
    "text",
    _("What is asked about the image."),
    hints=("question", "query", "prompt", "ask"),
    examples=("What colour is the bicycle?", "How many cups are there?", "Where is the dog?"),
)
ANSWER = Column(
    "target",
    _("Answer"),
    "text",
    _("The right answer: what the model learns to write."),
    hints=("answer", "target", "response", "label", "answers"),
    examples=("red", "two", "on the beach"),
)


class VisualQuestionAnswering(Task):
    name = "visual-question-answering"
    title = _("Answer questions about images")
    sentence = _("Ask an image in words: how many there are, which colour it is, whether it is damaged.")
    icon = "bubble"
    group = _("Images")
    inputs = (IMAGE, QUESTION)
    targets = (ANSWER,)
    answer_kind = "text"
    headline = "exact_match"
    traits = frozenset({"generates"})
    model = seeing_model("visual-question-answering")
    Options = SeeingOptions

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def classes(self, outputs: Sequence[str]) -> Sequence[str]:
        return ()

    def summary(self, labels: Sequence[str]) -> str:
        return "Answers questions about images."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return seeing_code(config)

    def question(self, examples: Sequence[str]) -> str:
        return ", ".join(examples)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        require_seeing(model, folder)
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return encode_seen(tools, rows)

    def open(self, tools: Tools, item: Item) -> Item:
        return open_seen(tools, item)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return stack_seen

    def loss(self, model: Any, batch: Batch) -> Loss:
        return seen_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return seen_answers(tools, model, batch)

    def scorer(self, tools: Tools) -> Scorer:
        return answer_scorer()

    def finish(self, model: Any, tools: Tools) -> None:
        keep_settings(tools)
