"""The client of the inference process: asks finished models for answers. One process for all pages.

The process is started with the first question, keeps models in memory while it is used, and ends when
its stdin closes or nobody has asked for long. Messages are JSON lines, see `studio.engine.inference`.
"""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal, get_args

from studio.errors import StudioError
from studio.exporters.folder import zip_folder
from studio.processes import python
from studio.store import Run

Which = Literal["tuned", "before"]
Exchange = Generator[tuple[int, int], None, Any]  # yields (done, total), returns the result


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

    def predict(self, run: Run, inputs: list[str], which: Which = "tuned") -> list[dict[str, Any]]:
        """[{"label", "probabilities"}] for texts, or for the paths of pictures."""
        answer: list[dict[str, Any]] = result_of(self._ask(question(run, inputs, which)))
        return answer

    def predict_file(self, run: Run, source: str, output: str) -> Exchange:
        """Answer every row of a file (or picture of a ZIP) into the CSV file `output`, telling how far it is."""
        return self._ask({"op": "predict-file", "run_dir": str(run.folder), "input": source, "output": output})

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
            for last_try in (False, True):
                process = self._running()
                try:
                    return (yield from self._exchange(process, {"id": self._next(), **request}))
                except (BrokenPipeError, EOFError, json.JSONDecodeError) as error:
                    process.kill()
                    process.wait()
                    self._process = None
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
                python("studio.engine.inference"),
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

    def _exchange(self, process: subprocess.Popen[str], request: dict[str, Any]) -> Exchange:
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
            if "result" in message:
                return message["result"]
            yield message["progress"]["done"], message["progress"]["total"]


def question(run: Run, inputs: list[str], which: Which) -> dict[str, Any]:
    return {"op": "predict", "run_dir": str(run.folder), "which": which, "inputs": inputs}


def result_of(exchange: Exchange) -> Any:
    """Run an exchange to its end without showing how far it is."""
    while True:
        try:
            next(exchange)
        except StopIteration as end:
            return end.value
