"""The client of the inference process: gets answers from finished models. One process for all pages.

The process is started with the first question, keeps models in memory while it is used, and ends when
its stdin closes or nobody has asked for long. Messages are JSON lines, see `studio.engine.inference`.
"""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from studio.errors import StudioError
from studio.exporters.folder import zip_folder
from studio.forked import engine_command
from studio.store import Run
from studio.tasks.base import Answer

Which = Literal["tuned", "before"]


@dataclass(frozen=True)
class Answered:
    """One row of a file: its cells as they came, and the answer, or why there is none."""

    given: Mapping[str, Any]
    answer: Answer | None
    problem: str = ""


@dataclass(frozen=True)
class Chunk:
    """The next rows of a file. done: how many rows are answered by now, of `total`."""

    done: int
    total: int
    answered: tuple[Answered, ...]


Exchange = Generator[Chunk, None, Any]  # returns the result


class Predictor:
    """Thread-safe; questions are answered one after the other."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._environment = environment or {}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._questions = 0
        self._loaded: tuple[int, str] | None = None  # the process and the run that were warmed up last
        self._cancelled = False

    def warm_up(self, run: Run | None = None) -> None:
        """Start the process if it is not there, and let it load the models of `run`, for the first question to be
        answered at once. Nobody waits for that, and while a question is being answered nothing is done."""
        if self._lock.acquire(blocking=False):
            try:
                process = self._running()
                if run is not None and self._loaded != (process.pid, run.id):
                    self._loaded = (process.pid, run.id)
                    for which in get_args(Which):
                        self._send(process, {**question(run, [], which), "id": self._next()})
            except BrokenPipeError:
                self._process = None  # it has just ended; the first question starts another
            finally:
                self._lock.release()

    def predict(self, run: Run, rows: Sequence[Mapping[str, Any]], which: Which = "tuned") -> list[Answer]:
        """The answers to rows of cells by the names of the task's inputs; an image's cell is its path."""
        return [answer_of(found) for found in result_of(self._ask(question(run, rows, which)))]

    def predict_file(self, run: Run, source: str) -> Generator[Chunk, None, dict[str, Any]]:
        """Answer every row of a table, or every image of a ZIP, in its order; each row comes once.

        The result is {"rows": how many, "labels": names of the model's outputs}.
        """
        result: dict[str, Any] = yield from self._ask(
            {"op": "predict-file", "run_dir": str(run.folder), "input": source}
        )
        return result

    def export(self, run: Run, exporter: str, to: str) -> str:
        """Let an exporter write into the folder `to`; the path of what it wrote."""
        return str(result_of(self._ask({"op": "export", "run_dir": str(run.folder), "exporter": exporter, "to": to})))

    def cancel(self) -> None:
        """End what is being answered now; the next question starts a new process."""
        process = self._process
        if process is not None:
            self._cancelled = True
            process.kill()

    def export_archive(self, run: Run, exporter: str, to: Path) -> Path:
        """Export into the ZIP file `to`."""
        with tempfile.TemporaryDirectory(dir=run.folder) as folder:
            written = Path(self.export(run, exporter, folder))
            return zip_folder(written, to)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()

    def _ask(self, request: dict[str, Any]) -> Exchange:
        with self._lock:
            self._cancelled = False
            handed_out = 0  # rows that the asker has by now: a second try answers them again, unseen
            for last_try in (False, True):
                process = self._running()
                try:
                    for message in self._messages(process, {"id": self._next(), **request}):
                        if "result" in message:
                            return message["result"]
                        chunk = chunk_of(message, handed_out)
                        if chunk.answered:
                            handed_out = chunk.done
                            yield chunk
                except GeneratorExit:  # the asker is gone: nobody shall wait for the rest of a large file
                    self._end(process)
                    raise
                except (BrokenPipeError, EOFError, json.JSONDecodeError) as error:
                    self._end(process)
                    if self._cancelled:
                        raise StudioError("It was cancelled.", "", "Start it again when you like.") from error
                    if last_try:
                        raise StudioError(
                            "The model gave no answer.",
                            "The process that holds it ended; the machine may be out of memory.",
                            "Close other programs and try again, or use a smaller model.",
                        ) from error
        raise AssertionError("unreachable")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                engine_command("studio.engine.inference"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, **self._environment},
            )
        return self._process

    def _next(self) -> int:
        self._questions += 1
        return self._questions

    @staticmethod
    def _send(process: subprocess.Popen[str], request: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()

    def _messages(self, process: subprocess.Popen[str], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What is said to the request; the last message holds the result."""
        assert process.stdout is not None
        self._send(process, request)
        while True:
            line = process.stdout.readline()
            if not line:
                raise EOFError
            message = json.loads(line)
            if message.get("id") != request["id"]:
                continue  # nobody waits for it: the asker is gone, or it was only a warm-up
            if "error" in message:
                raise StudioError(**message["error"])
            yield message
            if "result" in message:
                return

    def _end(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        self._process = None


def question(run: Run, rows: Sequence[Mapping[str, Any]], which: Which) -> dict[str, Any]:
    return {"op": "predict", "run_dir": str(run.folder), "which": which, "rows": [dict(row) for row in rows]}


def answer_of(found: Mapping[str, Any]) -> Answer:
    return Answer(found["value"], found["details"])


def chunk_of(message: Mapping[str, Any], known: int) -> Chunk:
    """The rows of a message that come after the first `known` of the file."""
    done, rows = int(message["progress"]["done"]), message["answered"]
    fresh = rows[max(0, len(rows) - max(0, done - known)) :]
    return Chunk(done, int(message["progress"]["total"]), tuple(map(answered_of, fresh)))


def answered_of(row: Mapping[str, Any]) -> Answered:
    return Answered(row["given"], answer_of(row["answer"]) if row["answer"] else None, row["problem"])


def result_of(exchange: Exchange) -> Any:
    """Run an exchange to its end without showing how far it is."""
    while True:
        try:
            next(exchange)
        except StopIteration as end:
            return end.value
