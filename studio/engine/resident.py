"""Models of finished runs in memory: the last few that were asked, tuned ones and their state before training."""

from collections import OrderedDict
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pandas

from studio.config import RunConfig
from studio.errors import StudioError
from studio.forecast import loaded_bytes
from studio.language import _
from studio.models.sources import locate
from studio.store import Run, is_complete
from studio.tasks.loading import Bundle, load_tuned, load_untrained, structure_of_folder

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
                _("This run has no model yet."), _("Its training has not ended."), _("Wait for the end, or press Stop.")
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
        task, options, strategy = config.chosen_task, config.task_options, config.chosen_strategy
        base = locate(config.model.id, config.model.revision)
        device = self._device(run, config)
        loading = strategy.loading_on(device, config.strategy_options)
        if which == "tuned":
            bundle = load_tuned(task, run.model, options, strategy, self._trust, base, loading)
        elif which == "before":
            if base is None:
                raise StudioError(
                    _("The model before training is no longer on this machine."),
                    _("'{model}' was moved or removed.", model=config.model.id),
                    _("Put it back to compare; the tuned model works without it."),
                )
            bundle = load_untrained(task, base, run.model, run.initial_weights, options, self._trust, loading)
        else:
            raise StudioError(
                _("There is no model '{which}' of a run.", which=which),
                _("Known: tuned, before."),
            )
        return replace(
            bundle,
            model=bundle.model.to(device),
            device=device,
            table=cache(partial(pandas.read_parquet, run.examples_file)),
        )

    def _device(self, run: Run, config: RunConfig) -> str:
        """A GPU with room for the run's model, else the CPU."""
        import torch

        if not torch.cuda.is_available():
            return "cpu"
        structure = structure_of_folder(config.chosen_task.model, run.model, self._trust)
        loading = config.chosen_strategy.loading_on("cuda", config.strategy_options)
        needed = loaded_bytes(config, structure, loading) + ROOM_TO_WORK
        return "cuda" if torch.cuda.mem_get_info()[0] > needed else "cpu"
