"""Named things: tasks, strategies, exporters, optimizers, ... An unknown or a second name raises."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Generic, Protocol, TypeVar

from studio.errors import StudioError
from studio.language import _, listing


class Named(Protocol):
    """Anything with a name that people write into a run file."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """An ordered collection by name. Iterating gives the entries in order of registration."""

    def __init__(self, kind: str, *entries: T) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: T) -> T:
        if entry.name in self._entries:
            raise ValueError(f"there is a {self.kind} named '{entry.name}' already")
        self._entries[entry.name] = entry
        return entry

    def remove(self, name: str) -> None:
        """Take an entry out again, for fakes in tests."""
        del self._entries[name]

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            close = get_close_matches(str(name), self._entries, n=1)
            raise StudioError(
                _("There is no {kind} named '{name}'.", kind=self.kind, name=name),
                _("Known ones: {names}.", names=listing(self._entries)),
                _("Did you mean '{name}'?", name=close[0]) if close else _("Choose one of those."),
            )
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)
