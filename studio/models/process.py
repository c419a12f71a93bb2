"""`python -m studio.models.process`: downloads a model in a process that Cancel can end.

One JSON request on stdin: {"op": "fetch", "model", "revision", "home"}. Answers as `studio.jobs` reads them.
What was downloaded before a cancel stays in the Hub cache and is not fetched again.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from studio.errors import StudioError
from studio.language import _, packed
from studio.models.sources import fetch
from studio.paths import Home


def main() -> int:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # a library's stray print must not end up between the answers
    request = json.loads(sys.stdin.readline())

    def report(done: int, total: int) -> None:
        megabyte = 1000**2
        sentence = packed(_("Downloading (MB)"))
        say(answers, {"progress": {"sentence": sentence, "done": done // megabyte, "total": total // megabyte}})

    try:
        folder = fetch(request["model"], request.get("revision"), report, Home(Path(request["home"])))
    except StudioError as error:
        say(answers, {"error": error.packed()})
        return 2
    say(answers, {"result": {"folder": str(folder)}})
    return 0


def say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
