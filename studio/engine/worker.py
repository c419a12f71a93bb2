"""The process that trains one run: `python -m studio.engine.worker RUN_DIR`.

A run on several devices is trained by as many processes: this one, which leads, and those that it starts (see
`followers`), or that `accelerate launch` or torchrun started beside it.

It takes the run up where it stands (new, paused, interrupted, trained but not saved), is the sole writer of
RUN_DIR/events.jsonl, and ends with Finished, Paused or Failed in it. Nothing heavy is imported before the
process has said who it is and holds a device slot.
"""

import contextlib
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from studio.engine.failures import explain, is_disk_full
from studio.engine.followers import beside_others, follow, is_launched, release_followers
from studio.engine.reporting import Interrupted, Reporter, logger
from studio.engine.slots import acquire_slots, bind_gpus, slots_here
from studio.events import Finished, Paused, fold
from studio.hardware import probe
from studio.language import _
from studio.paths import Home
from studio.processes import Identity
from studio.store import Run, is_complete
from studio.torch_environment import prepare_torch

if TYPE_CHECKING:
    from studio.config import RunConfig

SECONDS_TO_LEAVE = 10.0  # for the worker of the last life, which may have only its exit left
FAILED, MUTE = 1, 3  # exit codes: the log says why; not even that could be written


def main(run_dir: Path) -> int:
    """Train the run in this folder. Returns the exit code: 0 unless it failed."""
    prepare_torch()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    run = Run(Path(run_dir).resolve())
    if is_launched() and os.environ.get("RANK", "0") != "0":
        return follow(run)
    has_trained = False
    try:
        with FileLock(run.worker_lock, timeout=SECONDS_TO_LEAVE):
            run.set_worker(Identity.of())
            if fold(run.read_from()[0]).finished is None:
                has_trained = work(run, Reporter(run))
    except Timeout:
        logger.warning("Another process trains this run; this one leaves.")
    except Exception as error:  # noqa: BLE001 whatever it is, the log must say so
        return report_failure(run, error)
    if is_launched() and not has_trained:
        release_followers(run)
    return 0


def work(run: Run, reporter: Reporter) -> bool:
    """Wait for a device, train, and obey a Pause or Stop that comes before training has begun.

    Returns whether it came to training.
    """
    from studio.config import RunConfig

    config, home = RunConfig.from_file(run.config_file), run.home
    slots, has_checkpoint, has_trained = None, newest_checkpoint(run) is not None, False
    try:
        try:
            slots = acquire_slots(home.locks, slots_here(), devices_needed(config), reporter)
            if not is_launched():  # else the launcher chose
                bind_gpus(slots.numbers)
        except Interrupted as interruption:
            if interruption.command == "pause" or not has_checkpoint:
                raise
            # stopped while it waited: what is trained so far is only examined and saved, which needs no device
        reporter.obeys = ("pause",) if has_checkpoint else ("pause", "stop")  # with one, Stop still makes a model
        reporter.phase("starting", _("Starting."))
        has_trained = True
        train(run, config, home, reporter)
    except Interrupted as interruption:
        if interruption.command == "pause":
            reporter.emit(Paused(step=newest_checkpoint(run) or 0))
        else:
            reporter.emit(Finished(reason="stopped", best_step=0, seconds=0.0, has_model=False))
            clean_up(run)
    finally:
        run.clear_command()
        if slots is not None:
            slots.release()
    return has_trained


def devices_needed(config: "RunConfig") -> int:
    """On this machine. Raises StudioError where it does not have so many."""
    from studio.training.computing import check_processes

    if is_launched():
        return int(os.environ.get("LOCAL_WORLD_SIZE") or os.environ["WORLD_SIZE"])
    check_processes(config.training, probe())
    return config.training.processes


def train(run: Run, config: "RunConfig", home: Home, reporter: Reporter) -> None:
    """In this process, with others beside it where the run has several devices."""
    several = config.training.processes > 1 or is_launched()
    with beside_others(run, config) if several else contextlib.nullcontext():
        from studio.engine.training import train_run

        reporter.alone = not several
        train_run(run, home, reporter)


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
        shutil.rmtree(run.home.activations, ignore_errors=True)
    try:
        Reporter(run).emit(explain(error, newest_checkpoint(run) is not None))
    except OSError:
        return MUTE  # the supervisor sees a dead worker and calls the run interrupted
    return FAILED


def clean_up(run: Run) -> None:
    """Remove what can be computed again."""
    for folder in (*run.folder.glob("cache*"), run.checkpoints / ".tmp", run.folder / ".model"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
