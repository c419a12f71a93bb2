"""Work that takes longer than a moment: a process of its own, with progress, an end, and Cancel.

The process (`studio.data.process`, say) reads one JSON request on stdin and writes JSON lines:
{"progress": {"sentence", "done", "total"}} any number of times, then {"result": ...} or {"error": ...}.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from studio.errors import StudioError
from studio.language import _, unpacked
from studio.processes import python


@dataclass(frozen=True)
class Progress:
    """What the job is doing; `total` 0 means that the end is not known."""

    sentence: str
    done: int = 0
    total: int = 0

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        return cls(**{**told, "sentence": unpacked(told["sentence"])})


class Job:
    """One request to one process. Iterate over it for the progress, then read `result`."""

    def __init__(self, module: str, request: dict[str, Any]) -> None:
        self.result: Any = None
        self.cancelled = False
        self._process = subprocess.Popen(
            python(module), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin:  # it died at once: __iter__ says so
            self._process.stdin.write(json.dumps(request) + "\n")

    def __iter__(self) -> Iterator[Progress]:
        """Progress until the job ends. Raises the StudioError that the job ended with.

        The process is gone when the iteration is over, also when its reader went away in the middle.
        """
        assert self._process.stdout is not None
        answered = False
        try:
            for line in self._process.stdout:
                message = _message(line)
                if "progress" in message:
                    yield Progress.read(message["progress"])
                elif "error" in message:
                    raise StudioError.unpacked(message["error"])
                elif "result" in message:
                    self.result, answered = message["result"], True
            self._process.wait()
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
        if not answered and not self.cancelled:
            raise StudioError(
                _("The work ended before it was done."),
                _(
                    "Its process was ended (code {code}), perhaps because memory ran out.",
                    code=self._process.returncode,
                ),
                _("Try again, with a smaller file if it happens again."),
            )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def cancel(self) -> None:
        """End the process now; what it had half made does not count."""
        self.cancelled = True
        self._process.kill()


def _message(line: str) -> dict[str, Any]:
    """A line of the process; empty for one that it did not finish, or that a library printed."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def run_job(module: str, request: dict[str, Any]) -> Any:
    """Run a job to its end without showing progress; its result."""
    job = Job(module, request)
    for _unused in job:
        pass
    return job.result
