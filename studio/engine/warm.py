"""A helper that has the slow imports behind it: `python -m studio.engine.warm [IDLE_SECONDS]`.

For each line {"run_dir": ...} on stdin it forks a worker, which begins at once, and answers {"pid": ...}. The
workers are detached and survive it. It ends when stdin closes or nothing was asked for IDLE_SECONDS. Forking
after these imports is safe on Linux only, and only because no tensor operation ran before: elsewhere it ends
with a message, and workers are started cold with `python -m studio.engine.worker`.
"""

import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

PRELOADED = (
    "torch",
    "accelerate",
    "peft",
    "datasets",
    "sklearn.metrics",
    "pyarrow.parquet",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.auto.image_processing_auto",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "transformers.models.distilbert.modeling_distilbert",
    "transformers.models.roberta.modeling_roberta",
    "transformers.models.resnet.modeling_resnet",
    "transformers.models.mobilenet_v2.modeling_mobilenet_v2",
    "transformers.models.vit.modeling_vit",
    "studio.engine.training",
)
IDLE_SECONDS = 900.0


def main(idle_seconds: float = IDLE_SECONDS) -> int:
    if sys.platform in ("win32", "darwin"):
        print("This platform cannot start workers from a warm helper.", file=sys.stderr)
        return 2
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # looking for a GPU must not open it before a fork
    for module in PRELOADED:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # workers that end leave no zombie behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the server
    for line in lines_until_idle(idle_seconds):
        run_dir = Path(json.loads(line)["run_dir"])
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            become_worker(run_dir)
        print(json.dumps({"pid": pid}), flush=True)
    return 0


def lines_until_idle(seconds: float) -> Iterator[str]:
    """Lines of stdin; ends when it closes, or when none came for so long. Read unbuffered, for `select`."""
    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], seconds)
        block = os.read(0, 65536) if ready else b""
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.decode() for line in lines if line.strip())


def become_worker(run_dir: Path) -> None:
    """In the forked child: a session, output and signals of its own, then the worker. Never returns."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(run_dir / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        from studio.engine.worker import main as work

        code = work(run_dir)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(*(float(argument) for argument in sys.argv[1:2])))
