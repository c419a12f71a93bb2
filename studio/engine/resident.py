"""Models of finished runs in memory: the last few that were asked, tuned ones and their state before training."""

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from studio.config import RunConfig
from studio.errors import StudioError
from studio.models.sources import locate
from studio.models.weights import stored_bytes
from studio.store import Run, is_complete
from studio.tasks.loading import Bundle, load_tuned, load_untrained

ROOM_TO_WORK = 1024**3  # bytes a GPU must have free beside the weights


class ResidentModels:
    """keep: how many stay; the one that was asked longest ago goes first."""

    def __init__(self, keep: int, trust_remote_code: bool = False) -> None:
        self._keep, self._trust = max(1, keep), trust_remote_code
        self._bundles: OrderedDict[tuple[Path, str, int], Bundle] = OrderedDict()

    def __len__(self) -> int:
        return len(self._bundles)

    def config(self, run: Run) -> RunConfig:
        return RunConfig.from_file(run.config_file)

    def get(self, run: Run, which: str) -> Bundle:
        """The run's model: `tuned`, or `before` as it was at step 0."""
        if not is_complete(run.model):
            raise StudioError(
                "This run has no model yet.", "Its training has not ended.", "Wait for the end, or press Stop."
            )
        config = self.config(run)
        key = (run.folder, which, run.model.stat().st_mtime_ns)
        bundle = self._bundles.pop(key, None)
        if bundle is None:
            while len(self._bundles) >= self._keep:
                self._bundles.popitem(last=False)
            bundle = self._load(run, config, which)
        self._bundles[key] = bundle
        return bundle

    def clear(self) -> None:
        self._bundles.clear()

    def _load(self, run: Run, config: RunConfig, which: str) -> Bundle:
        task, options = config.chosen_task, config.task_options
        base = locate(config.model.id, config.model.revision)
        if which == "tuned":
            bundle = load_tuned(task, run.model, options, config.chosen_strategy, self._trust, base)
        elif which == "before":
            if base is None:
                raise StudioError(
                    "The model before training is no longer on this machine.",
                    f"'{config.model.id}' was moved or removed.",
                    "Put it back to compare; the tuned model works without it.",
                )
            bundle = load_untrained(task, base, run.model, run.initial_weights, options, self._trust)
        else:
            raise StudioError(f"There is no model '{which}' of a run.", "Known: tuned, before.")
        device = free_device(stored_bytes(base) if base else stored_bytes(run.model))
        return replace(bundle, model=bundle.model.to(device), device=device)


def free_device(weights: int) -> str:
    """A GPU with room for weights of so many bytes, else the CPU."""
    import torch

    if torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > 2 * weights + ROOM_TO_WORK:
        return "cuda"
    return "cpu"
