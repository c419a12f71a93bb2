"""The JSON files of a model folder, which anybody may have written: read within bounds, or refused in one sentence."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.hardware import MEGABYTE
from studio.language import _

LARGEST = 16 * MEGABYTE
DEEPEST = 40
LONGEST_WORD = 200  # of what names a kind of model
MOST_LAYERS = 2000
_LAYERS = re.compile(r"(^|_)(layers?|depths?|blocks|n_layer)(_|$)")


class UnusableSettingsError(ValueError):
    """Says why a file cannot be used, as a sentence that goes on from the file's name."""


def read_settings(file: Path, most: int = LARGEST) -> dict[str, Any] | None:
    """The object in the file, None where there is no file. Raises UnusableSettingsError, and nothing else."""
    try:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnusableSettingsError(_("cannot be opened: {words}.", words=_words(error))) from error
    if len(content) > most:
        raise UnusableSettingsError(_("is larger than {most} MB.", most=most // MEGABYTE))
    return parse_settings(content)


def parse_settings(content: bytes) -> dict[str, Any]:
    """The object that JSON text holds, without words that cannot be stored. Raises UnusableSettingsError."""
    try:
        value = json.loads(content)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise UnusableSettingsError(_("is nested too deep.")) from error
    except (ValueError, MemoryError) as error:
        raise UnusableSettingsError(_("is damaged: {words}.", words=_words(error))) from error
    if not isinstance(value, dict):
        raise UnusableSettingsError(_("holds no settings."))
    if depth_of(value) > DEEPEST:
        raise UnusableSettingsError(_("is nested too deep."))
    return value


def check_config(config: dict[str, Any]) -> None:
    """Refuse the config of a model that nobody could build. Raises UnusableSettingsError."""
    kind = config.get("model_type", "")
    if not isinstance(kind, str) or len(kind) > LONGEST_WORD or not kind.isprintable():
        raise UnusableSettingsError(_("does not say in one word which kind of model it is ('model_type')."))
    for key, count in _layers(config):
        if count > MOST_LAYERS:
            words = _(
                "asks for {number} layers ('{key}'); at most {most_layers:,} are built.",
                number=_number(count),
                key=key[:80],
                most_layers=MOST_LAYERS,
            )
            raise UnusableSettingsError(words)
    for key in ("id2label", "label2id"):
        if not isinstance(config.get(key) or {}, dict):
            raise UnusableSettingsError(_("holds no table of labels in '{key}'.", key=key))


def depth_of(value: Any) -> int:
    """How many lists and objects lie inside each other."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list) and each]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth + 1


def _layers(config: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """What settings that count layers say, inner models' too."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _layers(value)
        elif _LAYERS.search(key.lower()):
            if isinstance(value, list):
                yield key, sum(each for each in value if isinstance(each, int)) or len(value)
            elif isinstance(value, int | float) and value == value:
                yield key, value if isinstance(value, int) else int(min(max(value, -1e18), 1e18))


def _number(count: int) -> str:
    return f"{count:,}" if count < 10**18 else "more than a trillion"


def _words(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())[:200]
