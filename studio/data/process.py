"""The process that reads data: `python -m studio.data.process`, so that a large or hostile upload never blocks,
or takes down, the server.

One JSON request on stdin: {"op": "import", "source", "files", "reading", "home", "limits"}. On stdout JSON lines:
{"progress": {"sentence", "done", "total"}} any number of times, then {"result": ...} or
{"error": {"what", "why", "what_to_do"}}. Killing it is cancelling it: what is half made never counts as
complete, and the next import removes it.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.data.importing import import_source, out_of_memory
from studio.data.limits import Limits, limits_here
from studio.data.options import ReadingOptions
from studio.data.progress import Progress
from studio.errors import StudioError
from studio.language import _, packed
from studio.paths import Home
from studio.processes import limit_memory, own_stdout, return_freed_memory

SECONDS_BETWEEN = 0.1


def run_import(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Under a hard limit on memory: what is larger is refused before the machine has none left."""
    limits = Limits.read(request["limits"], "limits") if "limits" in request else limits_here()
    limit_memory(limits.memory_bytes)
    return_freed_memory()
    imported = import_source(
        request["source"],
        ReadingOptions.read(request.get("reading") or {}, "reading"),
        Home(Path(request["home"])),
        limits,
        progress,
        request.get("files"),
    )
    return {
        "folder": str(imported.folder),
        "title": imported.title,
        "kind": imported.kind,
        "format": imported.format,
        "reading": imported.reading.model_dump(),
        "columns": list(imported.columns),
        "rows": imported.rows,
        "problems": len(imported.problems),
    }


OPERATIONS: dict[str, Callable[[dict[str, Any], Progress], Any]] = {"import": run_import}


def answer(request: dict[str, Any], write: Callable[[dict[str, Any]], None]) -> int:
    """Do what is asked and write the outcome; the process's exit status."""
    last = 0.0
    last_sentence = ""

    def progress(sentence: str, done: int, total: int) -> None:
        nonlocal last, last_sentence
        if sentence != last_sentence or time.monotonic() - last >= SECONDS_BETWEEN:
            last, last_sentence = time.monotonic(), sentence
            write({"progress": {"sentence": packed(sentence), "done": done, "total": total}})

    try:
        write({"result": OPERATIONS[request["op"]](request, progress)})
        return 0
    except StudioError as error:
        write({"error": error.packed()})
        return 2
    except MemoryError:
        write({"error": out_of_memory().packed()})
        return 2
    except Exception as error:  # noqa: BLE001  the last stop: the reason goes to the screen, the trace to the log
        traceback.print_exc()
        why = f"{type(error).__name__}: {error}"
        write(
            {"error": StudioError(_("Reading the data failed."), why, _("Try another format, or report it.")).packed()}
        )
        return 1


def main() -> int:
    channel = own_stdout()

    def write(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    try:
        return answer(json.loads(sys.stdin.buffer.read().decode("utf-8")), write)
    except BrokenPipeError:
        return 1  # nobody listens any more


if __name__ == "__main__":
    sys.exit(main())
