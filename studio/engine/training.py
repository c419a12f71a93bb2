"""A run from its first to its last event, given a device: load, plan, train, examine, save. Imports torch."""

import importlib.metadata
import shutil
import time
from dataclasses import replace
from pathlib import Path

import torch

from studio.config import RunConfig
from studio.engine import outputs, ranks
from studio.engine.callbacks.evaluation import finite
from studio.engine.checkpoint import Checkpoints, step_of
from studio.engine.evaluation import SCORING
from studio.engine.frozen_layers import cache_folder
from studio.engine.material import load
from studio.engine.precision import choose_device
from studio.engine.random_state import seed_everything
from studio.engine.range_test import find_learning_rate
from studio.engine.reporting import Interrupted, Reporter
from studio.engine.resolved_settings import ResolvedSettings, default_threads
from studio.engine.session import Session, build
from studio.events import LOG_VERSION, Evaluated, Finished, Paused, Phase, Resumed, Started, fold
from studio.language import _, sentences
from studio.paths import Home
from studio.store import Run

PACKAGES = ("torch", "transformers", "peft", "accelerate")


def train_run(run: Run, home: Home, reporter: Reporter) -> None:
    """Ends with Finished or Paused; whatever goes wrong is raised, and Interrupted before training begins."""
    config = RunConfig.from_file(run.config_file)
    checkpoints = Checkpoints(run.checkpoints)
    resolved = start(run, config, reporter)
    session = build(run, config, load(config, home, reporter), resolved, reporter)
    command = ranks.agreed(run.pending_command)
    if command == "pause" or (command == "stop" and checkpoints.newest() is None):
        raise Interrupted(command)
    stopping = command == "stop"
    seed_everything(config.training.seed + ranks.rank())  # dropout and the like differ from process to process
    continue_from(checkpoints, session, run, reporter)
    looks = config.training.find_learning_rate and not stopping
    if looks and session.unfreezing:  # with all that will ever learn: a rate that suits a head alone hurts what joins
        find_learning_rate(run, session.loop, reporter)
    session.place(reporter, compute_once=not stopping)
    if looks and not session.unfreezing:
        find_learning_rate(run, session.loop, reporter)
    if stopping:
        session.loop.state.ended = session.loop.state.ended or "stopped"
    reporter.emit(Phase(name="training", sentence=_("Training.")))
    session.loop.run()
    if session.loop.pausing:
        reporter.emit(Paused(step=session.loop.state.step))
        return
    reporter.obeys = ()
    finish(session, run, config, checkpoints, reporter)


def start(run: Run, config: RunConfig, reporter: Reporter) -> ResolvedSettings:
    """Announce the worker; resolve device and threads at the first start."""
    known = ResolvedSettings.read(run.folder)
    threads = max(1, default_threads() // ranks.world())
    resolved = ranks.agreed(known or ResolvedSettings(choose_device(config.training.device).type, threads))
    if known is None and ranks.is_main():
        resolved.write(run.folder)
    choose_device(resolved.device)  # it may be gone since
    torch.set_num_threads(resolved.threads)
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    precision = resolved.precision or config.training.precision
    reporter.emit(
        Started(
            version=LOG_VERSION,
            device=device_name(resolved.device),
            precision=precision,
            threads=resolved.threads,
            versions=versions,
        )
    )
    return resolved


def device_name(kind: str) -> str:
    return f"cuda: {torch.cuda.get_device_name()}" if kind == "cuda" else kind


def continue_from(checkpoints: Checkpoints, session: Session, run: Run, reporter: Reporter) -> None:
    """Go back to the newest checkpoint that is whole; without one, what an earlier life logged is void."""
    newest, whole = ranks.agreed(_checkpoints_found(checkpoints) if ranks.is_main() else (None, None))
    if whole is not None:
        checkpoints.restore(session.loop, whole)
        reporter.emit(Resumed(step=session.loop.state.step))
        if newest is not None and whole != newest:
            going_on = _("Training goes on from step {step}.", step=step_of(whole))
            reporter.note(sentences(_damaged(newest), going_on), "warning")
        return
    logged = fold(run.read_from()[0])
    if logged.train or logged.validation:
        reporter.emit(Resumed(step=-1))  # before the evaluation at step 0
    if newest is not None:
        anew = _("No progress from before it can be read, so training begins anew.")
        reporter.note(sentences(_damaged(newest), anew), "warning")


def _damaged(checkpoint: Path) -> str:
    return _("The progress that was saved at step {step} is damaged on the disk.", step=step_of(checkpoint))


def _checkpoints_found(checkpoints: Checkpoints) -> tuple[Path | None, Path | None]:
    """The newest checkpoint, and the newest that is whole."""
    newest = checkpoints.newest()
    return newest, checkpoints.newest_whole()


def finish(session: Session, run: Run, config: RunConfig, checkpoints: Checkpoints, reporter: Reporter) -> None:
    """The best weights: examined on the test split once, saved with their model, and announced."""
    evaluation, evaluator, task = session.evaluation, session.evaluator, config.chosen_task
    position = session.loop.state
    checkpoints.restore_best(session.model, position.best_step)
    best_step = position.best_step if position.best_step is not None else position.step
    scores = {}
    if evaluator.rows("validation"):
        scores["validation"] = evaluation.best_scores or evaluator.score("validation")
    was_recorded = session.loop.forward.cache is not None
    if session.loop.forward.cache is not None:
        session.loop.forward.cache.close()
    # from here on as the saved model will answer: in full precision, and whole where its layers were not recorded
    session.loop.accelerator.unwrap_model(session.model, keep_fp32_wrapper=False)
    again = ["validation"] if evaluator.rows("validation") and task.settles(session.prepared.tools) else []
    if was_recorded and (splits := [*again, *(["test"] if evaluator.rows("test") else [])]):
        session.frozen.for_scores(
            session.loop,
            splits,
            lambda done, total: reporter.phase("evaluating", SCORING[splits[-1]], done, total),
        )
    evaluator.settle("validation")
    if evaluator.rows("test"):
        examined = evaluator.examine("test")
        scores["test"] = examined.scores
        if ranks.is_main():
            outputs.save_test_rows(run, task, session.table, examined)
        metrics = finite(scores["test"].metrics)
        reporter.emit(Evaluated(split="test", step=best_step, epoch=position.best_epoch, metrics=metrics))
    if session.loop.forward.cache is not None:
        session.loop.forward.cache.close()
    reporter.phase("saving", _("Saving the model."))
    shutil.rmtree(cache_folder(run), ignore_errors=True)
    if not ranks.is_main():
        return
    judged = next((split for split in ("test", "validation") if scores.get(split) and scores[split].metrics), None)
    if judged and (beside := task.beside(session.table)):
        scores[judged] = replace(scores[judged], remarks=(*scores[judged].remarks, *beside))
    outputs.save_scores(run, scores)
    task.finish(session.model, session.prepared.tools)
    outputs.save_model(run, session.model, session.prepared.tools.processor, config.chosen_strategy)
    ended = position.ended or "completed"
    reporter.emit(Finished(reason=ended, best_step=best_step, seconds=seconds_spent(run)))
    run.remove_checkpoints()


def seconds_spent(run: Run) -> float:
    """With a worker at work, over all the run's lives."""
    state = fold(run.read_from()[0])
    now = time.time()
    return round(state.seconds + now - (state.working_since or now), 1)
