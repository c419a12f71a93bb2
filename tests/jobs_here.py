"""Jobs without their processes, each of which takes most of a second: what the job's module does, done here.

That a real one reports its progress, can be cancelled and may die, test_jobs.py and data/test_process.py show.
"""

import importlib
import json
from collections.abc import Iterator
from typing import Any

from studio.errors import StudioError
from studio.jobs import Progress


class JobHere:
    """As `studio.jobs.Job` to whoever iterates over it; the work is done before the first word of progress is read."""

    def __init__(self, module: str, request: dict[str, Any]) -> None:
        self.result: Any = None
        self.cancelled = False
        self.ended = False
        self._messages: list[str] = []
        self._work = (module, json.dumps(request))

    def __iter__(self) -> Iterator[Progress]:
        module, request = self._work
        importlib.import_module(module).answer(
            json.loads(request), lambda message: self._messages.append(json.dumps(message))
        )
        self.ended = True
        for message in map(json.loads, self._messages):
            if "progress" in message:
                yield Progress.read(message["progress"])
            elif "error" in message:
                raise StudioError.unpacked(message["error"])
            else:
                self.result = message["result"]

    def cancel(self) -> None:
        self.cancelled = True
