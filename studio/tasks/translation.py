"""Translate texts from one language into another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.column_names import TEXTS
from studio.data.columns import Column, Problem
from studio.language import _
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.seq2seq import (
    SETTINGS,
    PadWriting,
    WritingOptions,
    encode_texts,
    how_to_write,
    kept_settings,
    prefix_of,
    seq2seq_model,
    set_languages,
    token_loss,
    writing_code,
    written,
)
from studio.tasks.texts import TEXT
from studio.tasks.written import translation_scorer

if TYPE_CHECKING:
    import pandas

SOURCE = replace(
    TEXT,
    name="source",
    title=_("Text"),
    help=_("What is to be translated."),
    hints=("source", "src", "original", "en", "english", "from", "input", *TEXTS),
)
TARGET = Column(
    "target",
    _("Translation"),
    "text",
    _("The same in the other language: what the model learns to write."),
    hints=("target", "translation", "tgt", "translated", "to", "output", "reference", "de", "fr", "es", "sv", "german"),
    examples=(
        "Das Telefon kam schnell und arbeitet gut.",
        "Der Bildschirm brach nach zwei Tagen.",
        "Der Preis ist fair.",
    ),
)


class TranslationOptions(WritingOptions):
    source_language: str = setting(
        "",
        title=_("Language of the texts"),
        help=_("For T5 its English name (English); for mBART, M2M100 and NLLB its code (en_XX, en, eng_Latn)."),
        same_model=True,
    )
    target_language: str = setting(
        "",
        title=_("Language of the translations"),
        help=_("Written as the language of the texts is."),
        same_model=True,
    )


class Translation(Task):
    name = "translation"
    title = _("Translate")
    sentence = _("Translate texts in the words of your field, your products, your company.")
    icon = "globe"
    group = _("Texts")
    inputs = (SOURCE,)
    targets = (TARGET,)
    answer_kind = "text"
    headline = "chrf"
    traits = frozenset({"generates"})
    model = seq2seq_model("translation")
    names_outputs = False
    Options = TranslationOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Translations that are their text over again."""
        same = table["source"].str.strip() == table["target"].str.strip()
        why = _("Is it meant to stay as it is?")
        return [
            Problem(int(row), _("The translation is the same as the text."), why, drops=False, column="target")
            for row in table.loc[same, "row"]
        ]

    def summary(self, labels: Sequence[str]) -> str:
        return "Translates texts."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return writing_code(config)

    def prepare_processor(self, processor: Any, options: Any) -> None:
        set_languages(processor, options.source_language, options.target_language)

    def _prefix(self, tools: Tools) -> str:
        source, target = tools.options.source_language, tools.options.target_language
        usual = f"translate {source} to {target}: " if source and target else ""
        return prefix_of(tools.config, tools.options.prefix, usual)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        set_languages(tools.processor, tools.options.source_language, tools.options.target_language)
        return encode_texts(tools, self._prefix(tools), rows)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadWriting(tools.processor.pad_token_id)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return token_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return written(tools, model, batch, how_to_write(tools, tools.options.target_language))

    def scorer(self, tools: Tools) -> Scorer:
        return translation_scorer()

    def finish(self, model: Any, tools: Tools) -> None:
        begin = how_to_write(tools, tools.options.target_language)
        setattr(tools.config, SETTINGS, kept_settings(tools, self._prefix(tools), begin))
