"""What a worker says and hears: it appends events to the run's log and looks for Pause and Stop."""

import logging
import time

from studio.events import Event, Note, Phase
from studio.store import Command, Run

logger = logging.getLogger("studio.engine")
SECONDS_BETWEEN_PHASES = 0.3


class Interrupted(Exception):
    """A person asked for Pause or Stop outside of the training steps."""

    def __init__(self, command: Command) -> None:
        super().__init__(command)
        self.command = command


class Reporter:
    """The only writer of a run's events. `obeys`: the commands that interrupt a phase; none while a model is saved.

    speaks: False in all but one of the processes that train a run together. Where there are several (`alone` False),
    none may leave the others in the middle of a phase: commands are heard between two steps.
    """

    def __init__(
        self, run: Run, obeys: tuple[Command, ...] = ("pause", "stop"), speaks: bool = True, alone: bool = True
    ) -> None:
        self.run = run
        self.obeys = obeys
        self.speaks, self.alone = speaks, alone
        self._last_phase = ("", "")
        self._last_time = 0.0
        if speaks:
            self._end_torn_line()

    def emit(self, event: Event) -> None:
        if not self.speaks:
            return
        self.run.append(event)
        if not isinstance(event, Phase):
            logger.info("%s", event.model_dump_json(exclude={"time"}, exclude_none=True))

    def note(self, text: str, level: str = "info") -> None:
        self.emit(Note.model_validate({"text": text, "level": level}))

    def phase(self, name: str, sentence: str, done: int = 0, total: int = 0) -> None:
        """Say what goes on, a few times a second at most. Raises Interrupted when asked to pause or stop."""
        now, key = time.monotonic(), (name, sentence)
        if key != self._last_phase or now - self._last_time > SECONDS_BETWEEN_PHASES or (total and done >= total):
            self._last_phase, self._last_time = key, now
            self.emit(Phase.model_validate({"name": name, "sentence": sentence, "done": done, "total": total}))
        self.obey()

    def obey(self) -> None:
        """Raise Interrupted if a command waits that this moment obeys."""
        command = self.run.pending_command if self.alone else None
        if command is not None and command in self.obeys:
            raise Interrupted(command)

    def _end_torn_line(self) -> None:
        """A worker that was killed while writing left half a line: end it, so that ours is whole."""
        path = self.run.events_file
        if path.is_file() and path.stat().st_size:
            with path.open("rb+") as log:
                log.seek(-1, 2)
                if log.read(1) != b"\n":
                    log.seek(0, 2)
                    log.write(b"\n")
