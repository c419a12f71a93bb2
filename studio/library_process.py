"""Answers that need libraries which the page and the commands never import: asked of a process once, and then kept.

The process is `python -m MODULE`. It reads one JSON request on stdin and writes one line on stdout,
{"result": ...} or {"error": ...}.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from studio.errors import StudioError
from studio.files import read_cache, replace_cache
from studio.forked import engine_command
from studio.language import _
from studio.models.hub import work_offline
from studio.processes import limit_memory, limit_processor_time, own_stdout

T = TypeVar("T")


class NoAnswerError(Exception):
    """The process ended, or was ended, before it had answered. Its words are the reason."""


def kept(
    memory: Path,
    locks: Path,
    read: Callable[[dict[str, Any]], T],
    find: Callable[[], T],
    write: Callable[[T], dict[str, Any]],
) -> T:
    """What the file `memory` holds; where it holds nothing, what `find` gives, which is then written there.

    However many ask at the same time, it is found once.
    """
    if known := read_cache(memory, read):
        return known
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{memory.stem}.lock"):
        if known := read_cache(memory, read):
            return known
        found = find()
        replace_cache(memory, write(found))
        return found


def ask(module: str, request: Mapping[str, Any], seconds: float, too_slow: str) -> Any:
    """The result. Raises the StudioError of the answer, or NoAnswerError.

    seconds: how long to wait. too_slow: why, where the process used up its processor time.
    """
    try:
        ended = subprocess.run(
            engine_command(module),
            input=json.dumps(request),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(_("It took longer than {minutes:.0f} minutes.", minutes=seconds / 60)) from error
    lines = ended.stdout.strip().splitlines()
    answer = parsed(lines[-1]) if lines else None
    if answer is None:
        raise NoAnswerError(why_ended(ended.returncode, too_slow, ended.stderr))
    if "error" in answer:
        raise StudioError.unpacked(answer["error"])
    return answer["result"]


def parsed(line: str) -> dict[str, Any] | None:
    """The answer; None for one that was cut off."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def why_ended(code: int, too_slow: str, said: str = "") -> str:
    """Why the process gave no answer. said: what it wrote where errors go."""
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        return too_slow
    if last := said.strip().splitlines()[-1:]:
        return _("The process that reads it exited with {code}: {error}.", code=code, error=last[0])
    return _("The process that reads it exited with {code}, perhaps because memory ran out.", code=code)


def answer(find: Callable[[Mapping[str, Any]], dict[str, Any]], memory: int, computing: int) -> int:
    """In the process: answer the request with what `find` gives or the StudioError it raises; the exit code.

    memory: bytes, computing: seconds of processor time that it may take.
    """
    answers = own_stdout()
    request = json.loads(sys.stdin.buffer.read())
    work_offline()
    limit_memory(memory)
    limit_processor_time(computing)
    try:
        told, code = {"result": find(request)}, 0
    except StudioError as error:
        told, code = {"error": error.packed()}, 2
    answers.write(json.dumps(told) + "\n")
    answers.flush()
    return code
