"""A draft is a partial run file and where the person is: no setting is lost on the way in, on disk, or out."""

import errno
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from logs import make_run
from other_settings import other_run, other_values

from studio.app import demos, model_cards, runs, split_section
from studio.app.draft_versions import from_version_1
from studio.app.drafts import OWN, Draft
from studio.app.main import Shell
from studio.app.nested import leaves, without
from studio.app.outlook import subject
from studio.app.pages import Page, Services
from studio.app.runs import start_run
from studio.app.settings import enter, form_value
from studio.app.tabs import runs as runs_tab
from studio.config import RunConfig
from studio.data.options import DataOptions
from studio.errors import StudioError
from studio.files import read_json, replace_json
from studio.hardware import GIGABYTE, Gpu, Machine
from studio.models import sources
from studio.models.catalog import find_card
from studio.models.speed import Speed, speed_of
from studio.store import Run
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.tasks import TASKS
from studio.tasks.base import Task

ID = "a" * 24
VERSION_1 = Path(__file__).parent / "samples" / "draft_version_1.json"
EVERY_KIND_OF_RUN = pytest.mark.parametrize(
    ("task", "strategy"),
    [(task, strategy) for task in TASKS for strategy in STRATEGIES],
    ids=lambda entry: entry.name,
)


# --- every setting ------------------------------------------------------------------------------


@EVERY_KIND_OF_RUN
def test_the_run_that_the_next_tests_repeat_shows_the_loss_of_any_setting(task: Task, strategy: Strategy) -> None:
    settings = other_run(task, strategy)
    config = RunConfig.read(settings)
    assert leaves(config.model_dump(mode="json")) == leaves(settings)  # nothing else can be set
    usual = RunConfig.model_fields["strategy"].default["name"]
    for path in leaves(settings):
        if (path, strategy.name) == ("strategy.name", usual):
            continue  # it is taken where none is named
        try:
            assert RunConfig.read(without(settings, path)) != config, path
        except StudioError:
            continue  # without this one there is no run at all


@EVERY_KIND_OF_RUN
def test_a_run_from_the_settings_of_another_has_all_of_them(
    services: Services, monkeypatch: pytest.MonkeyPatch, task: Task, strategy: Strategy
) -> None:
    monkeypatch.setattr(runs, "check", lambda *_: None)  # neither model nor data is there
    run = make_run(services.store, config=RunConfig.read(other_run(task, strategy)).to_text())
    run.annotate(data="mine.csv", dataset="f" * 24, preset="custom")
    empty = Draft(id=ID, picked=run.id)
    draft = runs_tab.start_from(services, empty)
    assert (draft.title, draft.dataset, draft.preset, draft.run) == ("mine.csv", "f" * 24, "custom", None)
    assert runs_tab.open_run(services, empty) == draft.change(run=run.id)
    again = services.store.get(str(start_run(services, services.drafts.load(services.drafts.save(draft).id)).run))
    assert again.id != run.id
    assert again.config_file.read_text(encoding="utf-8") == run.config_file.read_text(encoding="utf-8")
    assert (again.dataset, again.meta["data"], again.meta["preset"]) == ("f" * 24, "mine.csv", "custom")


