"""The JSON files of a model folder, which anybody may have written: read within bounds, or refused in one sentence."""

import json
import re
from collections.abc import Iterator, Mapping
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
    """Says in a sentence why a model's file cannot be used."""


def read_settings(file: Path, most: int = LARGEST) -> dict[str, Any] | None:
    """The object in the file, None where there is no file. Raises UnusableSettingsError, and nothing else."""
    try:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnusableSettingsError(
            _("Its {file} cannot be opened: {reason}.", file=file.name, reason=_reason(error))
        ) from error
    if len(content) > most:
        too_large = _("Its {file} is larger than {megabytes} MB.", file=file.name, megabytes=most // MEGABYTE)
        raise UnusableSettingsError(too_large)
    return parse_settings(content, file.name)


def parse_settings(content: bytes, file: str) -> dict[str, Any]:
    """The object that JSON text holds, without words that cannot be stored. Raises UnusableSettingsError.

    file: what the text is called in a sentence.
    """
    try:
        value = json.loads(content)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise UnusableSettingsError(_("Its {file} is nested too deep.", file=file)) from error
    except (ValueError, MemoryError) as error:
        raise UnusableSettingsError(_("Its {file} is damaged: {reason}.", file=file, reason=_reason(error))) from error
    if not isinstance(value, dict):
        raise UnusableSettingsError(_("Its {file} holds no settings.", file=file))
    if depth_of(value) > DEEPEST:
        raise UnusableSettingsError(_("Its {file} is nested too deep.", file=file))
    return value


def check_config(config: dict[str, Any]) -> None:
    """Refuse the config of a model that nobody could build. Raises UnusableSettingsError."""
    kind = config.get("model_type", "")
    if not isinstance(kind, str) or len(kind) > LONGEST_WORD or not kind.isprintable():
        raise UnusableSettingsError(
            _("Its config.json does not say in one word which kind of model it is ('model_type').")
        )
    for key, count in _layers(config):
        if count > MOST_LAYERS:
            raise UnusableSettingsError(
                _("Its config.json asks for more than {most:,} layers ('{key}').", most=MOST_LAYERS, key=key[:80])
            )
    for key in ("id2label", "label2id"):
        if not isinstance(config.get(key) or {}, dict):
            raise UnusableSettingsError(_("Its config.json holds no table of labels in '{key}'.", key=key))


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


def _reason(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())[:200]


def label_names(config: Mapping[str, Any]) -> Mapping[Any, Any]:
    """Output -> its name, as a model's config.json says it: transformers' own way, or timm's, which is a list."""
    listed = config.get("label_names")
    return config.get("id2label") or dict(enumerate(listed if isinstance(listed, list) else ()))
