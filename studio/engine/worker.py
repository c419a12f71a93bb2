"""The process that trains one run: `python -m studio.engine.worker RUN_DIR`.

It takes the run up where it stands (new, paused, interrupted, trained but not saved), is the sole writer of
RUN_DIR/events.jsonl, and ends with Finished, Paused or Failed in it. Nothing heavy is imported before the
process has said who it is and holds a device slot.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from studio.engine.failures import explain, is_disk_full
from studio.engine.reporting import Interrupted, Reporter, logger
from studio.engine.slots import acquire_slots, slots_here
from studio.errors import StudioError
from studio.events import Finished, Paused, fold
from studio.files import read_json, replace_json
from studio.hardware import nvidia_gpus
from studio.paths import Home
from studio.processes import Identity, python
from studio.store import Run, is_complete

SECONDS_TO_LEAVE = 10.0  # for the worker of the last life, which may have only its exit left
LAUNCH = "launch.json"  # which launch of several processes may go on
SECONDS_BETWEEN_LOOKS = 0.1
FAILED, MUTE = 1, 3  # exit codes: the log says why; not even that could be written


def main(run_dir: Path) -> int:
    """Train the run in this folder. Returns the exit code: 0 unless it failed."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others; before torch
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    run = Run(Path(run_dir).resolve())
    if is_one_of_many() and not is_first():
        return follow(run)
    if (processes := wanted_processes(run)) > 1 and not is_one_of_many():
        return launch(run, processes)
    try:
        with FileLock(run.worker_lock, timeout=SECONDS_TO_LEAVE):
            run.set_worker(Identity.of())
            if fold(run.read_from()[0]).finished is None:
                work(run, Reporter(run))
    except Timeout:
        logger.warning("Another process trains this run; this one leaves.")
    except Exception as error:  # noqa: BLE001 whatever it is, the log must say so
        return report_failure(run, error)
    return 0


def is_one_of_many() -> bool:
    """Whether `accelerate launch` started this process beside others, which train the run together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_first() -> bool:
    return os.environ.get("RANK", "0") == "0"


def wanted_processes(run: Run) -> int:
    """How many devices the run file asks for; one where it cannot be read, which the run's log will say."""
    from studio.config import RunConfig

    try:
        return RunConfig.from_file(run.config_file).training.processes
    except StudioError:
        return 1


def launch(run: Run, processes: int) -> int:
    """Start as many processes of this module through Accelerate, and wait for them."""
    kind = "--multi_gpu" if len(nvidia_gpus()) > 1 else "--cpu"
    command = python("accelerate.commands.launch", kind, "--num_processes", str(processes), "--num_machines", "1")
    command += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    command += ["-m", "studio.engine.worker", str(run.folder)]
    return subprocess.call(command)


def follow(run: Run) -> int:
    """Train beside the first process, which holds the lock and the devices, and speaks for all."""
    wait_for_first(run)
    from studio.engine.training import train_run

    train_run(run, Home(run.folder.parent.parent), Reporter(run, speaks=False, alone=False))
    return 0


def wait_for_first(run: Run) -> None:
    """Until the first process has its devices; the launcher ends us where it gives up."""
    launch = os.environ["MASTER_PORT"]
    while read_json(run.folder / LAUNCH) != {"launch": launch}:
        time.sleep(SECONDS_BETWEEN_LOOKS)


def work(run: Run, reporter: Reporter) -> None:
    """Wait for a device, train, and obey a Pause or Stop that comes before training has begun."""
    home = Home(run.folder.parent.parent)
    slot, has_checkpoint = None, newest_checkpoint(run) is not None
    try:
        try:
            slot = acquire_slots(home.locks, slots_here(), int(os.environ.get("WORLD_SIZE", "1")), reporter)
        except Interrupted as interruption:
            if interruption.command == "pause" or not has_checkpoint:
                raise
            # stopped while it waited: what is trained so far is only examined and saved, which needs no slot
        reporter.obeys = ("pause",) if has_checkpoint else ("pause", "stop")  # with one, Stop still makes a model
        reporter.phase("loading", "Starting.")
        if is_one_of_many():
            reporter.alone = False
            replace_json(run.folder / LAUNCH, {"launch": os.environ["MASTER_PORT"]})
        from studio.engine.training import train_run

        train_run(run, home, reporter)
    except Interrupted as interruption:
        if interruption.command == "pause":
            reporter.emit(Paused(step=newest_checkpoint(run) or 0))
        else:
            reporter.emit(Finished(reason="stopped", best_step=0, seconds=0.0, has_model=False))
            clean_up(run)
    finally:
        run.clear_command()
        if slot is not None:
            slot.release()


def newest_checkpoint(run: Run) -> int | None:
    """The step of the newest complete checkpoint. Read off the folder names: torch is not imported yet."""
    steps = [int(path.name[5:]) for path in run.checkpoints.glob("step-*") if is_complete(path)]
    return max(steps, default=None)


def report_failure(run: Run, error: Exception) -> int:
    """Write the failure into the log; a full disk is given back some space first."""
    with contextlib.suppress(OSError):  # stderr may lie on the full disk too
        logger.error("The run failed.", exc_info=error)
    if is_disk_full(error):
        clean_up(run)
    try:
        Reporter(run).emit(explain(error, newest_checkpoint(run) is not None))
    except OSError:
        return MUTE  # the supervisor sees a dead worker and calls the run interrupted
    return FAILED


def clean_up(run: Run) -> None:
    """Remove what can be computed again."""
    for folder in (run.folder / "cache", run.checkpoints / ".tmp", run.folder / ".model"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
