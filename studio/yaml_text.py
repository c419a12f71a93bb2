"""YAML as people write it, into plain values: whatever is wrong with it is one kind of error."""

from typing import Any

import yaml

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is seven times as fast
# what PyYAML lets out of a date such as 2020-02-30, or of `!!int x`
OTHERS = (ValueError, AttributeError, KeyError, IndexError, TypeError, RecursionError)
MOST_EVENTS = 100_000  # of the parser: about two for a value, and what a second or so is enough for
FEWEST_LETTERS = MOST_EVENTS // 2  # a letter is at most two events, but for aliases
ALIAS = "*"


class TooLongError(yaml.YAMLError):
    """It holds more values than any file of settings."""


def parsed(text: str) -> Any:
    """Raises yaml.YAMLError on anything that is none, and TooLongError before anything is made of one too long."""
    try:
        if len(text) >= FEWEST_LETTERS or ALIAS in text:
            check_length(text)
        return yaml.load(text, LOADER)
    except OTHERS as error:
        raise yaml.YAMLError(str(error)) from error


def check_length(text: str) -> None:
    """An alias counts as much as what it repeats: a few lines of them can mean more than any memory holds."""
    count = 0
    open_nodes: list[tuple[str | None, int]] = []  # with what was counted before each
    sizes: dict[str | None, int] = {}  # of what has an anchor; of a node that holds itself, without end
    for event in yaml.parse(text, LOADER):
        count += sizes.get(event.anchor, 1) if isinstance(event, yaml.AliasEvent) else 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count - 1))
            sizes[event.anchor] = MOST_EVENTS
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            sizes[anchor] = count - before
        if count >= MOST_EVENTS:
            raise TooLongError(f"It holds more than {MOST_EVENTS // 2:,} values.")
