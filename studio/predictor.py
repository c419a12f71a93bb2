"""The client of the inference processes: gets answers from finished models.

Questions of a few rows go to one process for all pages, one after the other; it is started with the first of them, and
keeps models in memory while it is used. A file and an export take long: each has a process of its own, which ends with
it. What is cancelled, or left by its asker, ends with the process that computes it, and nothing else does.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar

from studio.data.limits import Limits
from studio.errors import StudioError
from studio.exporters.folder import zip_folder
from studio.inference_process import InferenceProcess
from studio.language import _
from studio.store import Run
from studio.tasks.base import Answer
from studio.turns import Turns

Which = Literal["tuned", "before"]
T = TypeVar("T")
POLL_SECONDS = 0.3  # so often it is looked whether an asker still wants to know
NOTHING_CHOSEN: Mapping[str, Mapping[str, Any]] = {}
MOST_SECONDS = 300.0  # for a question of a few rows, once somebody waits behind it
LONG_ONES = 2  # files and exports that are worked on at once: each holds a model in memory


@dataclass(frozen=True)
class Answered:
    """One row of a file: its cells as they came, and the answer, or why there is none."""

    given: Mapping[str, Any]
    answer: Answer | None
    problem: str = ""


@dataclass(frozen=True)
class FileReading:
    """How a table was read. taken: input of the task -> the column that it was taken from, "" where none was found.

    options: the reading options in force, of those that the format knows.
    """

    columns: tuple[str, ...]
    taken: Mapping[str, str]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """How far it is, said a few times a second at least. done: rows of a file that are answered by now, of `total`.

    answered: those rows of them that come with this step. in_line: whether others have their turn first. read: how the
    file was read, once that is known. written: what there is of an answer that is still being written.
    """

    done: int = 0
    total: int = 0
    answered: tuple[Answered, ...] = ()
    in_line: bool = False
    read: FileReading | None = None
    written: str = ""


Exchange = Generator[Step, None, T]  # returns the result; closing it ends the computing


class Predictor:
    """Thread-safe. An asker may give an event: setting it cancels what this asker wants to know, with a StudioError."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment or {}
        self._short, self._long = Turns(1), Turns(LONG_ONES)
        self._resident: InferenceProcess | None = None  # answers those in the line of the short ones
        self._processes: set[InferenceProcess] = set()
        self._numbers = count(1)
        self._warm: tuple[InferenceProcess, str] | None = None  # the process and the run that were warmed up last
        self._closed = threading.Event()

    def warm_up(self, run: Run | None = None) -> None:
        """Start the process if it is not there, and let it load the models of `run`, for the first question to be
        answered at once. Nobody waits for that: while a question is there, nothing is loaded ahead."""
        with self._short.lined_up() as has_come:
            if has_come(0) and not self._closed.is_set():
                process = self._running()
                if run is not None and self._warm != (process, run.id):
                    self._warm = (process, run.id)
                    process.send({"id": next(self._numbers), "op": "warm-up", "run_dir": str(run.folder)})

    def ask(
        self,
        run: Run,
        rows: Sequence[Mapping[str, Any]],
        which: Which = "tuned",
        cancelled: threading.Event | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Exchange[list[Answer]]:
        """The answers to rows of cells by the names of the task's inputs; an image's cell is its path.

        options: of the task's, those that are said with this question.
        """
        asked = [dict(row) for row in rows]
        request: dict[str, Any] = {"op": "predict", "run_dir": str(run.folder), "which": which, "rows": asked}
        request |= {"options": dict(options)} if options else {}
        found = yield from self._exchange(self._short, self._running, request, cancelled)
        return [answer_of(each) for each in found]

    def predict(
        self,
        run: Run,
        rows: Sequence[Mapping[str, Any]],
        which: Which = "tuned",
        options: Mapping[str, Any] | None = None,
    ) -> list[Answer]:
        """The same for whoever has nothing else to do."""
        return result_of(self.ask(run, rows, which, options=options))

    def predict_file(
        self,
        run: Run,
        source: str,
        cancelled: threading.Event | None = None,
        limits: Limits | None = None,
        chosen: Mapping[str, Mapping[str, Any]] = NOTHING_CHOSEN,
    ) -> Exchange[dict[str, Any]]:
        """Answer every row of a table, or every image of a ZIP, in its order; each row comes once.

        limits: of the file, where they are others than this machine's. chosen: "columns" {input: column} and "reading"
        {option: value}, where somebody chose them for this file. The result is {"rows": how many, "labels": names
        of the model's outputs}.
        """
        request: dict[str, Any] = {"op": "predict-file", "run_dir": str(run.folder), "input": source}
        request |= {**({"limits": limits.model_dump()} if limits else {}), **chosen}
        return (yield from self._exchange(self._long, self._start, request, cancelled))

    def export(self, run: Run, exporter: str, to: str, cancelled: threading.Event | None = None) -> Exchange[str]:
        """Let an exporter write into the folder `to`; the path of what it wrote."""
        request = {"op": "export", "run_dir": str(run.folder), "exporter": exporter, "to": to}
        return str((yield from self._exchange(self._long, self._start, request, cancelled)))

    def export_archive(
        self, run: Run, exporter: str, to: Path, cancelled: threading.Event | None = None, room: int | None = None
    ) -> Exchange[Path]:
        """Export into the ZIP file `to`, which takes no more than `room` bytes, where that is given."""
        with tempfile.TemporaryDirectory(dir=run.folder) as folder:
            written = yield from self.export(run, exporter, folder, cancelled)
            check_size(Path(written), room)
            for _block in zip_folder(Path(written), to):
                self._check(cancelled)
                yield Step()
        return to

    def close(self) -> None:
        """End all processes, and cancel what they compute."""
        self._closed.set()
        for process in tuple(self._processes):
            self._end(process)

    def _exchange(
        self,
        turns: Turns,
        start: Callable[[], InferenceProcess],
        request: Mapping[str, Any],
        cancelled: threading.Event | None,
    ) -> Exchange[Any]:
        """Wait for one's turn, ask, and once more where the process has ended before it answered."""
        step = Step()  # rows that the asker has by now: a second try answers them again, unseen
        with turns.lined_up() as has_come:
            while not has_come(POLL_SECONDS):
                self._check(cancelled)
                yield Step(in_line=True)
            for last_try in (False, True):
                self._check(cancelled)
                process, number, goes_on = start(), next(self._numbers), False
                begun = time.monotonic()
                try:
                    process.send({"id": number, **request})
                    while True:
                        message = process.next_message(POLL_SECONDS) or {"id": number}
                        self._check(cancelled)
                        if turns is self._short and turns.is_waited_for and time.monotonic() - begun > MOST_SECONDS:
                            raise too_long()
                        if message["id"] != number:
                            continue  # nobody waits for it any more
                        if "result" in message or "error" in message:
                            goes_on = process is self._resident
                            return result_in(message)
                        step = step_after(step, message)
                        yield step
                except EOFError as error:
                    self._check(cancelled)
                    if last_try:
                        raise StudioError(
                            _("The model gave no answer."),
                            _("The process that holds it ended; the machine may be out of memory."),
                            _("Close other programs and try again, or use a smaller model."),
                        ) from error
                finally:  # also where the asker is gone
                    if not goes_on:
                        self._end(process)
        raise AssertionError("unreachable")

    def _check(self, cancelled: threading.Event | None) -> None:
        if self._closed.is_set() or (cancelled is not None and cancelled.is_set()):
            raise StudioError(_("It was cancelled."), "", _("Start it again when you like."))

    def _running(self) -> InferenceProcess:
        """The one that stays. Only for whoever has their turn among the short ones."""
        if self._resident is None or not self._resident.is_alive:
            if self._resident is not None:
                self._end(self._resident)  # its pipes
            self._resident = self._start()
        return self._resident

    def _start(self) -> InferenceProcess:
        process = InferenceProcess(self._environment)
        self._processes.add(process)
        return process

    def _end(self, process: InferenceProcess) -> None:
        process.end()
        self._processes.discard(process)


def too_long() -> StudioError:
    return StudioError(
        _("The answer takes too long."),
        _("It was begun {minutes:.0f} minutes ago, and others are waiting.", minutes=MOST_SECONDS / 60),
        _("Ask for a shorter answer, or ask again later."),
    )


def check_size(folder: Path, room: int | None) -> None:
    """Raises StudioError where there is not enough room for the files of the folder."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if room is not None and size > room:
        raise StudioError(
            _("There is not enough room for the file."),
            _("It takes {takes:,} MB, and you have {have:,} MB left.", takes=size // 1024**2, have=room // 1024**2),
            _("Delete runs that you no longer need, then remove the deleted ones for good: Runs page, Free space."),
        )


def result_in(message: Mapping[str, Any]) -> Any:
    """What the last message holds; StudioError says why there is no result."""
    if "error" in message:
        raise StudioError.unpacked(message["error"])
    return message["result"]


def step_after(step: Step, message: Mapping[str, Any]) -> Step:
    """What follows from a message, without the rows that `step` and those before it had; from one without rows, that
    it is as far as before."""
    if "progress" not in message:
        return Step(step.done, step.total)
    done, total, rows = int(message["progress"]["done"]), int(message["progress"]["total"]), message["answered"]
    fresh = rows[max(0, len(rows) - max(0, done - step.done)) :]
    read = message.get("read")
    reading = FileReading(tuple(read["columns"]), read["taken"], read["reading"]) if read else None
    written = str(message.get("written", ""))
    return Step(max(done, step.done), total, tuple(map(answered_of, fresh)), read=reading, written=written)


def answered_of(row: Mapping[str, Any]) -> Answered:
    return Answered(row["given"], answer_of(row["answer"]) if row["answer"] else None, row["problem"])


def answer_of(found: Mapping[str, Any]) -> Answer:
    return Answer(found["value"], found["details"])


def result_of(exchange: Exchange[T]) -> T:
    """Run an exchange to its end without showing how far it is."""
    while True:
        try:
            next(exchange)
        except StopIteration as end:
            result: T = end.value
            return result
