"""Describe images: a sentence for each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

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
from studio.tasks.written import caption_scorer

CAPTION = Column(
    "target",
    _("Description"),
    "text",
    _("What is to be said about each image: what the model learns to write."),
    hints=("caption", "description", "text", "target", "sentence", "alt", "title", "captions"),
    examples=("A red bicycle leans on a wall.", "Two cups stand on a table.", "A dog runs along the beach."),
)


class ImageCaptioning(Task):
    name = "image-captioning"
    title = _("Describe images")
    sentence = _("Write a sentence about each image: for a catalogue, for alt texts, for a report.")
    icon = "text"
    group = _("Images")
    inputs: ClassVar[tuple[Column, ...]] = (replace(IMAGE, help=_("What the model describes: a file inside the ZIP.")),)
    targets = (CAPTION,)
    answer_kind = "text"
    headline = "chrf"
    traits = frozenset({"generates"})
    model = seeing_model("image-to-text")
    names_outputs = False
    Options = SeeingOptions

    def summary(self, labels: Sequence[str]) -> str:
        return "Describes images."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return seeing_code(config)

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
        return caption_scorer()

    def finish(self, model: Any, tools: Tools) -> None:
        keep_settings(tools)
