"""Which settings of a run file vary, and over what.

Anywhere in `model`, `strategy`, `training` and `options` a setting may be a set of values instead of one:

    training:
      learning_rate: {low: 1.0e-5, high: 1.0e-3, log: true}     # a range
      epochs: {low: 1, high: 5}                                 # whole numbers, as both ends are
      optimizer: {choices: [adamw, lion]}
    strategy: {choices: [{name: full}, {name: lora, r: 8}]}     # a whole section at once

The data do not vary: trials that are judged by different rows cannot be compared.
"""

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.config import RunConfig
from studio.errors import StudioError
from studio.language import _, listing, sentences
from studio.sweeps.candidates import AUTO, CANDIDATE, Auto

SECTIONS = ("model", "strategy", "training", "options")
SECTION = "sweep"  # of the run file, see `studio.sweeps.options`
RANGE, CHOICES = {"low", "high", "log", "step"}, {"choices"}
MOST_POINTS = 100_000  # of a grid
MOST_ENDS = 1_000  # choices and ends of ranges together: each is tried before the first trial
LARGEST = 1e15  # number of a range: up to there, whole numbers are exact
MOST_STEPS = 1e9  # of a range
MOST_TOLD = 10  # mistakes

Parameters = Mapping[str, Any]
"""What one trial uses: dotted setting -> value."""


