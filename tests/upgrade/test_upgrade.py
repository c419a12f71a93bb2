"""Whatever an earlier version wrote is opened, shown, resumed and used by this one."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import yaml
from trained import Inference, Workers
from upgrade_samples import NAMES, Sample, expected_of, open_sample

from studio.app.demos import own_data
from studio.app.live import poll
from studio.app.main import BUILDERS
from studio.app.pages import Services
from studio.app.results import Results
from studio.app.server import make_services
from studio.app.tabs.runs import run_page
from studio.config import RunConfig
from studio.data.importing import Imported
from studio.events import parse
from studio.predictor import Predictor
from studio.server_settings import ServerSettings
from studio.store import Run, Store

ROUNDING = 1e-5  # of a loss, on another processor of the same kind; other random numbers change it by 0.2


def runs_where(key: str) -> list[Any]:
    """(sample, run id) of all runs of all samples whose expectations have something under `key`."""
    return [
        pytest.param(name, run_id, id=f"{name}: {seen['name']}")
        for name in NAMES
        for run_id, seen in expected_of(name)["runs"].items()
        if seen.get(key)
    ]


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    return open_sample(request.param, tmp_path)


@pytest.fixture
def services(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(Predictor, "warm_up", lambda self, run=None: None)
    made = make_services(ServerSettings(home=str(sample.home.root), warm_start=False, open_browser=False))
    yield made
    made.predictor.close()
    made.supervisor.close()


def config_of(values: dict[str, Any]) -> RunConfig:
    """A run file as an earlier version wrote it, read by this one."""
    return RunConfig.from_text(yaml.safe_dump(values))


def test_every_run_is_listed_with_what_it_reached(sample: Sample, services: Services) -> None:
    rows = {row["id"]: row for row in run_page(services, {"count": 100})["rows"]}
    assert rows.keys() == sample.expected["runs"].keys()
    for run in Store(sample.home):
        seen, state, row = sample.expected["runs"][run.id], run.state(), rows[run.id]
        assert (run.name, state.status, state.resumable) == (seen["name"], seen["status"], seen["resumable"])
        assert row["name"] == seen["name"] and row["data"] == "reviews" and row["model"] == "base" and row["strategy"]
        assert bool(row["metric"]) == bool(seen["validation"]) and run.created > 0


def test_every_line_of_every_log_is_understood(sample: Sample) -> None:
    """None is passed over as torn, or as another version's."""
    for run in Store(sample.home):
        for line in run.events_file.read_text(encoding="utf-8").splitlines():
            assert parse(line)


def test_the_page_shows_every_run_as_it_was(sample: Sample, services: Services) -> None:
    for run in Store(sample.home):
        seen, state = sample.expected["runs"][run.id], services.states.of(run)
        assert [list(point) for point in state.train] == seen["train"]
        assert [[event.step, event.metrics, event.best] for event in state.validation] == seen["validation"]
        assert (state.test.metrics if state.test else None) == seen["test"]
        assert (state.finished.best_step if state.finished else None) == seen["best_step"]
        assert (state.plan.total_steps if state.plan else None) == seen["total_steps"]
        assert [note.text for note in state.notes] == seen["notes"]
        assert (state.failure.what if state.failure else None) == seen["failure"]
        message = poll(services.store, services.states, run.id, 0)
        assert [step for step, _ in message["train"]] == [step for step, _ in seen["train"]]
        assert message["log"]


def test_what_a_finished_run_found_out_is_there(sample: Sample, services: Services) -> None:
    results = Results(services.store, services.home)
    for run_id, seen in sample.expected["runs"].items():
        if seen["test"]:
            page = results.page({"run": run_id})
            assert page["total"] == 6 and all(row["label"]["text"] in ("good", "bad") for row in page["rows"])


def test_a_draft_opens_with_all_its_choices(sample: Sample, services: Services) -> None:
    for draft_id, seen in sample.expected["drafts"].items():
        draft = services.drafts.load(draft_id)
        assert draft.run_config() == config_of(seen["config"])
        where = draft.model_dump(mode="json")
        assert {name: where[name] for name in seen["where"] if name in where} == {
            name: value for name, value in seen["where"].items() if name in where
        }


