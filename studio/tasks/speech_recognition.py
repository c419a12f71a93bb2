"""Write down what is said in a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.data.sound_store import seconds_of
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.ctc import (
    HEARD,
    letters_code,
    letters_loss,
    letters_of,
    letters_settings,
    writes_letters,
    written_in_letters,
)
from studio.tasks.own_letters import LETTERS, fitted, letters_in, letters_words
from studio.tasks.seq2seq import token_loss
from studio.tasks.sounds import (
    AUDIO,
    MOST_SECONDS,
    ListeningOptions,
    listen_for,
    open_pieces,
    open_sound,
    positions_of,
    shorten_encoder,
    stack_sounds,
)
from studio.tasks.spoken_times import written_in_tokens
from studio.tasks.texts import IGNORED, padded, within
from studio.tasks.written import speech_scorer

if TYPE_CHECKING:
    import pandas

TRANSCRIPT = Column(
    "target",
    _("What is said"),
    "text",
    _("The words of the recording, as the model is to write them."),
    hints=("transcript", "transcription", "text", "sentence", "words", "normalized_text", "target", "label"),
)


TAG = "automatic-speech-recognition"  # on the Hub
VOCABULARY_OF_MANY = 51_865  # tokens of the Whispers that know several languages; those for English have one less


class SpeechOptions(ListeningOptions):
    seconds: int = setting(
        MOST_SECONDS,
        title=_("Longest recording (in seconds)"),
        help=_("What is said later is not heard, so no recording should be longer. Shorter is much quicker."),
        ge=1,
        le=MOST_SECONDS,
        same_model=True,
    )
    language: str = setting(
        "",
        title=_("Language that is spoken"),
        help=_("Its English name or its code (german, de), for models that know several."),
        same_model=True,
    )
    longest_answer: int = setting(
        128,
        title=_("Longest answer (in tokens)"),
        help=_("What is learned is cut there, and answers end there."),
        ge=4,
        le=440,
        same_model=True,
        asked=True,
    )


class SpeechRecognition(Task):
    """For Whisper, which writes what it hears token by token, and for models that write it letter by letter."""

    name = "speech-recognition"
    title = _("Write down speech")
    sentence = _("Turn recordings into text: in your words, with the names and terms of your field.")
    icon = "text"
    group = _("Sounds")
    inputs = (replace(AUDIO, help=_("What the model writes down: a sound file inside the ZIP.")),)
    targets = (TRANSCRIPT,)
    answer_kind = "text"
    headline = "wer"
    traits = frozenset({"generates"})
    model = ModelKind("AutoModelForSpeechSeq2Seq", "processor", TAG, None, (TAG,), others=("AutoModelForCTC",))
    names_outputs = False
    Options = SpeechOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Recordings that are too long: what is said in them would not be heard to its end."""
        lengths = seconds_of(files)
        why = _("It lasts {seconds:,.0f} seconds, and at most {most} are heard: cut it into pieces.")
        return [
            Problem(int(row), _("Recording too long"), _(why, seconds=found, most=MOST_SECONDS), column="audio")
            for row, name in zip(table["row"], table["audio"], strict=True)
            if (found := lengths.get(name, 0.0)) > MOST_SECONDS
        ]

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return {LETTERS: letters_in(table["target"].astype(str))}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), LETTERS: config.get(LETTERS, ())}

    def fit(self, folder: Path, config: Any, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return fitted(folder, config, values)

    def summary(self, labels: Sequence[str]) -> str:
        return "Writes down what is said in recordings."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return letters_code(config) if HEARD in config else ("", "")

    def prepare_processor(self, processor: Any, options: Any) -> None:
        listen_for(processor.feature_extractor, options.seconds)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        shorten_encoder(model, positions_of(options.seconds))
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        items: list[Item] = [{"audio": str(row["audio"])} for row in rows]
        learned = bool(rows) and "target" in rows[0]
        if writes_letters(tools.config):
            found = letters_of(tools.processor.tokenizer, [row["target"] for row in rows]) if learned else []
            return [{**item, "labels": ids} for item, ids in zip(items, found, strict=True)] if learned else items
        set_language(tools)
        if learned:
            longest = within(tools.options.longest_answer, tools.config.max_target_positions - 1)
            texts = [row["target"] for row in rows]
            found = tools.processor.tokenizer(texts, truncation=True, max_length=longest)["input_ids"]
            start = tools.config.decoder_start_token_id  # which the model puts in front itself
            for item, ids in zip(items, found, strict=True):
                item["labels"] = ids[1:] if ids[0] == start else ids
        return items

    def open(self, tools: Tools, item: Item) -> Item:
        return open_sound(tools, item) if "labels" in item else open_pieces(tools, item)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return stack_speech

    def loss(self, model: Any, batch: Batch) -> Loss:
        return letters_loss(model, batch) if writes_letters(model.config) else token_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        if writes_letters(tools.config):
            return written_in_letters(tools, model, batch)
        how = {"max_new_tokens": tools.options.longest_answer, **self._how(tools)}
        return written_in_tokens(tools, model, batch, how)

    def _how(self, tools: Tools) -> dict[str, Any]:
        language = tools.options.language.lower()
        many = tools.config.vocab_size >= VOCABULARY_OF_MANY
        return {"do_sample": False, **({"language": language, "task": "transcribe"} if many else {})}

    def scorer(self, tools: Tools) -> Scorer:
        return speech_scorer(letters_words(tools.config))

    def finish(self, model: Any, tools: Tools) -> None:
        if writes_letters(tools.config):
            for name, value in letters_settings(tools).items():
                setattr(tools.config, name, value)
            return
        for name, value in (*self._how(tools).items(), ("max_new_tokens", tools.options.longest_answer)):
            setattr(model.generation_config, name, value)


def set_language(tools: Tools) -> None:
    """Tell a tokenizer of many languages which is spoken. Raises StudioError for one that the model lacks, or none."""
    language = tools.options.language.lower()
    if tools.config.vocab_size < VOCABULARY_OF_MANY:
        return
    if not language:
        raise StudioError(
            _("This model knows many languages, and nothing says which one is spoken."),
            "",
            _("Write it into the task's settings, or choose a model for English."),
        )
    try:
        tools.processor.tokenizer.set_prefix_tokens(language, "transcribe", predict_timestamps=False)
        list(tools.processor.tokenizer.prefix_tokens)
    except ValueError as error:
        what = _("This model has no language '{code}'.", code=language)
        raise StudioError(what, "", _("Write its English name, or its code.")) from error


def stack_speech(items: Sequence[Item]) -> dict[str, Any]:
    """Opened items, or all pieces of such -> one batch, whose labels (batch, tokens) are padded with `IGNORED`."""
    heard = [piece for item in items for piece in item.get("pieces", [item])]
    batch: dict[str, Any] = stack_sounds([{name: item[name] for name in item if name != "labels"} for item in heard])
    if "labels" in items[0]:
        batch["labels"] = padded([item["labels"] for item in items], IGNORED)
    return batch
