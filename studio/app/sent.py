"""What a browser sends with an event: where it is not what our page would send, a sentence says so."""

from collections.abc import Iterable
from typing import Any

from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _

MOST_LETTERS = 50_000  # of a field


class Sent(dict[str, Any]):
    """The data of an event. A key that is not there raises StudioError."""

    def __missing__(self, key: str) -> Any:
        raise StudioError(
            _("That could not be understood."),
            _("The page sent no '{key}'.", key=key),
            _("Load the page again, then try once more."),
        )


def sent(data: Any) -> Sent:
    """The event's data, or a part of it; what is no object holds nothing."""
    return Sent({str(key): storable(value) for key, value in data.items()} if isinstance(data, dict) else {})


def check_lengths(values: Iterable[Any]) -> None:
    """Raises StudioError where a field holds more than any field of ours is made for: much of it is kept."""
    longest = max(map(letters_in, values), default=0)
    if longest > MOST_LETTERS:
        raise StudioError(
            _("This text is too long."),
            _("It has {letters:,} letters; a field takes {most:,}.", letters=longest, most=MOST_LETTERS),
            _("Shorten it."),
        )


def letters_in(value: Any) -> int:
    """Each entry of a list takes as much as a letter, whatever it is."""
    if isinstance(value, dict):
        return sum(map(letters_in, value.values()))
    if isinstance(value, list):
        return sum(1 + letters_in(each) for each in value)
    return len(value) if isinstance(value, str) else 0


def storable(value: Any) -> Any:
    """The same, where it is a text without what no file can hold (see `encodable`)."""
    return encodable(value) if isinstance(value, str) else value
