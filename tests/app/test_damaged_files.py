"""No damaged file of the home makes a page fail: what can be computed anew is, and of the rest a sentence is read."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from drawn_pages import opened, reading_quickly, services_of, shell_of
from upgrade_samples import open_sample

from studio.app.clicks import Click
from studio.app.draft_data import Datasets
from studio.app.drafts import OWN, Draft
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.runs import config_of

RUN = "20261127-212832-2797"  # of the sample: it sorts texts, and is finished
UNREAD = ("*.safetensors", "tokenizer*", "*.py", "*.lock", "*.sqlite*")  # of pages, or see test_run_index
PAGES_WITHOUT_RUNS = ("model", "strategy")
DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "junk": lambda content: b"\xff\xfe\x00[[{",
    "list": lambda content: b"[1]\n",
    "object": lambda content: b'{"a": 1}\n',
    "folder": lambda content: None,
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Of a home with one finished run, its data, a draft, and everything remembered that pages remember."""
    sample = open_sample("v2", tmp_path_factory.mktemp("damaged"))
    for folder in (*sample.home.runs.iterdir(), sample.home.trash, sample.home.drafts):
        if folder.name != RUN:
            shutil.rmtree(folder)
    with services_of(sample.home) as made:
        yield made


@pytest.fixture(scope="module")
def shell(services: Services) -> Shell:
    return shell_of(services)


@pytest.fixture(scope="module")
def draft(services: Services, shell: Shell) -> Draft:
    """It has come to the end with the run's choices, and saw every page."""
    run = services.store.get(RUN)
    config = config_of(run)
    assert config is not None and run.dataset
    for folder in services.home.datasets.iterdir():
        if folder.name != run.dataset:
            shutil.rmtree(folder)
    with pytest.MonkeyPatch.context() as patch:
        reading_quickly(patch, config.model.id)
        made = Draft(id="0" * 24, config=config.model_dump(mode="json"), demo=OWN, title="reviews", dataset=run.dataset)
        made = made.change(run=RUN, picked=RUN, compared=(RUN,), folders=(config.model.id,))
        services.architectures.of(made)
        for page in shell.pages:
            opened(services, shell, made, page)
    return made


