"""What may leave this machine: names instead of paths, in run files and in a model's settings."""

import json
import re
from pathlib import Path
from typing import Any

from studio.config import RunConfig
from studio.files import replace_json
from studio.models.sources import looks_like_path

# models that come with a package, by the id under which they are published on the Hub
PUBLISHED_AS = {"starter/text": "sentence-transformers/all-MiniLM-L6-v2"}
_PATH_KEYS = ("_name_or_path", "name_or_path", "base_model_name_or_path", "tokenizer_file", "vocab_file", "model_path")


def last_part(path: str) -> str:
    """The name at the end of a path of this or another system."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def base_model_name(config: RunConfig) -> str:
    """The pretrained model as others can find it: a Hub id, or a local folder's name alone."""
    name = config.model.id
    return last_part(name) if _is_path(name) else PUBLISHED_AS.get(name, name)


def data_name(config: RunConfig) -> str:
    source = config.data.source
    return source if source.startswith(("hub:", "sample/")) else last_part(source)


def for_others(config: RunConfig) -> RunConfig:
    """The run file with names in place of this machine's paths. Put the data file beside it to repeat the run."""
    model = last_part(config.model.id) if _is_path(config.model.id) else config.model.id
    files = last_part(config.data.files) if config.data.files else None
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"source": data_name(config), "files": files}),
            "model": config.model.model_copy(update={"id": model}),
        }
    )


def clean_settings(folder: Path, config: RunConfig) -> None:
    """Take this machine's paths out of a model's JSON files; an adapter names its base model by `base_model_name`."""
    for file in sorted(folder.glob("*.json")):
        if file.stat().st_size > 1024**2:
            continue  # vocabularies; no settings
        values: Any = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            continue
        cleaned = dict(values)
        for key in _PATH_KEYS:
            if key == "base_model_name_or_path" and cleaned.get(key):
                cleaned[key] = base_model_name(config)
            elif isinstance(cleaned.get(key), str) and _is_path(cleaned[key]):
                del cleaned[key]
        if cleaned != values:
            replace_json(file, cleaned)


def _is_path(name: str) -> bool:
    return looks_like_path(name) or "\\" in name
