"""The architecture of a task's model: read through transformers once, and cached in home.cache.

transformers needs torch, which the page and the commands never import. So the question goes to a process,
`python -m studio.model_reader`: one JSON request on stdin, one line {"result": ...} or {"error": ...} on stdout.
Where torch is imported already, in a worker or a test, the model is built in the same process.
"""

import hashlib
import json
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock

from studio import __version__
from studio.errors import StudioError
from studio.files import read_cache, replace_cache
from studio.forked import engine_command
from studio.hardware import GIGABYTE
from studio.models.architecture import LABELS, Architecture
from studio.models.folders import POOLING
from studio.models.hub import work_offline
from studio.models.local import ModelInfo
from studio.models.meta_model import build_architecture
from studio.models.structure import Structure
from studio.models.weights import Tensor
from studio.options import Options
from studio.paths import Home
from studio.processes import limit_memory, limit_processor_time, own_stdout
from studio.tasks import TASKS
from studio.tasks.base import Task

FORMAT = 1  # raise it when the same fields come to mean something else: every model is then read again
MOST_SECONDS = 600.0  # importing torch takes seconds, on a busy machine minutes
MOST_COMPUTING = 180  # seconds of processor time: a large model takes ten
MOST_MEMORY = 4 * GIGABYTE  # models are built without their numbers
TOO_LARGE = f"That takes more than {MOST_MEMORY // GIGABYTE} GB of memory: its config.json asks for too large a model."


def read_architecture(
    info: ModelInfo,
    task: Task,
    options: Options,
    home: Home,
    values: Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
    here: bool | None = None,
) -> Architecture:
    """The architecture of the model that `task` makes of a model folder: from memory, or within seconds.

    values: for the model's config, those of `task.configure`. Labels among them do not matter, so without rows there
        need not be any; `Architecture.with_labels` gives the shapes for as many.
    here: build it in this process; without a word only where torch was imported already.
    However many ask at the same time, one process is started. Raises StudioError for a model that does not fit.
    """
    request = _request(info, task, options, values, trust_remote_code)
    memory = _memory(home, request)
    if known := read_cache(memory, Architecture.from_dict):
        return known
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / f"{memory.stem}.lock"):
        if known := read_cache(memory, Architecture.from_dict):
            return known
        in_this_process = reads_here() if here is None else here
        found = _build(request) if in_this_process else _ask(request)
        replace_cache(memory, found.as_dict())
        return found


def remembered(info: ModelInfo, task: Task, options: Options, home: Home) -> Architecture | None:
    """What `read_architecture` answers at once; None where it would have to read the model."""
    return read_cache(_memory(home, _request(info, task, options, None, False)), Architecture.from_dict)


def reads_here() -> bool:
    """Whether this process has torch already, so that no other one is needed."""
    return "torch" in sys.modules


def _request(
    info: ModelInfo, task: Task, options: Options, values: Mapping[str, Any] | None, trust_remote_code: bool
) -> dict[str, Any]:
    return {
        "folder": str(info.folder),
        "config": info.config,
        "tensors": {name: [tensor.dtype, tensor.shape] for name, tensor in info.tensors.items()},
        "task": task.name,
        "options": options.model_dump(mode="json"),
        "values": {key: value for key, value in (values or {}).items() if key not in LABELS},
        "trust_remote_code": trust_remote_code,
    }


def _memory(home: Home, request: Mapping[str, Any]) -> Path:
    """The file that holds the answer: its name changes with everything that the answer depends on."""
    fields = TASKS[request["task"]].Options.model_fields
    same = {name for name, field in fields.items() if (field.json_schema_extra or {}).get("same_model")}  # type: ignore[union-attr]
    pooling = Path(request["folder"]) / POOLING
    asked = {key: value for key, value in request.items() if key not in ("folder", "trust_remote_code")}
    asked["options"] = {name: value for name, value in request["options"].items() if name not in same}
    asked["pooling"] = pooling.stat().st_mtime_ns if pooling.is_file() else 0
    shape = [list(each.__dataclass_fields__) for each in (Architecture, Structure)]
    asked["versions"] = [FORMAT, shape, __version__, version("transformers"), version("torch")]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return home.cache / "architectures" / f"architecture-{digest[:32]}.json"


def _build(request: Mapping[str, Any]) -> Architecture:
    """Raises StudioError whatever a folder holds that a stranger wrote."""
    try:
        return _describe(request)
    except StudioError:
        raise
    except Exception as error:
        traceback.print_exc()  # for the log
        raise _unreadable(Path(request["folder"]), _reason(error)) from error


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split())
    if isinstance(error, MemoryError) or "allocate memory" in words:
        return TOO_LARGE
    if isinstance(error, RecursionError):
        return "Its config.json is nested too deep."
    return f"transformers cannot build it from its config.json: {words[:200] or type(error).__name__}"


def _describe(request: Mapping[str, Any]) -> Architecture:
    task, folder = TASKS[request["task"]], Path(request["folder"])
    options = task.Options.read(request["options"])
    return build_architecture(
        folder,
        request["config"],
        {name: Tensor(dtype, tuple(shape)) for name, (dtype, shape) in request["tensors"].items()},
        task.model,
        request["values"],
        lambda model: task.adapt(model, folder, options),
        request["trust_remote_code"],
    )


def _ask(request: Mapping[str, Any]) -> Architecture:
    """Start the process, wait for its answer."""
    try:
        ended = subprocess.run(
            engine_command("studio.model_reader"),
            input=json.dumps(request),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable(Path(request["folder"]), f"It took longer than {MOST_SECONDS / 60:.0f} minutes.") from error
    lines = ended.stdout.strip().splitlines()
    answer = _parsed(lines[-1]) if lines else None
    if answer is None:
        raise _unreadable(Path(request["folder"]), _why_ended(ended.returncode, ended.stderr))
    if "error" in answer:
        raise StudioError(**answer["error"])
    return Architecture.from_dict(answer["result"])


def _parsed(line: str) -> dict[str, Any] | None:
    """The answer; None for one that was cut off."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _why_ended(code: int, said: str = "") -> str:
    """Why the process gave no answer. said: what it wrote where errors go."""
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        return f"That takes more than {MOST_COMPUTING // 60} minutes: its config.json asks for too large a model."
    last = said.strip().splitlines()[-1:]
    return f"The process that reads it exited with {code}{f': {last[0]}' if last else ', perhaps for want of memory'}."


def _unreadable(folder: Path, why: str) -> StudioError:
    return StudioError(
        f"How the model '{folder.name}' is built could not be read.",
        why,
        "Close other programs and try again, or choose another model.",
    )


def main() -> int:
    answers = own_stdout()
    request = json.loads(sys.stdin.buffer.read())
    work_offline()
    limit_memory(MOST_MEMORY)
    limit_processor_time(MOST_COMPUTING)
    try:
        answer, code = {"result": _build(request).as_dict()}, 0
    except StudioError as error:
        answer, code = {"error": error.as_dict()}, 2
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
