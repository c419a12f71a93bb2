"""Whatever an earlier version wrote is opened, shown, resumed and used by this one."""

import importlib.util
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import pytest
import yaml
from trained import Inference, Workers
from upgrade_samples import NAMES, Sample, expected_of, open_sample

from studio.app.architectures import Architectures
from studio.app.demos import own_data
from studio.app.live import poll
from studio.app.main import BUILDERS
from studio.app.pages import Services
from studio.app.results import rows_page
from studio.app.run_list import run_page
from studio.app.server import make_services
from studio.app.views import VIEWS
from studio.config import RunConfig
from studio.data.importing import Imported
from studio.events import parse
from studio.paths import Home
from studio.predictor import Predictor
from studio.server_settings import ServerSettings
from studio.store import Run, Store
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.tasks.results import stored_scores

ROUNDING = {
    "rel": 1e-5,
    "abs": 1e-5,
}  # on another processor of the same kind; other random numbers change a loss by 0.2
ROUNDED_ANSWER = {"rel": 1e-4, "abs": 2e-4}  # scores of answers may be rounded to 4 digits
ROUNDED_BOX = {"abs": 0.02}  # pixels
PAGES_OF_A_RUN = ("train", "test", "share")


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
    monkeypatch.setattr(Architectures, "current", lambda self, draft: None)  # it would start a process
    made = make_services(ServerSettings(home=str(sample.home.root), warm_start=False, open_browser=False))
    yield made
    made.predictor.close()
    made.supervisor.close()
    made.index.close()


def is_whole(seen: Mapping[str, Any]) -> bool:
    """Of a draft: whether it came as far as to data, and is not just some settings."""
    return bool(seen["where"].get("title"))


def config_of(values: dict[str, Any]) -> RunConfig:
    """A run file as an earlier version wrote it, read by this one."""
    return RunConfig.from_text(yaml.safe_dump(values))


def test_every_run_is_listed_with_what_it_reached(sample: Sample, services: Services) -> None:
    rows = {row["id"]: row for row in run_page(services, {"count": 100})["rows"]}
    assert rows.keys() == sample.runs.keys()
    for run in Store(sample.home):
        seen, state, row = sample.runs[run.id], run.state(), rows[run.id]
        assert (run.name, state.status, state.resumable) == (seen["name"], seen["status"], seen["resumable"])
        assert (row["name"], row["data"]) == (seen["name"], seen.get("data", "reviews")) and row["strategy"]
        assert row["model"] == seen.get("model", "base")
        assert bool(row["metric"]) == bool(seen["validation"]) and run.created > 0


def test_runs_that_wait_are_next_and_deleted_ones_come_back(sample: Sample, services: Services) -> None:
    assert [run.id for run in services.supervisor.queue()] == list(sample.expected.get("queue", ()))
    deleted = sample.expected.get("deleted", {})
    assert {run.id: run.name for run in services.store.deleted()} == deleted
    for run_id in deleted:
        services.store.restore(run_id)
        assert services.store.find(run_id)


def test_every_line_of_every_log_is_understood(sample: Sample) -> None:
    """None is passed over as torn, or as another version's."""
    for run in Store(sample.home):
        for line in run.events_file.read_text(encoding="utf-8").splitlines() if run.events_file.exists() else ():
            assert parse(line)


def test_the_page_shows_every_run_as_it_was(sample: Sample, services: Services) -> None:
    for run in Store(sample.home):
        seen, state = sample.runs[run.id], services.states.of(run)
        assert [list(point) for point in state.train] == seen["train"]
        assert [[event.step, event.metrics, event.best] for event in state.validation] == seen["validation"]
        assert (state.test.metrics if state.test else None) == seen["test"]
        assert (state.finished.best_step if state.finished else None) == seen["best_step"]
        assert (state.plan.total_steps if state.plan else None) == seen["total_steps"]
        assert [note.text for note in state.notes] == seen["notes"]
        assert (state.failure.what if state.failure else None) == seen["failure"]
        message = poll(services.store, services.states, run.id, 0)
        assert [step for step, _ in message["train"]] == [step for step, _ in seen["train"]]
        assert bool(message["log"]) == bool(seen["total_steps"] or seen["failure"])


