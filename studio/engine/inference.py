"""The inference process: `python -m studio.engine.inference`. Answers with finished runs' models; JSON lines both ways.

Requests on stdin, one object a line, answered one after the other:
  {"id", "op": "predict", "run_dir", "which": "tuned" | "before", "rows": [{input column: text, or path of an image}]}
      -> of one row, where the task writes a text, {"id", "progress", "written": what there is of it} ... first,
         then {"id", "result": [{"value", "details"}]}
  {"id", "op": "predict-file", "run_dir", "input": path, "limits": of the file, else this machine's, perhaps "columns":
  {input: column} and "reading": {option: value}, where somebody chose them}
      -> {"id", "read": {"columns", "taken": {input: column}, "reading"}, ...} first for a table, then
         {"id", "progress": {"done", "total"}, "answered": [{"given", "answer", "problem"}]} ...,
         then {"id", "result": {"rows", "labels"}}
  {"id", "op": "export", "run_dir", "exporter": name, "to": folder}
      -> {"id", "result": path of what was written}
  {"id", "op": "warm-up", "run_dir"}
      loads both models of the run, unless another request waits already; nothing is said of it
A failure is {"id", "error": {"what", "why", "what_to_do"}}. Models stay in memory while they are asked, the
last few of them; after `--idle-seconds` without a question they are freed. The process ends with its stdin.
"""

import argparse
import gc
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from studio.data.limits import Limits, limits_here
from studio.engine.answering import answer_cells, answer_file
from studio.engine.failures import is_out_of_memory
from studio.engine.inputs_file import FileChoices, Inputs
from studio.engine.resident import ResidentModels
from studio.errors import StudioError
from studio.exporters import EXPORTERS
from studio.language import _, listing
from studio.models.hub import work_offline
from studio.options import with_asked
from studio.processes import own_stdout, trusts_remote_code
from studio.store import Run
from studio.torch_environment import prepare_torch

IDLE_SECONDS = 300.0
SECONDS_BETWEEN_WORDS = 0.1  # of an answer that is shown while it is written
WHICH = ("tuned", "before")
Reply = Callable[[dict[str, Any]], None]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="studio.engine.inference", description=__doc__.split("\n")[0])
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS, help="free models when unused for so long")
    parser.add_argument("--keep", type=int, default=3, help="how many models stay in memory")
    chosen = parser.parse_args(arguments)
    answers = own_stdout()
    import_libraries()
    work_offline()
    models = ResidentModels(chosen.keep, trusts_remote_code())
    serve(sys.stdin, answers, models, chosen.idle_seconds)


def import_libraries() -> None:
    """The seconds that imports take are spent before the first question comes."""
    prepare_torch()
    import torch  # noqa: F401
    import transformers.models.auto.modeling_auto  # noqa: F401


def serve(requests: Iterable[str], answers: TextIO, models: ResidentModels, idle_seconds: float) -> None:
    """Answer until `requests` end."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in requests:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()

    def reply(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message, ensure_ascii=False) + "\n")
        answers.flush()

    while True:
        try:
            line = lines.get(timeout=idle_seconds)
        except queue.Empty:
            models.clear()
            gc.collect()
            continue
        if line is None:
            return
        if not line.strip():
            continue
        request = json.loads(line)
        if request.get("op") == "warm-up":
            warm_up(request, models, lines)
        else:
            answer(request, models, reply)


def warm_up(request: dict[str, Any], models: ResidentModels, waiting: queue.Queue[str | None]) -> None:
    """Load ahead what a question is going to need. Why that fails, the question is told."""
    for which in WHICH:
        if waiting.empty():
            answer({**request, "op": "predict", "which": which, "rows": []}, models, lambda message: None)


def answer(request: dict[str, Any], models: ResidentModels, reply: Reply) -> None:
    """One request; any error is reported to the client, and the process goes on."""
    number = request.get("id")
    try:
        operation = OPERATIONS.get(str(request.get("op")))
        if operation is None:
            raise StudioError(
                _("There is no operation '{name}'.", name=request.get("op")),
                _("Known: {names}.", names=listing(OPERATIONS)),
            )
        result = operation(request, models, lambda message: reply({"id": number, **message}))
    except StudioError as error:
        reply({"id": number, "error": error.packed()})
    except Exception as error:  # noqa: BLE001  (the asker must hear of it, and the next question be answered)
        import traceback

        traceback.print_exc()
        models.clear()
        explained = OUT_OF_MEMORY if is_out_of_memory(error) else _unexpected(error)
        reply({"id": number, "error": explained.packed()})
    else:
        reply({"id": number, "result": result})


def _predict(request: dict[str, Any], models: ResidentModels, reply: Reply) -> list[dict[str, Any]]:
    bundle = models.get(_run(request), str(request.get("which", "tuned")))
    if given := request.get("options"):
        tools = bundle.tools
        bundle = replace(bundle, tools=replace(tools, options=with_asked(tools.options, given)))
    return [found.as_dict() for found in answer_cells(bundle, request["rows"], written_so_far(reply))]


def written_so_far(reply: Reply) -> Callable[[str], None]:
    """Tells of an answer while it is written, a few times a second."""
    told = 0.0

    def tell(text: str) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= SECONDS_BETWEEN_WORDS:
            told = now
            reply({"progress": {"done": 0, "total": 0}, "answered": [], "written": text})

    return tell


def _predict_file(request: dict[str, Any], models: ResidentModels, reply: Reply) -> dict[str, Any]:
    run = _run(request)
    bundle, config = models.get(run, "tuned"), models.config(run)
    choices = FileChoices.of(run, config, request.get("columns") or {}, request.get("reading") or {})
    limits = Limits.read(request["limits"], "limits") if "limits" in request else limits_here()
    done = 0

    def tell(found: Inputs) -> None:
        reply({"read": found.as_dict(), "progress": {"done": 0, "total": len(found.table)}, "answered": []})

    for answered, total in answer_file(bundle, choices, Path(request["input"]), limits, tell):
        done += len(answered)
        reply({"progress": {"done": done, "total": total}, "answered": [each.as_dict() for each in answered]})
    return {"rows": done, "labels": list(bundle.tools.labels)}


def _export(request: dict[str, Any], models: ResidentModels, reply: Reply) -> str:
    run, exporter = _run(request), EXPORTERS[str(request.get("exporter"))]
    reason = exporter.why_not(run)
    if reason:
        raise StudioError(
            _("This run cannot be exported as '{format}'.", format=exporter.title), reason, _("Choose another format.")
        )
    return str(exporter.export(run, Path(request["to"])))


OPERATIONS: dict[str, Callable[[dict[str, Any], ResidentModels, Reply], Any]] = {
    "predict": _predict,
    "predict-file": _predict_file,
    "export": _export,
}
OUT_OF_MEMORY = StudioError(
    _("The memory is not enough for this."),
    _("The model and its inputs need more than is free now."),
    _("Close other programs, wait for a running training to end, or ask with fewer or shorter inputs."),
)


def _run(request: dict[str, Any]) -> Run:
    run = Run(Path(str(request.get("run_dir", ""))))
    if not run.config_file.is_file():
        raise StudioError(
            _("This run is no longer there."), _("Its folder was moved or deleted."), _("Choose another run.")
        )
    return run


def _unexpected(error: Exception) -> StudioError:
    return StudioError(
        _("The model could not answer."),
        f"{type(error).__name__}: {error}",
        _("Try again; if it happens again, restart the studio and report this message."),
    )


if __name__ == "__main__":
    main()
