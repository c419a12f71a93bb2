"""Free space on the Runs page, of the person's own workspace alone."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from logs import make_run
from served import press, services_with, somebody

from studio.app import free_space
from studio.app.access.gate import guest
from studio.app.access.person import asked_by
from studio.app.drafts import Draft
from studio.app.free_space import look, question_about, remove
from studio.app.pages import Services
from studio.app.server import make_asgi
from studio.app.tabs import runs as runs_tab
from studio.paths import Home
from studio.removal import A_DAY
from studio.store import Store


def deleted_run(store: Store, name: str = "a run") -> Path:
    run = make_run(store, name)
    store.delete(run)
    return store.home.trash / run.id


def make_old(folder: Path, days: float) -> None:
    then = time.time() - days * A_DAY
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))


def test_drawing_the_page_measures_nothing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(home: Home) -> Any:
        raise AssertionError("measured")

    monkeypatch.setattr(free_space, "used_by", refuse)
    with gr.Blocks():
        page = runs_tab.build(services)
        assert len(page.show(Draft(id="0" * 24))) == len(page.outputs)


def test_a_kind_is_removed_after_a_question(services: Services) -> None:
    gone, kept = deleted_run(services.store), make_run(services.store)
    table, choices, question, said = look(services)
    assert "Deleted runs" in table and said == ""
    assert choices["choices"] == [("Deleted runs and projects", "trash")] and choices["value"] == []
    assert not question["visible"] and gone.exists()
    shown, words, _ = question_about(["trash"])
    assert shown["visible"] and "Really?" in words and "Deleted runs" in words
    table, choices, question, said = remove(services, ["trash"])
    assert "are free again" in said and choices["choices"] == [] and not question["visible"]
    assert not gone.exists() and kept.exists


def test_the_buttons_do_it(services: Services) -> None:
    gone = deleted_run(services.store)
    browser = somebody(make_asgi(services))
    browser.get("/")
    assert "Deleted runs" in press(browser, "free-space", "expand", [])
    assert "Really?" in press(browser, "space-remove", "click", [["trash"]]) and gone.exists()
    assert "are free again" in press(browser, "space-remove-yes", "click", [["trash"]]) and not gone.exists()


def test_nothing_chosen_is_no_question() -> None:
    for names in ([], None):
        shown, words, said = question_about(names)
        assert not shown["visible"] and words == "" and "Choose what to remove" in said


@pytest.mark.parametrize("names", [["nothing"], ["runs"], [None], [["trash"]]])
def test_what_is_no_kind_is_refused(names: Any, services: Services) -> None:
    gone = deleted_run(services.store)
    *_, said = remove(services, ["trash", *names])
    assert "ui-notice-bad" in said and gone.exists()


def test_a_damaged_draft_is_named(services: Services) -> None:
    services.home.drafts.mkdir(parents=True)
    (services.home.drafts / "broken.json").write_text("{")
    *_, said = look(services)
    assert "Uploads cannot be removed." in said and "broken.json" in said


def test_a_person_frees_their_own_space(home: Home) -> None:
    services = services_with(home, open_to_everyone=True)
    ours = deleted_run(Store(home))
    with asked_by(guest("x" * 43)):
        theirs = deleted_run(services.store)
        assert services.home != home
        *_, said = remove(services, ["caches"])
        assert "ui-notice-bad" in said
        remove(services, ["trash"])
    assert ours.exists() and not theirs.exists()
    services.workspaces.close()


def test_data_that_a_draft_uses_stays_until_it_is_replaced(
    services: Services, text_draft: Draft, upload: Callable[[Draft, Path], Draft], images: Path
) -> None:
    dataset = services.home.datasets / str(text_draft.dataset)
    kept = Path(str(text_draft.source))
    for folder in (dataset, kept.parent):
        make_old(folder, 2)
    remove(services, ["datasets", "uploads"])
    assert dataset.is_dir() and kept.is_file()
    services.drafts.save(text_draft.without("data").change(dataset=None))
    remove(services, ["datasets", "uploads"])
    assert not dataset.exists() and not kept.exists()


def test_what_is_brought_again_counts_as_new(
    services: Services, text_draft: Draft, upload: Callable[[Draft, Path], Draft], reviews: Path
) -> None:
    dataset, kept = services.home.datasets / str(text_draft.dataset), Path(str(text_draft.source))
    for folder in (dataset, kept.parent):
        make_old(folder, 2)
    again = upload(text_draft, reviews)
    assert again.dataset == text_draft.dataset
    services.drafts.save(again.without("data").change(dataset=None))  # as before the draft names it
    remove(services, ["datasets", "uploads"])
    assert dataset.is_dir() and kept.is_file()
