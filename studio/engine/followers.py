"""The processes beside process 0 that train a run on several devices: `python -m studio.engine.followers RUN_DIR`.

Process 0 is the run's worker. It starts the others once it holds its devices, watches them, and ends them; they end by
themselves when it dies. Where `accelerate launch` or torchrun started all of them at once, the launcher does that.
(On CPUs `accelerate launch --cpu` starts only one, whatever its `--num_processes` says, unless MPI does it.)
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from studio.engine.failures import Broken, explain
from studio.engine.reporting import Interrupted, Reporter, logger
from studio.errors import StudioError
from studio.events import Failed
from studio.forked import engine_command
from studio.language import _
from studio.store import Run

if TYPE_CHECKING:
    from studio.config import RunConfig

FAILED = 1  # exit code
SHARDING = ("FSDP", "DEEPSPEED", "MEGATRON_LM")  # see `ranks` for why not
SECONDS_TO_NOTICE = 30.0  # that one of them has died; without NCCL, which may wait for ever, it takes a moment
SECONDS_TO_END = 10.0


def is_launched() -> bool:
    """Whether a launcher started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


class Followers:
    """Started at once. `close` ends them."""

    def __init__(self, run: Run, processes: int) -> None:
        """processes: how many train the run, this one included."""
        self._count, self._port = processes, free_port()
        self._said: dict[int, str] = {}  # by those that have failed: their last line
        self._closing = threading.Event()
        self._processes = [self._start(run, rank) for rank in range(1, processes)]
        self._watchers = [
            threading.Thread(target=self._watch, args=(rank, process), daemon=True)
            for rank, process in enumerate(self._processes, 1)
        ]
        for watcher in self._watchers:
            watcher.start()

    def environment(self, rank: int) -> dict[str, str]:
        """By what a process finds the others, as torchrun gives it."""
        count, number = str(self._count), str(rank)
        ranks = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "RANK": number, "LOCAL_RANK": number}
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(self._port), **ranks}

    def _start(self, run: Run, rank: int) -> "subprocess.Popen[str]":
        """Its stdin tells it that this process lives; on its stdout it says why it fails."""
        return subprocess.Popen(
            engine_command("studio.engine.followers", str(run.folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **self.environment(rank)},
        )

    def _watch(self, rank: int, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        said = process.stdout.read()
        if process.wait() == 0 or self._closing.is_set():
            return
        self._said[rank] = said.strip().rpartition("\n")[2]
        if not self._closing.wait(SECONDS_TO_NOTICE):
            logger.error("Process %d has ended, and this one waits for it in vain.", rank)
            os._exit(FAILED)  # the studio sees that the run was interrupted, and offers to resume it

    def lost(self) -> Broken | None:
        """Why one of them has ended, if that is what went wrong."""
        end = time.monotonic() + 2.0  # it may be about to end
        while not self._said and time.monotonic() < end:
            time.sleep(0.05)
        if not self._said:
            return None
        rank, said = next(iter(self._said.items()))
        if said.startswith("{"):
            return Broken(Failed.model_validate_json(said))
        return Broken(
            Failed(
                what=_(
                    "Process {number} of {count} has ended in the middle of the training.",
                    number=rank + 1,
                    count=self._count,
                ),
                why=_("Something from outside ended it; where memory is short, that is the operating system."),
                what_to_do=_("Resume the run to go on."),
                resumable=True,
            )
        )

    def close(self) -> None:
        """They have come to their end, or are ended now."""
        self._closing.set()
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def beside_others(run: Run, config: "RunConfig") -> Iterator[None]:
    """Inside, other processes train the run together with this one, which is process 0."""
    followers = None if is_launched() else Followers(run, config.training.processes)
    try:
        from studio.engine import ranks  # the others import it meanwhile

        join(config, followers.environment(0) if followers else {})
        ranks.agreed(True)
        yield
        ranks.leave()
    except Interrupted:  # in all of them
        from studio.engine import ranks

        ranks.leave()
        raise
    except Exception as error:
        if followers and (lost := followers.lost()):
            raise lost from error
        raise
    finally:
        if followers:
            followers.close()


def release_followers(run: Run) -> None:
    """Tell the processes that a launcher started beside this one that there is nothing to train."""
    from studio.config import RunConfig
    from studio.engine import ranks

    join(RunConfig.from_file(run.config_file), {})
    ranks.agreed(False)
    ranks.leave()


def join(config: "RunConfig", environment: Mapping[str, str]) -> None:
    """Meet the other processes, on the kind of device that the run asks for."""
    if sharding := [way for way in SHARDING if os.environ.get(f"ACCELERATE_USE_{way}", "").lower() == "true"]:
        raise StudioError(
            _("The model cannot be cut into shares for several devices."),
            _("The launcher asks for {way}, and here each process holds the whole model.", way=sharding[0]),
            _("Launch it without. Adapters (LoRA, QLoRA) train large models on one device."),
        )
    from studio.engine import ranks
    from studio.engine.precision import choose_device

    ranks.join(choose_device(config.training.device).type == "cpu", environment)


def follow(run: Run) -> int:
    """Train beside process 0, which speaks for all. Returns the exit code."""
    from studio.config import RunConfig
    from studio.engine import ranks
    from studio.engine.training import train_run

    try:
        join(RunConfig.from_file(run.config_file), {})
        if ranks.agreed(False):  # process 0 may find that there is nothing to train
            try:
                train_run(run, run.home, Reporter(run, speaks=False, alone=False))
            except Interrupted:
                logger.info("Asked to leave before the first step.")
        ranks.leave()
    except Exception as error:  # noqa: BLE001 whatever it is, process 0 must hear of it
        logger.error("This process failed.", exc_info=error)
        print(explain(error, has_checkpoint=False).model_dump_json(), flush=True)
        return FAILED
    return 0


def end_with_leader() -> None:
    """End when stdin does, which is when process 0 has ended."""
    while os.read(0, 1024):
        pass
    os._exit(FAILED)


def main(run_dir: Path) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    threading.Thread(target=end_with_leader, daemon=True).start()
    return follow(Run(run_dir))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
