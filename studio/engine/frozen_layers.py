"""What does not train at the moment: it runs without dropout, and where that helps it is computed once for all."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from torch import nn

from studio.activation_store import ActivationStore
from studio.engine import ranks
from studio.engine.cache import REPEATED, build_cache
from studio.engine.frozen import Call, find_boundaries, modules_without_dropout, trace
from studio.engine.random_state import kept_random_state
from studio.engine.replay import CannotRecord, NothingToGain
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.language import _, sentences
from studio.store import Run

if TYPE_CHECKING:
    from studio.engine.loop import Loop

CACHE_FOLDER = "cache"
TRIED_AGAIN = 8  # rows: that the model can be cut was tried before training
FEW_EXAMPLES = 16  # below it, the statistics of a batch do harm: Wu and He 2018, arXiv:1803.08494, figure 1

logger = logging.getLogger(__name__)
Statistics = Literal["learning", "frozen", "updated"]


class FrozenLayers:
    """`refresh` after every change of what trains. wanted: whether activations may be kept on the disk.

    batch_norm: "learning" lets running statistics move where a layer learns; "frozen" keeps all as they are; "updated"
    lets all move, so that what is frozen says something else each time, and nothing is kept. uncounted: layers of it
    that learn their statistics also under "frozen".
    """

    def __init__(
        self,
        run: Run,
        resolved: ResolvedSettings,
        reporter: Reporter,
        wanted: bool,
        batch_norm: Statistics,
        uncounted: Sequence[nn.Module] = (),
    ) -> None:
        self._run = run
        self._resolved = resolved
        self._reporter = reporter
        self._wanted = wanted
        self._batch_norm = batch_norm
        self._uncounted = set(map(id, uncounted))

    def refresh(self, loop: "Loop", stage: int, passes: float) -> None:
        """Find what is frozen now, and compute it once where that pays. `stage`: of unfreezing, 0 where there is none.
        passes: over the training examples, before something else is frozen.

        Random numbers are as before afterwards. Raises Interrupted when asked to pause meanwhile.
        """
        with kept_random_state():
            forward = loop.forward
            if forward.cache is not None:
                forward.cache.close()
            boundaries = find_boundaries(trace(loop.model, lambda: forward("train", [0])))
            loop.always_eval = self._without_dropout(loop, boundaries)
            if self._batch_norm == "updated" and batch_norms(loop.model):
                return
            known = self._resolved.cached.get(str(stage))
            if not self._wanted or not boundaries or known is False:
                return
            if known is None and not pays(loop, passes):
                self._remember(stage, False)
                return
            progress: Callable[[int, int], None] = lambda done, total: self._reporter.phase(  # noqa: E731
                "caching", _("Computing the frozen layers once for all epochs."), done, total
            )
            size, precision = self._resolved.batch_size or 1, str(self._resolved.precision)
            folder, store = cache_folder(self._run), ActivationStore(self._run.home)
            try:
                forward.cache = build_cache(forward, boundaries, folder, size, precision, store, progress)
            except NothingToGain:
                pass  # so for adapters in the lowest block; nobody needs to read about it
            except CannotRecord as reason:
                self._reporter.note(
                    sentences(_("Frozen layers are computed anew in every epoch."), reason.explanation.what)
                )
            self._remember(stage, forward.cache is not None)

    def for_scores(self, loop: "Loop", splits: Sequence[str], progress: Callable[[int, int], None]) -> None:
        """Let the scores at the end begin at the boundary as well, in full precision: a later run knows them then.

        Call where training used a recording. Several processes compute the whole model instead, each for its own rows.
        """
        if ranks.world() > 1:
            return
        forward, folder = loop.forward, cache_folder(self._run)
        boundaries = find_boundaries(trace(loop.model, lambda: forward(splits[-1], [0])))
        size, store = self._resolved.batch_size or 1, ActivationStore(self._run.home)
        try:
            forward.cache = build_cache(forward, boundaries, folder, size, "fp32", store, progress, splits, TRIED_AGAIN)
        except CannotRecord as reason:
            logger.info("The scores are computed by the whole model: %s", reason)

    def _without_dropout(self, loop: "Loop", boundaries: list[list[Call]]) -> list[nn.Module]:
        quiet = modules_without_dropout(loop.model, boundaries)
        norms = batch_norms(loop.model)
        if self._batch_norm == "frozen":
            return quiet + [module for module in norms if id(module) not in self._uncounted]
        if self._batch_norm == "learning":
            return quiet
        moving = {id(module) for module in norms}
        leaves = [leaf for module in quiet for leaf in module.modules() if not any(leaf.children())]
        return [leaf for leaf in leaves if id(leaf) not in moving]

    def _remember(self, stage: int, cached: bool) -> None:
        """A resumed run has to compute the same bits, so it must not find another answer than this."""
        self._resolved = replace(self._resolved, cached={**self._resolved.cached, str(stage): cached})
        if ranks.is_main():
            on_disk = ResolvedSettings.read(self._run.folder) or self._resolved  # which may know a learning rate by now
            replace(on_disk, cached=self._resolved.cached).write(self._run.folder)


def cache_folder(run: Run) -> Path:
    """Each process keeps recordings of its own."""
    return run.folder / (f"{CACHE_FOLDER}-{ranks.rank()}" if ranks.rank() else CACHE_FOLDER)


def pays(loop: "Loop", passes: float) -> bool:
    """Whether no fewer examples will be read from a recording than go into it."""
    prepared = loop.forward.prepared
    there = (split for split in REPEATED if split in prepared.examples and split not in prepared.varying)
    rows = {split: len(prepared.examples[split]) for split in there}
    read = rows.get("train", 0) + loop.plan.evaluations_per_epoch * rows.get("validation", 0)
    return passes * read >= sum(rows.values())


def statistics(
    wanted: Literal["auto", "frozen", "updated"], micro_batch_size: int, is_reinitialised: bool
) -> Statistics:
    """What "auto" means: a pretrained model keeps its statistics where too few examples go through it at once."""
    if wanted != "auto":
        return wanted
    return "frozen" if micro_batch_size < FEW_EXAMPLES and not is_reinitialised else "learning"


def batch_norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]


def uncounted(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Batch normalisation that has not seen a batch: without statistics of its own it would normalise nothing."""
    return [
        norm
        for norm in batch_norms(model)
        if norm.running_mean is not None and norm.running_var is not None
        if not norm.running_mean.any() and bool((norm.running_var == 1).all())
    ]