@pytest.fixture(autouse=True)
def quickly(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    reading_quickly(monkeypatch, str(draft.model))


@contextmanager
def damaged(file: Path, damage: str, services: Services) -> Iterator[None]:
    content = file.read_bytes()
    replaced = DAMAGES[damage](content)
    file.unlink()
    file.mkdir() if replaced is None else file.write_bytes(replaced)
    services.datasets._cleaned.clear()
    services.datasets._assembled.clear()
    try:
        yield
    finally:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
        file.write_bytes(content)


def update_of(shell: Shell, page: str, shown: list[Any], elem_id: str) -> Any:
    """What a page does to one of its widgets."""
    return next(new for widget, new in zip(shell.pages[page].outputs, shown, strict=True) if widget.elem_id == elem_id)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_page_opens_whatever_is_damaged(
    services: Services, shell: Shell, draft: Draft, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = services.home
    files = [file for folder in (home.runs, home.datasets, home.cache) for file in folder.rglob("*") if file.is_file()]
    files = [file for file in files if not any(file.match(pattern) for pattern in UNREAD)]
    assert {"run.yaml", "about.json", "speed.json", "checked-text.json"} <= {file.name for file in files}
    for file in files:
        with damaged(file, damage, services):
            for page in shell.pages:
                if home.runs in file.parents and page in PAGES_WITHOUT_RUNS:
                    continue
                steps, said, _ = opened(services, shell, draft, page)
                assert len(steps["steps"]) == 5 and len(steps["side"]) == 3
                assert "could not be drawn" not in caplog.text, (file.name, page)
                assert not said or home.cache not in file.parents, "what is remembered is computed anew"


def test_other_data_can_be_brought_where_the_data_is_damaged(services: Services, shell: Shell, draft: Draft) -> None:
    with damaged(services.home.datasets / str(draft.dataset) / "about.json", "object", services):
        steps, said, shown = opened(services, shell, draft, "data")
        assert said == "" and update_of(shell, "data", shown, "samples")["cards"]
        assert (
            "The file about.json is damaged." in str(shown)
            and not update_of(shell, "data", shown, "data-details")["visible"]
        )
        assert {step["key"]: step["reason"] for step in steps["steps"]}["strategy"] == "The file about.json is damaged."
        assert "about.json is damaged" in opened(services, shell, draft, "strategy")[1]
    assert update_of(shell, "data", opened(services, shell, draft, "data")[2], "data-details")["visible"]


@pytest.mark.parametrize(
    ("page", "file", "words"),
    [
        ("test", "evaluation/scores.json", "The file scores.json is damaged."),
        ("test", "evaluation/test.parquet", "The file test.parquet is damaged."),
        ("share", "run.yaml", "The run file holds no settings."),
        ("share", "model/config.json", "The file config.json is damaged."),
    ],
)
def test_another_run_can_be_chosen_where_one_is_damaged(
    services: Services, shell: Shell, draft: Draft, page: str, file: str, words: str
) -> None:
    with damaged(services.store.get(RUN).folder / file, "empty", services):
        _, said, shown = opened(services, shell, draft, page)
        assert said == "" and update_of(shell, page, shown, f"{page}-run")["visible"]
        assert words in str(shown)


def test_a_mistake_of_ours_leaves_the_other_pages(
    services: Services, shell: Shell, draft: Draft, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Datasets, "assembled", lambda self, draft: {}["no such key"])
    steps, said, shown = opened(services, shell, draft, "strategy")
    assert "This page could not be drawn." in said and shown[1]["visible"] is False
    assert "KeyError: 'no such key'" in caplog.text
    assert [step["state"] for step in steps["steps"]][:3] == ["done", "open", "current"]


# --- what a browser sends ---------------------------------------------------------------------------


def clicked(shell: Shell, page: str, elem_id: str, draft_id: Any, data: Any) -> str:
    """What is said after a component of ours fired with this data."""
    wire = next(wire for wire in shell.pages[page].wires if wire.event and wire.listener.__self__.elem_id == elem_id)
    said: str = Click(shell, shell.pages[page], wire).handle(gr.EventData(None, data), draft_id)[1]
    return said


def test_a_damaged_draft_is_told_whatever_is_clicked(services: Services, shell: Shell, draft: Draft) -> None:
    services.drafts.save(draft)
    with damaged(services.home.drafts / f"{draft.id}.json", "list", services):
        assert "is damaged" in clicked(shell, "model", "tasks", draft.id, {"key": draft.task})
        assert "is damaged" in shell._open_selected(gr.EventData(None, {"key": "data"}), draft.id)[1]
        assert shell._load(draft.id)[0] != draft.id, "another one begins"


@pytest.mark.parametrize("data", [None, [1], "text", 5, {}, {"group": "data"}, {"name": "limit", "value": 20}])
@pytest.mark.parametrize(("page", "elem_id"), [("strategy", "settings"), ("data", "split-form"), ("data", "split")])
def test_an_event_that_says_too_little_is_refused(
    services: Services, shell: Shell, draft: Draft, page: str, elem_id: str, data: Any
) -> None:
    services.drafts.save(draft)
    said = clicked(shell, page, elem_id, draft.id, data)
    assert "That could not be understood." in said and services.drafts.load(draft.id) == draft


@pytest.mark.parametrize("value", [10**400, "1" + "0" * 25, "\ud800", [1], {"a": 1}])
def test_a_number_that_is_none_is_refused(services: Services, shell: Shell, draft: Draft, value: Any) -> None:
    services.drafts.save(draft)
    for page, elem_id, group, name in (
        ("data", "split-form", "data", "limit"),
        ("strategy", "settings", "training//Passes and batches", "epochs"),
    ):
        clicked(shell, page, elem_id, draft.id, {"group": group, "name": name, "value": value})
        kept = services.drafts.load(draft.id)
        assert kept.config == draft.config and f"{group}:{name}" in kept.refused


@pytest.mark.parametrize("draft_id", [["a"], {"a": 1}, 5, True, "\ud800"])
def test_an_id_of_another_kind_begins_a_draft(services: Services, shell: Shell, draft_id: Any) -> None:
    assert shell._load(draft_id)[0] != draft_id
    shell._open_selected(gr.EventData(None, {"key": "data"}), draft_id)
