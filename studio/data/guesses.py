"""A guess: what was taken, how sure that is, what else it could be, and the sentence that says so.

Whatever is guessed about data (header, encoding, separator, sheet, where classes stand, which column plays which role)
is a `Guess` of a topic in `TOPICS`. One that is doubtful is told first, with its alternatives to choose from, until
the run file says what is right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio.language import packed, unpacked

SURE = 0.75  # with less confidence, the guess is doubtful
MOST_CHOICES = 6


@dataclass(frozen=True)
class Topic:
    """What is guessed. setting: where the choice goes in a run file. spell: a value in words, for a button."""

    name: str
    title: str
    setting: str
    spell: Callable[[Any], str] = str


@dataclass(frozen=True)
class Choice:
    """One way to settle a guess. settings: paths in the run file with their values."""

    title: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Guess:
    """topic: a name in `TOPICS`. setting: the path in the run file that settles it.

    confidence: from 0 to 1, from evidence. choices: the guessed value first, then the alternatives, likeliest first.
    """

    topic: str
    setting: str
    value: Any
    confidence: float
    sentence: str
    choices: tuple[Choice, ...] = ()

    @property
    def doubtful(self) -> bool:
        return self.confidence < SURE

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        choices = [{**asdict(choice), "title": packed(choice.title)} for choice in self.choices]
        return {**asdict(self), "sentence": packed(self.sentence), "choices": choices}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Guess":
        """From what `as_dict` made of one."""
        choices = tuple(Choice(unpacked(choice["title"]), choice["settings"]) for choice in values["choices"])
        return cls(**{**values, "sentence": unpacked(values["sentence"]), "choices": choices})


def confidence(best: float, second: float) -> float:
    """How sure a choice is whose evidence is `best` where the next one has `second`: 0.5 for a tie."""
    total = best**2 + second**2
    return best**2 / total if total else 0.5


def guess(topic: Topic, values: Sequence[Any], sure: float, sentence: str, setting: str = "") -> Guess:
    """The first of `values`, likeliest first."""
    setting = setting or topic.setting
    choices = tuple(Choice(topic.spell(value), {setting: value}) for value in values[:MOST_CHOICES])
    return Guess(topic.name, setting, values[0], round(sure, 3), sentence, choices)
