"""One inference process as its client holds it: requests go in, and messages are read as they come.

A thread reads what the process says, so that whoever waits for it can stop waiting. Messages are JSON lines, see
`studio.engine.inference`.
"""

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

from studio.forked import engine_command

SECONDS_TO_DIE = 5.0


class InferenceProcess:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            engine_command("studio.engine.inference"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environment},
        )
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()  # None: that was all
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, request: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        line = json.dumps(request) + "\n"
        with contextlib.suppress(BrokenPipeError, ValueError):  # it was ended, which whoever reads hears next
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def next_message(self, seconds: float) -> dict[str, Any] | None:
        """None where nothing is said for so long. Raises EOFError where nothing more will be."""
        try:
            message = self._said.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            raise EOFError
        return message

    def end(self) -> None:
        """Kill it. It computes no more when this returns, and writes nothing."""
        self._process.kill()
        self._process.wait()
        # what was forked for it holds its stdout, and ends a moment after it
        self._reader.join(SECONDS_TO_DIE)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # of what could not be sent
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            with self._process.stdout as lines, contextlib.suppress(ValueError):  # of a line that breaks off
                for line in lines:
                    self._said.put(json.loads(line))
        finally:
            self._said.put(None)