def test_a_disk_that_is_full_where_a_run_is_queued_leaves_none_behind(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "check", lambda *_: None)  # neither model nor data is there
    config = {"task": "text-classification", "model": {"id": "starter/text"}, "data": {"source": "sample/films"}}
    draft = services.drafts.load(None).change(config=config)
    with monkeypatch.context() as full:
        full.setattr(Run, "enqueue", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            start_run(services, draft)
    assert list(services.store) == []
    begun = start_run(services, draft)
    assert [run.id for run in services.store] == [begun.run]


def test_a_field_whose_value_is_sent_as_it_was_drawn_leaves_every_setting_as_it_is() -> None:
    for task in TASKS:
        for strategy in STRATEGIES:
            draft = Draft(id=ID, config=other_run(task, strategy))
            groups = form_value(draft, draft.run_config(), (), 100)["groups"]
            assert groups
            for group in groups:
                for field in group["fields"]:
                    event = {"group": group["key"], "name": field["name"], "value": field["value"]}
                    assert enter(draft, event) is draft, event


def test_a_field_of_the_split_that_is_sent_as_it_was_drawn_leaves_the_data_as_it_is() -> None:
    draft = Draft(id=ID, config={"data": other_values(DataOptions)})
    groups = split_section.split_form(draft)["groups"]
    assert [field["name"] for group in groups for field in group["fields"]] == [
        "stratify",
        "keep",
        "group",
        "seed",
        "limit",
    ]
    for group in groups:
        for field in group["fields"]:
            event = {"group": group["key"], "name": field["name"], "value": field["value"]}
            assert split_section.enter_split(draft, event) == draft
    changed = split_section.enter_split(draft, {"group": "data.split", "name": "seed", "value": "4711"})
    assert changed.data.split.seed == 4711
    assert split_section.enter_split(draft, {"group": "model", "name": "id", "value": "x"}) is draft


def test_the_pages_look_at_the_revision_that_the_run_will_take(
    services: Services, text_draft: Draft, text_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_snapshot", lambda _, revision: text_model if revision == "v2" else None)
    draft = text_draft.configure({"model": {"id": "ann/model", "revision": "v2"}})
    assert "is ready" in model_cards.summary(draft, services.home)
    assert subject(services, draft).info.folder == text_model
    assert "no longer on this machine" in model_cards.summary(draft.without("model.revision"), services.home)


# --- changing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"training.epochs": 0}, r"training\.epochs"),
        ({"training.optimiser": "adamw"}, "Did you mean 'optimizer'"),
        ({"data.split.train": 0.5}, "add up to 1"),
        ({"task": "text-clasification"}, "text-classification"),
        ({"strategy": {"name": "lora", "rank": 8}}, "rank"),
        ({"task": "text-classification", "options.max_len": 8}, "max_length"),
        ({"limit": 40}, "'limit' is not a known setting"),
    ],
)
def test_what_no_run_file_may_say_is_refused_at_the_door(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(StudioError, match=said):
        Draft(id=ID).configure(settings)


def test_what_is_missing_still_is_no_mistake_before_the_start() -> None:
    draft = Draft(id=ID).configure({"data.split.seed": 3, "model.revision": "main"})
    assert draft.data.split.seed == 3 and draft.data.source == "" and draft.source is None
    with pytest.raises(StudioError, match=r"'task' is missing.*'model\.id' is missing.*'data\.source' is missing"):
        draft.run_config()


def test_settings_and_place_do_not_mix() -> None:
    assert not Draft.model_fields.keys() & RunConfig.model_fields.keys()
    for wrong in ({"limit": 40}, {"training": {"epochs": 9}}, {"config": {"limit": 40}}):
        with pytest.raises(ValueError, match=r"not a known setting|not permitted"):
            Draft(id=ID).change(**wrong)


def test_a_change_leaves_the_former_draft_as_it_was() -> None:
    draft = Draft(id=ID, config={"data": {"split": {"seed": 3}, "limit": 40}})
    changed = draft.configure({"data.split.stratify": False}).without("data.limit")
    assert changed.config == {"data": {"split": {"seed": 3, "stratify": False}}}
    assert draft.config == {"data": {"split": {"seed": 3}, "limit": 40}}
    laid_over = changed.merge({"data": {"split": {"seed": 5}}, "training": {"epochs": 9}})
    assert laid_over.config == {"data": {"split": {"seed": 5, "stratify": False}}, "training": {"epochs": 9}}
    assert changed.without("training.epochs", "data.limit") == changed


# --- on disk ------------------------------------------------------------------------------------


def test_a_draft_of_the_first_version_opens_with_every_choice(services: Services) -> None:
    stored = read_json(VERSION_1)
    services.home.drafts.mkdir(parents=True)
    shutil.copy(VERSION_1, services.home.drafts / f"{stored['id']}.json")
    draft = services.drafts.load(stored["id"])
    data = {name: stored[name] for name in ("source", "reading", "columns", "cleaning", "limit", "split")}
    sections = {name: stored[name] for name in ("task", "strategy", "training", "options")}
    assert draft.run_config() == RunConfig.read({**sections, "model": {"id": stored["model"]}, "data": data})
    for name in ("page", "demo", "title", "dataset", "preset", "search", "picked", "run"):
        assert getattr(draft, name) == stored[name]
    own = demos.own_data(draft)
    assert own.run_config().data.limit == 40 and own.run_config().task_options.model_dump() == {
        **TASKS["text-classification"].Options().model_dump(),
        "max_length": 40,
    }
    assert (own.data.reading.delimiter, own.data.split.train, own.strategy["last_blocks"]) == (";", 0.7, 1)
    assert (own.compared, own.run, own.demo) == (("20200101-000000-abcd",), own.picked, OWN)
    assert services.drafts.load(services.drafts.save(draft).id) == draft


def test_a_draft_of_the_first_version_in_which_nothing_was_chosen_is_an_empty_one() -> None:
    nothing = {"id": ID, "page": "model", "demo": None, "own": None, "task": None, "model": None, "source": None}
    usual = {"columns": {}, "limit": None, "preset": None, "strategy": {}, "training": {}, "options": {}}
    assert leaves(Draft.model_validate(from_version_1({**nothing, **usual})).config) == {"data.columns": {}}


@pytest.mark.parametrize("content", [b"", b"{", b'"x"', b"5", b"[]", b"\xff\xfe", b'{"own": 5}', b"[" * 100_000, None])
def test_a_damaged_draft_stays_as_it_is_and_another_one_begins(services: Services, content: bytes | None) -> None:
    file = services.home.drafts / f"{ID}.json"
    if content is None:
        file.mkdir(parents=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with pytest.raises(StudioError, match="is damaged"):
        services.drafts.load(ID)
    first = Page("model", "Model", [], lambda draft: [], [])
    shell = Shell(services, [first], None, None, None, None, None)  # type: ignore[arg-type]
    began, _, said, *_ = shell._load(ID)
    assert began != ID and "is damaged" in said
    assert file.is_dir() if content is None else file.read_bytes() == content


@pytest.mark.parametrize("change", [{"no such choice": 1}, {"config": {"limit": 40}}])
def test_a_draft_of_a_later_version_starts_anew_under_its_id(services: Services, change: dict[str, Any]) -> None:
    draft = services.drafts.save(Draft(id=ID, config={"task": "text-classification"}))
    replace_json(services.home.drafts / f"{ID}.json", {**draft.model_dump(mode="json"), **change})
    assert services.drafts.load(ID) == Draft(id=ID)


def test_a_model_that_takes_long_here_says_what_a_gpu_would_make_of_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Speed(1e11, 1e10, rough=False)
    monkeypatch.setattr(model_cards, "speed_of", lambda machine, home: speed_of(machine) if machine.gpus else slow)
    monkeypatch.setattr(model_cards, "has_matrix_units", lambda: False)
    here, card = Machine(2, 8 * GIGABYTE, ()), find_card("google-bert/bert-base-uncased")
    assert card is not None
    assert model_cards.with_a_gpu(card, here, services.home) == [
        "All of it on 1,000 short texts once: about 6 min here, about 5 s with a GPU (NVIDIA L4)"
    ]
    small, fast = find_card("starter/text"), replace(here, gpus=(Gpu("NVIDIA L4", 24 * GIGABYTE),))
    assert small is not None and model_cards.with_a_gpu(small, here, services.home) == []
    assert model_cards.with_a_gpu(card, fast, services.home) == []
