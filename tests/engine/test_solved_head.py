"""A head that is solved at once: it is scikit-learn's, the model answers with it, and training goes on from it."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from families import build, head_of, structure_of
from family_runs import collate, items
from prepared import prepared_of
from sklearn.linear_model import LogisticRegression
from trained import (
    Finished,
    Workers,
    assert_same_training,
    in_this_process,
    open_session,
    pause_held,
    stages_computed_once,
    state_of,
)

from studio.activation_store import ActivationStore
from studio.engine import solved_head
from studio.engine.cache import build_cache
from studio.engine.forward import Forward
from studio.engine.frozen import find_boundaries, trace
from studio.engine.linear_head import solve
from studio.engine.solved_head import features_of, last_layer, solve_head
from studio.errors import StudioError
from studio.events import Note, Step
from studio.paths import Home
from studio.strategies import STRATEGIES
from studio.strategies.selection import train_only

CPU = torch.device("cpu")


def clusters(rows: int, size: int, classes: int, seed: int = 0, apart: float = 1.0) -> tuple[Any, Any]:
    chance = numpy.random.default_rng(seed)
    labels = numpy.arange(rows) % classes
    middles = numpy.random.default_rng(9).normal(0, apart, (classes, size))
    return (3 + 0.5 * (middles[labels] + chance.normal(0, 1, (rows, size)))).astype("float32"), labels


def shares(logits: Any) -> Any:
    return torch.softmax(torch.from_numpy(logits), -1).numpy()


@pytest.mark.parametrize("labels", [[0, 1], [0, 0, 1], [*range(10)], [0] * 29 + [1], [0, 0, 0, 1, 2]])
def test_classes_with_a_single_row_are_learned_too(labels: list[int]) -> None:
    features = numpy.eye(max(labels) + 1, 12, dtype="float32")[labels] * 5
    head = solve(features, numpy.asarray(labels), max(labels) + 1)
    assert numpy.isfinite(head.weight).all() and numpy.isfinite(head.bias).all()
    assert head.accuracy is None or 0 <= head.accuracy <= 1
    if max(labels) + 1 == len(labels):
        assert head.accuracy is None and head.logits(features).argmax(axis=1).tolist() == labels
        assert "too few examples" in solved_head.said_of(head)


def test_solving_can_be_interrupted_between_two_fits() -> None:
    features, labels = clusters(100, 8, 3)
    count = iter(range(3))

    def between() -> None:
        if next(count) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(features, labels, 3, between=between)
    assert next(count, None) is None


@pytest.mark.parametrize(("rows", "size", "classes"), [(200, 12, 2), (200, 12, 4), (40, 120, 3)])
def test_it_is_the_one_of_scikit_learn(rows: int, size: int, classes: int) -> None:
    features, labels = clusters(rows, size, classes, apart=0.4)
    head = solve(features, labels, classes)
    spread = (features - features.mean(axis=0)).std()
    theirs = LogisticRegression(C=1 / (head.penalty * rows), max_iter=2000, tol=1e-6)
    theirs.fit((features - features.mean(axis=0)) / spread, labels)
    fresh = clusters(50, size, classes, seed=1, apart=0.4)[0]
    expected = theirs.predict_proba((fresh - features.mean(axis=0)) / spread)
    numpy.testing.assert_allclose(shares(head.logits(fresh)), expected, atol=2e-3)


def test_what_is_promised_holds_on_new_rows() -> None:
    head = solve(*clusters(300, 20, 3, apart=0.5), 3)
    fresh, truth = clusters(3000, 20, 3, seed=1, apart=0.5)
    reached = (head.logits(fresh).argmax(axis=1) == truth).mean()
    assert 0.5 < head.accuracy < 0.98 and 0.005 < head.noise < 0.03
    assert abs(reached - head.accuracy) < 3 * head.noise


def test_noise_asks_for_a_strong_penalty() -> None:
    noisy = clusters(120, 60, 2, apart=0.1)
    clear = clusters(120, 60, 2, apart=3.0)
    assert solve(*noisy, 2).penalty > 10 * solve(*clear, 2).penalty


def test_classes_without_examples_are_never_said() -> None:
    features, labels = clusters(60, 8, 3)
    head = solve(features, numpy.array([0, 2, 4])[labels], 5)
    assert head.weight.shape == (5, 8)
    assert set(head.logits(features).argmax(axis=1)) == {0, 2, 4}


def test_a_class_with_a_single_example() -> None:
    features, labels = clusters(41, 8, 2)
    labels[-1] = 2
    head = solve(features, labels, 3)
    assert numpy.isfinite(head.weight).all() and head.accuracy > 0.9


def test_rare_classes_count_more_where_that_is_right_more_often() -> None:
    features, labels = clusters(400, 6, 2, apart=0.3)
    kept = (labels == 0) | (numpy.arange(400) % 8 == 1)
    head = solve(features[kept], labels[kept], 2)
    plain = max(numpy.mean(labels[kept] == 0), 0.5)
    assert head.accuracy >= plain - head.noise


def test_a_run_solves_its_head_in_one_step(finished: Finished) -> None:
    run = finished["solved"]
    state = state_of(run)
    assert state.plan is not None and state.plan.total_steps == 1 and state.plan.epochs == 1
    assert state.plan.trainable_parameters == 32 * 2 + 2, "without the pooler"
    assert [check.step for check in state.validation] == [0, 1]
    assert state.best is not None and state.best.step == 1 and state.best.metrics["accuracy"] > 0.7
    assert stages_computed_once(run) == ["0"]
    (said,) = (event for event in run.read_from()[0] if isinstance(event, Note) and "cross-validation" in event.text)
    assert "give or take" in said.text


def test_the_model_answers_as_scikit_learn_does(finished: Finished) -> None:
    session = open_session(finished.new("solved"))
    forward = session.loop.forward
    head, loss, rows = solve_head(forward, 7, lambda done, total: None)
    features, labels = features_of(forward, last_layer(session.model), "train", lambda done, total: None)
    assert rows == len(labels)
    with torch.no_grad():
        said = forward("train", list(range(rows)))
    expected = shares(head.logits(features))
    numpy.testing.assert_allclose(torch.softmax(said.outputs.logits, -1).numpy(), expected, atol=3e-4)
    assert loss == pytest.approx(float(said.mean), abs=1e-3)
    forward.cache.close()
    with torch.no_grad():
        whole = forward("train", list(range(rows)))
    numpy.testing.assert_allclose(torch.softmax(whole.outputs.logits, -1).numpy(), expected, atol=3e-4)


def test_recorded_or_not_the_same_enters_the_last_layer(tmp_path: Path) -> None:
    """Also where nothing stands between it and the frozen layers."""
    model = train_only(build("vit"), head_of("vit")).eval()
    examples = {split: items("vit") for split in ("train", "validation")}
    forward = Forward(model, prepared_of("image-classification", model, examples, collate, head_of("vit")), CPU)
    layer = last_layer(model)
    plain, _labels = features_of(forward, layer, "train", lambda done, total: None)
    boundaries = find_boundaries(trace(model, lambda: forward("train", [0])))
    store = ActivationStore(Home(tmp_path / "home"))
    forward.cache = build_cache(forward, boundaries, tmp_path / "run", 4, "fp32", store, lambda done, total: None)
    recorded, _labels = features_of(forward, layer, "train", lambda done, total: None)
    assert plain.std() > 0.1
    numpy.testing.assert_allclose(recorded, plain, atol=1e-4)


def test_everything_learns_on_from_a_solved_head(finished: Finished) -> None:
    run = finished["lp-ft-solved"]
    state = state_of(run)
    assert [check.step for check in state.validation][:2] == [0, 1], "what was solved may be the best"
    assert state.validation[1].metrics["loss"] < state.validation[0].metrics["loss"]
    assert len([event for event in run.read_from()[0] if isinstance(event, Step)]) > 2
    assert state.layers is not None and set(state.layers.states) == {"trained"}


def test_paused_behind_the_solved_head_and_resumed(finished: Finished, workers: Workers) -> None:
    run = finished.new("lp-ft-solved")
    pause_held(run, workers.start_and_hold(run, 5))
    assert run.state().status == "paused"
    assert workers.work(run).status == "completed"
    assert_same_training(run, finished["lp-ft-solved"])


def test_paused_while_it_is_solved(finished: Finished, monkeypatch: pytest.MonkeyPatch, workers: Workers) -> None:
    run = finished.new("solved")
    collect = solved_head.features_of

    def pausing(*arguments: Any) -> Any:
        run.command("pause")
        return collect(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(solved_head, "features_of", pausing)
        assert in_this_process(run, patch) == 0
    assert run.state().status == "paused"
    assert workers.work(run).status == "completed"
    assert_same_training(run, finished["solved"])


def test_what_a_model_makes_of_its_last_layer_is_seen(finished: Finished) -> None:
    session = open_session(finished.new("solved"))
    last_layer(session.model).register_forward_hook(lambda module, inputs, output: output / 9)
    with pytest.raises(StudioError, match="cannot be solved"):
        solve_head(session.loop.forward, 0, lambda done, total: None)


@pytest.mark.parametrize("family", ["roberta", "distilbert"])
def test_a_head_of_several_layers_is_refused(family: str) -> None:
    structure = structure_of(family)
    for name in ("freeze", "lp-ft"):
        strategy = STRATEGIES[name]
        options = strategy.Options(head="solve")
        assert strategy.why_not_with(structure, options), "hidden layers cannot be solved"
        assert strategy.why_not_with(structure_of("bert"), options) is None


def test_several_labels_an_example_are_refused(finished: Finished) -> None:
    session = open_session(finished.new("image-labels"))
    with pytest.raises(StudioError, match="cannot be solved"):
        solve_head(session.loop.forward, 0, lambda done, total: None)


def test_more_rows_and_classes_than_memory_holds_are_refused_at_once(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(finished.new("solved"))
    monkeypatch.setattr(solved_head, "MOST_SCORES", 10)
    with pytest.raises(StudioError, match="too much memory"):
        solve_head(session.loop.forward, 0, lambda done, total: None)
