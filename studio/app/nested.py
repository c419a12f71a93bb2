"""Nested settings, such as a run file that is half filled in: read and changed by a dotted path, never in place.

>>> with_value({"data": {"limit": 10}}, "data.split.seed", 3)
{'data': {'limit': 10, 'split': {'seed': 3}}}
"""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


def value_at(settings: Settings, path: str, default: Any = None) -> Any:
    """What lies at `path`, or `default` where nothing does."""
    value: Any = settings
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value


def with_value(settings: Settings, path: str, value: Any) -> dict[str, Any]:
    """The same with `value` at `path`; a whole section there is replaced by it."""
    name, _, rest = path.partition(".")
    below = settings.get(name)
    section = below if isinstance(below, Mapping) else {}
    return {**settings, name: with_value(section, rest, value) if rest else value}


def without(settings: Settings, path: str) -> dict[str, Any]:
    """The same with nothing at `path`."""
    name, _, rest = path.partition(".")
    if rest and isinstance(below := settings.get(name), Mapping):
        return {**settings, name: without(below, rest)}
    return {key: value for key, value in settings.items() if rest or key != name}


def merged(settings: Settings, over: Settings) -> dict[str, Any]:
    """Both, section by section; where both have a value, that of `over`."""

    def joined(old: Any, new: Any) -> Any:
        return merged(old, new) if isinstance(old, Mapping) and isinstance(new, Mapping) else new

    return {**settings, **{name: joined(settings.get(name), value) for name, value in over.items()}}


def leaves(settings: Settings) -> dict[str, Any]:
    """Every single value by its path; an empty section counts as a value."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= {f"{name}.{path}": leaf for path, leaf in leaves(value).items()}
        else:
            flat[name] = value
    return flat
