"""The architecture of a task's model: read through transformers once, and cached in home.cache.

transformers needs torch, which the page and the commands never import, so a process of this module is asked.
Where torch is imported already, in a worker or a test, the model is built in the same process.
"""

import hashlib
import json
import sys
import traceback
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from studio import __version__
from studio.errors import StudioError
from studio.files import read_cache
from studio.hardware import GIGABYTE
from studio.language import _
from studio.library_process import NoAnswerError, answer, ask, kept
from studio.models.architecture import LABELS, Architecture
from studio.models.folders import POOLING
from studio.models.local import ModelInfo
from studio.models.meta_model import build_architecture
from studio.models.structure import Structure
from studio.models.weights import Tensor
from studio.options import Options
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Task

FORMAT = 1  # raise it when the same fields come to mean something else: every model is then read again
MOST_SECONDS = 600.0  # importing torch takes seconds, on a busy machine minutes
MOST_COMPUTING = 180  # seconds of processor time: a large model takes ten
MOST_MEMORY = 4 * GIGABYTE  # models are built without their numbers
TOO_SLOW = _(
    "That takes more than {minutes} minutes: its config.json asks for too large a model.", minutes=MOST_COMPUTING // 60
)
TOO_LARGE = _(
    "That takes more than {memory} GB of memory: its config.json asks for too large a model.",
    memory=MOST_MEMORY // GIGABYTE,
)


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
    find = _build if (reads_here() if here is None else here) else _ask
    return kept(memory, home.locks, Architecture.from_dict, lambda: find(request), Architecture.as_dict)


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
        return _("Its {file} is nested too deep.", file="config.json")
    return _("transformers cannot build it from its config.json: {reason}", reason=words[:200] or type(error).__name__)


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
        return Architecture.from_dict(ask("studio.model_reader", request, MOST_SECONDS, TOO_SLOW))
    except NoAnswerError as error:
        raise _unreadable(Path(request["folder"]), str(error)) from error


def _unreadable(folder: Path, why: str) -> StudioError:
    return StudioError(
        _("How the model '{model}' is built could not be read.", model=folder.name),
        why,
        _("Close other programs and try again, or choose another model."),
    )


def main() -> int:
    return answer(lambda request: _build(request).as_dict(), MOST_MEMORY, MOST_COMPUTING)


if __name__ == "__main__":
    sys.exit(main())
