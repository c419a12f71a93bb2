"""The trials of a sweep, as trials.jsonl says: one line when a trial begins, one when it has ended."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from studio.language import unpacked
from studio.sweeps.space import Parameters

logger = logging.getLogger(__name__)
ID_PATTERN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
TrialEnd = Literal["completed", "pruned", "failed"]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


# what a line of trials.jsonl may say, beside its reason and its checks
FACTS: dict[str, Callable[[Any], bool]] = {
    "run": lambda value: isinstance(value, str) and (not value or ID_PATTERN.fullmatch(value) is not None),
    "parameters": lambda value: isinstance(value, dict),
    "end": lambda value: isinstance(value, str) and value in get_args(TrialEnd),
    "value": _is_finite,
    "seconds": lambda value: _is_finite(value) and value >= 0,
    "share": lambda value: _is_finite(value) and 0 <= value <= 1,
    "forecast": lambda value: _is_finite(value) and value >= 0,
    "state": lambda value: isinstance(value, dict) and all(map(_is_finite, value.values())),
}


@dataclass(frozen=True)
class TrialRecord:
    """One trial, as trials.jsonl says. run: the id of its run; "" where its settings do not fit together.

    value: the best value of the headline metric on the validation split; None before the end, and without a check.
    checks: number of the check, from 1 -> value. seconds: that its workers took. reason: why it failed, a sentence.
    state: what the method remembers of it. share: of its steps that were made. forecast: seconds that it was expected
    to take; 0 where nobody asked.
    """

    number: int
    run: str
    parameters: Parameters
    end: TrialEnd | None = None
    value: float | None = None
    checks: Mapping[int, float] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0
    forecast: float = 0.0


class TrialLog:
    """trials.jsonl, read on from call to call: each time only what was added.

    What a crash has cut off is passed over, and what is damaged counts as not said.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._offset = file, 0
        self._found: dict[int, dict[str, Any]] = {}

    def read(self) -> list[TrialRecord]:
        """All trials, in their order."""
        for line in self._new_lines():
            self._found.setdefault(line["trial"], {}).update(_facts(line))
        return [
            TrialRecord(**{"number": number, "run": "", "parameters": {}, **self._found[number]})
            for number in sorted(self._found)
        ]

    def _new_lines(self) -> Iterator[dict[str, Any]]:
        """Whole lines behind the last one that was read."""
        if not self._file.is_file():
            return
        with self._file.open("rb") as file:
            file.seek(self._offset)
            whole, end, _torn = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(end)
        for line in whole.split(b"\n"):
            try:
                read = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(read, dict) and type(read.get("trial")) is int and read["trial"] >= 0:
                yield read


def _facts(line: Mapping[str, Any]) -> dict[str, Any]:
    """What a line of trials.jsonl says of its trial, as far as it can be."""
    facts = {name: line[name] for name, can_be in FACTS.items() if name in line and can_be(line[name])}
    try:
        if "reason" in line:
            facts["reason"] = unpacked(line["reason"])
        if isinstance(line.get("checks"), dict):
            facts["checks"] = {int(check): value for check, value in line["checks"].items() if _is_finite(value)}
    except ValueError:
        logger.warning("A line of a sweep's trials is damaged: %.200s", line)
    return facts
