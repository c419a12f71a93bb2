"""The one kind of failure a person sees: what happened, why, and what to do about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from studio.language import Said, packed, sentences, unpacked


@dataclass(frozen=True)
class Explanation:
    """A failure in plain words, as it is stored in a run and drawn on the screen."""

    what: Said
    why: Said = ""
    what_to_do: Said = ""

    def __str__(self) -> str:
        """In one line; `why` may have several, one for each mistake."""
        return sentences(self.what, self.why, self.what_to_do)


def first_line(error: BaseException) -> str:
    """What a library's error says, without what follows: some list all classes that they know."""
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


class StudioError(Exception):
    """A mistake or a circumstance that the person can act on; never a bug of ours.

    The command line prints it without a traceback and exits 2; the screen shows it as a notice.
    """

    def __init__(self, what: str, why: str = "", what_to_do: str = "") -> None:
        self.explanation = Explanation(what, why, what_to_do)
        super().__init__(str(self.explanation))

    def as_dict(self) -> dict[str, str]:
        return asdict(self.explanation)

    def packed(self) -> dict[str, Any]:
        """The same as JSON for another process, whose reader may read another language."""
        return {name: packed(text) for name, text in self.as_dict().items()}

    @classmethod
    def unpacked(cls, parts: Mapping[str, Any]) -> Self:
        return cls(**{name: unpacked(part) for name, part in parts.items()})
