"""Work that takes longer than a moment: a process of its own, with progress, an end, and Cancel.

The process (`studio.data.process`, say) reads one JSON request on stdin and writes JSON lines:
{"progress": {"sentence", "done", "total"}} any number of times, then {"result": ...} or {"error": ...}.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.errors import StudioError
from studio.processes import python


@dataclass(frozen=True)
class Progress:
    """What the job is doing; `total` 0 means that the end is not known."""

    sentence: str
    done: int = 0
    total: int = 0


class Job:
    """One request to one process. Iterate over it for the progress, then read `result`."""

    def __init__(self, module: str, request: dict[str, Any]) -> None:
        self.result: Any = None
        self.cancelled = False
        self._process = subprocess.Popen(
            python(module), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: __iter__ says so
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.close()

    def __iter__(self) -> Iterator[Progress]:
        """Progress until the job ends. Raises the StudioError that the job ended with."""
        assert self._process.stdout is not None
        answered = False
        for line in self._process.stdout:
            message = json.loads(line)
            if "progress" in message:
                yield Progress(**message["progress"])
            elif "error" in message:
                raise StudioError(**message["error"])
            else:
                self.result, answered = message["result"], True
        self._process.wait()
        if not answered and not self.cancelled:
            raise StudioError(
                "The work ended before it was done.",
                f"Its process stopped with code {self._process.returncode}; the machine may be out of memory.",
                "Try again, with a smaller file if it happens again.",
            )

    def cancel(self) -> None:
        """End the process now; what it had half made does not count."""
        self.cancelled = True
        self._process.kill()


def run_job(module: str, request: dict[str, Any]) -> Any:
    """Run a job to its end without showing progress; its result."""
    job = Job(module, request)
    for _ in job:
        pass
    return job.result
