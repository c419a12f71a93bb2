"""Versions of what lies on disk, and the way from each to the next: an upgrade breaks no file of an earlier version.

A file says under `version` which version of its format it has; one that says nothing is of version 1, from before
there were others. It is upgraded when it is read, before it is validated, and written in its newest form only when
somebody changes it. To change a format:

1. A field more whose default means what was before needs nothing here.
2. For every other change (a field is renamed, moved, or means something else) write a step, a pure function from the
   values of one version to those of the next, and put it at the end of the format's steps. It may get a part of
   what the format can hold: a draft is half a run file, and of a checkpoint often only the position is read.
3. Make a sample of the new version (tests/upgrade/make_sample.py). The old samples stay, and are never changed.

A format stands here, or beside what its steps need. What is read key by key (meta.json, dataset.json, what a queue and
a worker leave behind; events, see `studio.events`) needs none as long as no key changes its meaning. Caches name what
they were made by, and what another version made is made anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.errors import StudioError

VERSION = "version"
Values = dict[str, Any]
Step = Callable[[Values], Values]


@dataclass(frozen=True)
class Format:
    """One kind of file. title: what people call it. steps: the n-th one leads from version n to version n + 1.

    Example: Format("run file", (rename_epochs,)) writes version 2 and reads versions 1 and 2.
    """

    title: str
    steps: tuple[Step, ...] = ()

    @property
    def version(self) -> int:
        """The one that is written."""
        return len(self.steps) + 1

    def upgrade(self, values: Values) -> Values:
        """The values as the present version has them, without the version's number.

        Raises StudioError where a newer studio wrote them. The values that are given stay as they are.
        """
        written = values.get(VERSION, 1)
        if isinstance(written, bool) or not isinstance(written, int) or written < 1:
            raise StudioError(
                f"The {self.title} names no version that there is.",
                f"Its version is {written!r}; versions are whole numbers from 1 on.",
                f"Write version: {self.version}, or leave the line out if the file is from the first version.",
            )
        if written > self.version:
            raise StudioError(
                f"The {self.title} was written by a newer version of the studio.",
                f"It has version {written} of its format, and this studio reads versions up to {self.version}.",
                "Update the studio, then try again.",
            )
        values = {key: value for key, value in values.items() if key != VERSION}
        for step in self.steps[written - 1 :]:
            values = step(values)
        return values

    def stamp(self, values: Values) -> Values:
        """The values to be written, with the number of the present version first."""
        return {VERSION: self.version, **values}


# --- checkpoints ----------------------------------------------------------------------------------

CALLBACKS_OF_VERSION_1 = {
    "Averaging": "averaging",
    "Control": "control",
    "Evaluation": "evaluation",
    "GradientNoise": "gradient-noise",
    "Penalties": "penalties",
    "Progress": "progress",
    "RankAllocation": "rank-allocation",
    "ReduceOnPlateau": "plateau",
    "SaveCheckpoints": "checkpoints",
    "ScheduleFree": "schedule-free",
    "Unfreezing": "unfreezing",
}


def name_callbacks(values: Values) -> Values:
    """Version 1 keyed what callbacks remember by their classes' names, and kept the best step with one of them."""
    parts = {key: values[key] for key in ("callbacks", "tensors") if key in values}
    named: Values = {
        key: {CALLBACKS_OF_VERSION_1[name]: kept for name, kept in part.items()} for key, part in parts.items()
    }
    best = {key: named["callbacks"]["evaluation"].get(key) for key in ("best_step", "best_epoch")}
    return {**values, **named, "position": {**values["position"], **best}}


# --- the formats ----------------------------------------------------------------------------------

RUN_FILE = Format("run file")  # run.yaml; as a draft holds parts of one, a step here is usually one for drafts, too
RESOLVED = Format("record of what this run computes with")  # settled.json
CHECKPOINT = Format("checkpoint", (name_callbacks,))  # state.json, and as `tensors` what callbacks.pt holds
IMPORTED = Format("imported data set")  # about.json, and as `problems` what problems.json holds