@dataclass(frozen=True)
class Choices:
    values: tuple[Any, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    def points(self) -> Sequence[Any]:
        return self.values

    def holds(self, value: Any) -> bool:
        return value in self.values


@dataclass(frozen=True)
class Range:
    """From low to high, both included. step: None where every number between counts. log: drawn by its logarithm."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def is_whole(self) -> bool:
        return all(isinstance(end, int) for end in (self.low, self.high)) and isinstance(self.step or 1, int)

    @property
    def count(self) -> int:
        """Of its values; 0 where these cannot be counted."""
        step = self.step or (1 if self.is_whole and not self.log else None)
        return 0 if step is None else math.floor((self.high - self.low) / step + 1e-9) + 1

    def points(self) -> Sequence[Any]:
        return [self.low + index * (self.step or 1) for index in range(self.count)]

    def holds(self, value: Any) -> bool:
        known = (int,) if self.is_whole else (int, float)
        return isinstance(value, known) and not isinstance(value, bool) and self.low <= value <= self.high


Dimension = Choices | Range


@dataclass(frozen=True)
class Space:
    """values: the run file's, without `sweep`. dimensions: of the settings that vary, by dotted name. auto: whole ways
    of training that vary instead, as `candidate`."""

    values: Mapping[str, Any]
    dimensions: Mapping[str, Dimension]
    auto: Auto | None = None

    def settings(self, parameters: Parameters) -> dict[str, Any]:
        """The run file's values of a trial."""
        values: dict[str, Any] = copy.deepcopy(dict(self.values))
        if self.auto is not None:
            candidate = self.auto.of(parameters[CANDIDATE])
            training = {**(values.get("training") or {}), **candidate.training}
            return {**values, "strategy": candidate.strategy, "training": training}
        for name, value in parameters.items():
            *parents, last = name.split(".")
            place = values
            for parent in parents:
                place = place[parent]
            place[last] = value
        return values

    def config(self, parameters: Parameters) -> RunConfig:
        """The trial's run. Raises StudioError where the settings do not fit together."""
        return RunConfig.read(self.settings(parameters))

    def first(self) -> dict[str, Any]:
        """One of its points: the lowest, and the first of each choice."""
        return {
            name: dimension.values[0] if isinstance(dimension, Choices) else dimension.low
            for name, dimension in self.dimensions.items()
        }

    def holds(self, parameters: Parameters) -> bool:
        """Whether these are settings of a trial of this space."""
        return parameters.keys() == self.dimensions.keys() and all(
            dimension.holds(parameters[name]) for name, dimension in self.dimensions.items()
        )

    def check_grid(self) -> None:
        """Raises StudioError where a range has no end of values, or there are too many combinations."""
        if endless := [name for name, dimension in self.dimensions.items() if not dimension.count]:
            raise StudioError(
                _("A grid needs values that can be counted."),
                _("{settings} can take any value between two.", settings=listing(endless)),
                _("Give it a step, or choices; or search by tpe or random."),
            )
        if (count := math.prod(dimension.count for dimension in self.dimensions.values())) > MOST_POINTS:
            raise StudioError(
                _("The grid is too large."),
                _("It has {count:,} combinations; {most:,} are allowed.", count=count, most=MOST_POINTS),
                _("Let fewer settings vary, or search by tpe or random."),
            )

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination; see `check_grid`."""
        self.check_grid()
        points = [dimension.points() for dimension in self.dimensions.values()]
        return (dict(zip(self.dimensions, values, strict=True)) for values in itertools.product(*points))


def space_of(values: Mapping[str, Any]) -> Space:
    """What varies in a run file's values. Raises StudioError that names every mistake in it."""
    plain = {name: value for name, value in values.items() if name not in (SECTION, AUTO)}
    auto = Auto.read(values[AUTO], within=AUTO) if AUTO in values else None
    found: dict[str, Dimension] = {}
    mistakes: list[str] = []
    for name, value in _sets_in(plain):
        if name.partition(".")[0] not in SECTIONS:
            mistakes.append(
                _("'{setting}' cannot vary: only {sections} can.", setting=name, sections=listing(SECTIONS))
            )
            continue
        if not _is_named(plain, name):
            mistakes.append(_("'{setting}' is not a known setting.", setting=name))
            continue
        read = _dimension(value)
        if isinstance(read, str):
            mistakes.append(_("'{setting}': {problem}", setting=name, problem=read))
        else:
            found[name] = read
    if auto is not None and found:
        mistakes.append(_("Beside '{section}' nothing else varies.", section=AUTO))
    elif auto is not None:
        found[CANDIDATE] = Choices(tuple(candidate.name for candidate in auto.candidates))
    if not found and not mistakes:
        mistakes.append(_("No setting is a range or has choices."))
    if mistakes:
        raise StudioError(
            _("The sweep cannot begin."),
            sentences(*mistakes[:MOST_TOLD]),
            _(
                "Write a setting as {range} or {choices}.",
                range="{low: 1, high: 5}",
                choices="{choices: [a, b]}",
            ),
        )
    if (ends := sum(map(len, map(_ends, found.values())))) > MOST_ENDS:
        raise StudioError(
            _("The sweep cannot begin."),
            _("It varies over {count:,} values; {most:,} are allowed.", count=ends, most=MOST_ENDS),
            _("Let fewer settings vary, or write a range instead of choices."),
        )
    space = Space(plain, found, auto)
    _check_ends(space)
    return space


def _sets_in(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Settings that are sets of values, with their dotted names."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if not isinstance(value, Mapping):
            continue
        if value.keys() == CHOICES or (value.keys() <= RANGE and {"low", "high"} <= value.keys()):
            yield name, value
        else:
            yield from _sets_in(value, f"{name}.")


def _is_named(values: Mapping[str, Any], name: str) -> bool:
    """Whether the dotted name leads to a setting; it does not where a key itself holds a dot, or is no text."""
    *parents, last = name.split(".")
    place: Any = values
    for parent in parents:
        place = place.get(parent) if isinstance(place, Mapping) else None
    return isinstance(place, Mapping) and last in place


def _dimension(value: Mapping[str, Any]) -> Dimension | str:
    """As it is written, or what is wrong with it."""
    if "choices" in value:
        choices = value["choices"]
        if not isinstance(choices, list) or not choices:
            return _("choices is a list of at least one value.")
        return Choices(tuple(choices))
    low, high, step, log = value["low"], value["high"], value.get("step"), value.get("log", False)
    numbers = [low, high, *([] if step is None else [step])]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        return _("low, high and step are numbers.")
    if not all(abs(each) <= LARGEST for each in numbers):
        return _("low, high and step are numbers between {least} and {most}.", least="-1e15", most="1e15")
    if low > high:
        return _("low is above high.")
    if not isinstance(log, bool):
        return _("log is true or false.")
    if log and low <= 0:
        return _("a range by its logarithm begins above 0.")
    if log and step is not None:
        return _("a range has a step or goes by its logarithm, not both.")
    if step is not None and step <= 0:
        return _("a step is above 0.")
    if step is not None and high - low > step * MOST_STEPS:
        return _("its step is too small.")
    return Range(low, high, log, step)


def _ends(dimension: Dimension) -> tuple[Any, ...]:
    return dimension.values if isinstance(dimension, Choices) else (dimension.low, dimension.high)


def _check_ends(space: Space) -> None:
    """Every choice, and both ends of every range, beside the first of all others: each is a setting that exists. What
    does not fit together otherwise is found at its trial."""
    first = space.first()
    mistakes: dict[str, None] = {}
    for name, dimension in space.dimensions.items():
        for value in _ends(dimension):
            try:
                space.config({**first, name: value})
            except StudioError as error:
                mistakes[error.explanation.why] = None
    if mistakes:
        raise StudioError(
            _("The sweep cannot begin."),
            sentences(*list(mistakes)[:MOST_TOLD]),
            _("Correct these settings in the run file."),
        )
