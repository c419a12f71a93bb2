"""Texts are cut where the run cut them, whoever uses the exported model."""

from pathlib import Path

from studio.config import RunConfig
from studio.files import read_object, replace_json
from studio.tasks.texts import POSITIONS, LengthOptions, within

SETTINGS = "tokenizer_config.json"


def longest_text_of(folder: Path, config: RunConfig) -> int | None:
    """After how many tokens the run cut its texts; None where it has none. folder: of the finished model."""
    options = config.task_options
    if not isinstance(options, LengthOptions):
        return None
    model, tokenizer = (read_object(folder / name) or {} for name in ("config.json", SETTINGS))
    return within(options.max_length, tokenizer.get("model_max_length"), *(model.get(name) for name in POSITIONS))


def cut_texts_alike(folder: Path, config: RunConfig) -> None:
    """Let the tokenizer in the folder say it, from where other programs take it."""
    longest = longest_text_of(folder, config)
    if longest is not None:
        settings = read_object(folder / SETTINGS) or {}
        replace_json(folder / SETTINGS, {**settings, "model_max_length": longest})