def test_what_a_finished_run_found_out_is_there(sample: Sample, services: Services) -> None:
    for run_id, seen in sample.runs.items():
        if not seen["test"]:
            continue
        page, found = rows_page(services.store, {"run": run_id}), stored_scores(Run(sample.home.runs / run_id))
        if "examples" in seen:
            assert [[row["row"], row["cells"]] for row in page["rows"]] == seen["examples"]
            assert {split: found[split]["metrics"] for split in found} == seen["scores"]
        else:
            assert page["total"] == 6 and all(row["label"]["text"] in ("good", "bad") for row in page["rows"])
        assert all(row["answer"]["text"] for row in page["rows"])
        assert found["test"]["metrics"] == seen["test"]
        for view in found["test"]["views"]:
            assert VIEWS[view["kind"]].figure(view["title"], view["data"])


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
    drafts = [services.drafts.load(draft_id) for draft_id, seen in sample.expected["drafts"].items() if is_whole(seen)]
    shown = [(page, draft) for page in pages for draft in drafts]
    for run_id in (run_id for run_id, seen in sample.runs.items() if seen["test"]):
        shown += [(page, drafts[0].change(run=run_id)) for page in pages if page.key in PAGES_OF_A_RUN]
    for page, draft in shown:
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
    seen = sample.runs[run_id]["undisturbed"]
    seen = sample.runs[seen] if isinstance(seen, str) else seen
    assert [step for step, _ in state.train] == [step for step, _ in seen["train"]]
    assert [event.step for event in state.validation] == [step for step, _, _ in seen["validation"]]
    assert state.test is not None and state.test.metrics.keys() >= seen["test"].keys()
    if platform.machine() == sample.expected["machine"]:  # others draw other random numbers
        assert [loss for _, loss in state.train] == pytest.approx([loss for _, loss in seen["train"]], **ROUNDING)
        for event, (_, metrics, best) in zip(state.validation, seen["validation"], strict=True):
            assert event.best == best
            assert {key: event.metrics[key] for key in metrics} == pytest.approx(metrics, **ROUNDING)
        assert state.finished is not None and state.finished.best_step == seen["best_step"]
        assert {key: state.test.metrics[key] for key in seen["test"]} == pytest.approx(seen["test"], **ROUNDING)


@pytest.mark.parametrize(("name", "run_id"), runs_where("answers"))
def test_a_finished_model_gives_the_same_answers(name: str, run_id: str, tmp_path: Path, inference: Inference) -> None:
    sample = open_sample(name, tmp_path)
    rows, answers = asked_of(sample.runs[run_id]["answers"])
    for which, said in answers.items():
        found = inference.ask(op="predict", run_dir=sample.home.runs / run_id, which=which, rows=rows)
        assert_agrees(found, said)


def asked_of(answers: Mapping[str, Any]) -> tuple[list[dict[str, str]], dict[str, list[Any]]]:
    """Rows, and what each model said to them. The first sample holds texts with the probabilities of their classes."""
    if "rows" in answers:
        return answers["rows"], {which: said for which, said in answers.items() if which != "rows"}
    rows = [{"text": text} for text in next(iter(answers.values()))]
    return rows, {
        which: [{"details": {"probabilities": probabilities}} for probabilities in said.values()]
        for which, said in answers.items()
    }


def assert_agrees(found: Any, seen: Any, **rounding: float) -> None:
    """The same, but for the last digits, and for what later versions say besides."""
    rounding = rounding or ROUNDED_ANSWER
    if isinstance(seen, dict):
        for key, value in seen.items():
            assert_agrees(found[key], value, **(ROUNDED_BOX if key == "box" else rounding))
    elif isinstance(seen, list):
        for one, other in zip(found, seen, strict=True):
            assert_agrees(one, other, **rounding)
    elif isinstance(seen, float):
        assert found == pytest.approx(seen, **rounding)
    else:
        assert found == seen


# --- the samples themselves ---------------------------------------------------------------------------


def test_a_sample_holds_what_its_tests_look_for() -> None:
    assert runs_where("undisturbed") and runs_where("answers") and runs_where("failure")
    for name in NAMES:
        expected = expected_of(name)
        assert any(draft.get("own") for draft in expected["drafts"].values())
        assert {data["kind"] for data in expected["datasets"].values()} >= {"text", "image"}


def test_the_next_sample_can_be_made(tmp_path: Path) -> None:
    """But for its runs, which take long."""
    script = make_sample()
    home = Home(tmp_path / "home")
    sources = script.upload_sources(home, tmp_path)
    for name, sampled in script.RUNS.items():
        run = script.create(home, name, tmp_path, sources[sampled.task], sampled)
        assert script.as_seen(run, home)["data"] == sources[sampled.task].stem
    assert {sampled.task for sampled in script.RUNS.values()} >= set(sources)
    others = script.make_others(home, tmp_path, sources)
    assert others["queue"] and others["deleted"] and script.make_datasets(home, tmp_path)
    drafts = script.make_drafts(home, tmp_path, sources)
    chosen = [config_of(seen["config"]) for seen in drafts.values()]
    assert {config.task for config in chosen} == set(TASKS.names)
    assert {config.strategy["name"] for config in chosen} == set(STRATEGIES.names)
    script.forget_this_machine(tmp_path)
    assert script.PLACEHOLDER in (home.drafts / f"{next(iter(drafts))}.json").read_text(encoding="utf-8")


def make_sample() -> ModuleType:
    """The script, which is no module of the tests."""
    spec = importlib.util.spec_from_file_location("make_sample", Path(__file__).with_name("make_sample.py"))
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script  # for its dataclasses
    spec.loader.exec_module(script)
    return script