def test_choices_set_aside_for_a_demo_come_back(sample: Sample, services: Services) -> None:
    for draft_id, seen in sample.expected["drafts"].items():
        if seen["own"]:
            assert own_data(services.drafts.load(draft_id)).run_config() == config_of(seen["own"])


def test_every_page_is_drawn(sample: Sample, services: Services) -> None:
    with gr.Blocks():
        pages = [build(services) for build in BUILDERS]
        for draft in map(services.drafts.load, sample.expected["drafts"]):
            for page in pages:
                assert len(page.show(draft)) == len(page.outputs)


def test_imported_data_opens(sample: Sample) -> None:
    for name, seen in sample.expected["datasets"].items():
        imported = Imported.open(sample.home.datasets / name)
        assert imported is not None
        assert (imported.title, imported.format, imported.kind) == (seen["title"], seen["format"], seen["kind"])
        assert (imported.rows, list(imported.columns)) == (seen["rows"], seen["columns"])
        assert imported.reading.model_dump(include=set(seen["reading"])) == seen["reading"]
        assert [problem.what for problem in imported.problems] == seen["problems"]
        (first,) = imported.page(0, 1).to_dict("records")
        assert first == seen["first"] and len(imported.table()) == imported.rows
        if "image" in first:
            assert imported.thumbnail(first["image"]).is_file()


@pytest.mark.parametrize(("name", "run_id"), runs_where("undisturbed"))
def test_a_paused_run_goes_on_as_if_nothing_had_been(name: str, run_id: str, tmp_path: Path, workers: Workers) -> None:
    sample = open_sample(name, tmp_path)
    run = Store(sample.home).get(run_id)
    paused = run.state()
    state = workers.work(run)
    assert state.status == "completed", run.worker_log.read_text(encoding="utf-8")
    assert state.train[: len(paused.train)] == paused.train
    assert [event.step for event in run.read_from()[0] if event.type == "resumed"] == [paused.checkpoint]
    seen = sample.expected["runs"][run_id]["undisturbed"]
    assert [step for step, _ in state.train] == [step for step, _ in seen["train"]]
    assert [event.step for event in state.validation] == [step for step, _, _ in seen["validation"]]
    assert state.test is not None and state.test.metrics.keys() >= seen["test"].keys()
    if platform.machine() == sample.expected["machine"]:  # others draw other random numbers
        assert [loss for _, loss in state.train] == pytest.approx([loss for _, loss in seen["train"]], abs=ROUNDING)
        for event, (_, metrics, best) in zip(state.validation, seen["validation"], strict=True):
            assert event.best == best
            assert {key: event.metrics[key] for key in metrics} == pytest.approx(metrics, abs=ROUNDING)
        assert state.finished is not None and state.finished.best_step == seen["best_step"]
        assert state.test.metrics["loss"] == pytest.approx(seen["test"]["loss"], abs=ROUNDING)


@pytest.mark.parametrize(("name", "run_id"), runs_where("answers"))
def test_a_finished_model_gives_the_same_answers(name: str, run_id: str, tmp_path: Path, inference: Inference) -> None:
    sample = open_sample(name, tmp_path)
    run = Run(sample.home.runs / run_id)
    for which, answers in sample.expected["runs"][run_id]["answers"].items():
        found = inference.predict(run, list(answers), which)
        assert found == [pytest.approx(probabilities, abs=ROUNDING) for probabilities in answers.values()]


def test_a_sample_holds_what_its_tests_look_for() -> None:
    assert runs_where("undisturbed") and runs_where("answers") and runs_where("failure")
    for name in NAMES:
        expected = expected_of(name)
        assert expected["drafts"] and any(draft.get("own") for draft in expected["drafts"].values())
        assert {data["kind"] for data in expected["datasets"].values()} >= {"text", "image"}
