"""Sort recordings into classes: spoken commands, kinds of sound, a machine that is well or not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Problem
from studio.data.sound_store import seconds_of
from studio.language import _
from studio.models.kind import ModelKind
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.calibration import take_in_temperature
from studio.tasks.classes import LABEL, ClassScorer, class_answers, class_config, name_classes, settle_classes
from studio.tasks.sounds import (
    AUDIO,
    MOST_SECONDS,
    ListeningOptions,
    listen_for,
    open_sound,
    positions_of,
    shorten_encoder,
    stack_sounds,
    values_of,
)
from studio.tasks.verdicts import class_verdict

if TYPE_CHECKING:
    import pandas

LISTENING = "listening"  # in the finished model's config: how much of a recording it hears


class AudioClassification(Task):
    """For what hears spectrograms (AST, the encoder of Whisper) or the sound itself (wav2vec2, HuBERT, WavLM)."""

    name = "audio-classification"
    title = _("Sort recordings")
    sentence = _("Give each recording one of your classes: a spoken command, a kind of sound, a machine's state.")
    icon = "audio"
    group = _("Sounds")
    inputs = (AUDIO,)
    targets = (LABEL,)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes"})
    model = ModelKind(
        "AutoModelForAudioClassification",
        "feature_extractor",
        "audio-classification",
        None,
        ("audio-classification", "automatic-speech-recognition"),
    )
    Options = ListeningOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Recordings of which only the beginning can be heard."""
        lengths = seconds_of(files)
        return [
            Problem(
                int(row),
                _("Long recording"),
                _(
                    "It lasts {seconds:,.0f} seconds; at most the first {most} are heard.",
                    seconds=found,
                    most=MOST_SECONDS,
                ),
                drops=False,
                column="audio",
            )
            for row, name in zip(table["row"], table["audio"], strict=True)
            if (found := lengths.get(name, 0.0)) > MOST_SECONDS
        ]

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return class_config(table)

    def summary(self, labels: Sequence[str]) -> str:
        return f"Sorts recordings into {len(labels)} classes: {name_classes(labels)}."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        how = config[LISTENING]
        lines = (
            "def ask(recording):",
            f'    sound, rate = recording["raw"][:{how["values"]}], recording["sampling_rate"]',
            "    inputs = processor(",
            f'        sound, sampling_rate=rate, padding="max_length", max_length={how["values"]}, truncation=True,',
            '        return_tensors="pt",',
            "    )",
            "    with torch.no_grad():",
            "        shares = model(**inputs).logits[0].softmax(-1).tolist()",
            '    found = [{"label": model.config.id2label[at], "score": share} for at, share in enumerate(shares)]',
            '    return sorted(found, key=lambda each: -each["score"])',
        )
        return "import torch", "\n".join(lines)

    def prepare_processor(self, processor: Any, options: Any) -> None:
        listen_for(processor, options.seconds)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        shorten_encoder(model, positions_of(options.seconds))
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        return [
            {"audio": str(row["audio"]), **({"labels": index[row["label"]]} if "label" in row else {})} for row in rows
        ]

    def open(self, tools: Tools, item: Item) -> Item:
        return open_sound(tools, item)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return stack_sounds

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return class_answers((outputs or model(**batch.tensors)).logits, tools)

    def scorer(self, tools: Tools) -> Scorer:
        return ClassScorer(tools.labels, tools.config)

    def settles(self, tools: Tools) -> bool:
        return True

    def settle(self, tools: Tools, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
        settle_classes(tools, answers, rows)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return class_verdict(scores) or super().verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_temperature(model)
        setattr(tools.config, LISTENING, {"values": values_of(tools.processor, tools.options.seconds)})
