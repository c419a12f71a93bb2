"""The Test page: what is asked, what is shown of the answers, and what a click changes. The answers are made up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pandas
import pytest
from logs import make_run, planned, started, write

from studio.app.answers import Asked, Asking
from studio.app.asking import answer_html, last_asking
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.inputs.slots import Slot, build_slots
from studio.app.pages import Services
from studio.app.tabs import test as test_tab
from studio.errors import StudioError
from studio.events import Finished
from studio.files import replace_json
from studio.predictor import Answered, Chunk
from studio.store import Run
from studio.tasks import TASKS
from studio.tasks.base import Answer

SURE = Answer("good", {"probabilities": {"good": 0.9, "bad": 0.1}})
UNSURE = Answer("bad", {"probabilities": {"bad": 0.6, "good": 0.4}})


class MadeUp:
    """before: what the untouched model says, or why it cannot."""

    def __init__(self, before: Answer | StudioError = UNSURE) -> None:
        self.before = before
        self.rows: list[dict[str, str]] = []

    def predict(self, run: Run, rows: Sequence[Mapping[str, str]], which: str = "tuned") -> list[Answer]:
        self.rows += [dict(row) for row in rows]
        if which == "tuned":
            return [SURE]
        if isinstance(self.before, StudioError):
            raise self.before
        return [self.before]

    def warm_up(self, run: Run | None = None) -> None: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def predictor(services: Services) -> MadeUp:
    made = MadeUp()
    object.__setattr__(services, "predictor", made)
    return made


@pytest.fixture
def draft(services: Services) -> Draft:
    """A finished run is open."""
    run = write(make_run(services.store), started(), planned(), Finished(reason="completed", best_step=1, seconds=1.0))
    return services.drafts.save(Draft(id="a" * 24, page="test", run=run.id))


@pytest.fixture
def slots() -> list[Slot]:
    with gr.Blocks():
        return build_slots()


def finish(work: Any) -> Draft:
    while True:
        try:
            next(work)
        except StopIteration as end:
            draft: Draft = end.value
            return draft


def typed(slots: list[Slot], text: str) -> list[str | None]:
    return [text if slot.widget.elem_id == "try-text" else None for slot in slots]


def test_what_is_typed_is_asked_of_both_models(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    finish(test_tab.try_input(services, slots, draft, *typed(slots, " a film ")))
    assert predictor.rows == [{"text": "a film"}] * 2
    asking = last_asking(services, draft)
    html = answer_html(asking)
    assert "The model says: good" in html and "before training" in html and "right answer" not in html
    assert test_tab.example_values(asking) == {}, "what was typed is left alone"
    assert last_asking(services, draft.change(run="another")) is None


def test_an_example_fills_the_fields_and_tells_its_truth(services: Services, predictor: MadeUp, draft: Draft) -> None:
    row = {"row": 3, "cells": {"text": "an old film ", "label": "bad"}}
    finish(test_tab.try_example(services, draft, {"row": row}))
    assert predictor.rows[0] == {"text": "an old film "}, "as it stands in the data: marks are counted in it"
    asking = last_asking(services, draft)
    assert "The right answer is bad." in answer_html(asking)
    assert test_tab.example_values(asking) == {"text": "an old film "}


def test_without_the_model_before_training_the_tuned_one_answers(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    predictor.before = StudioError("It was <moved>.")
    finish(test_tab.try_input(services, slots, draft, *typed(slots, "a film")))
    html = answer_html(last_asking(services, draft))
    assert "The model says: good" in html and "It was &lt;moved&gt;." in html and "ui-bar-other" not in html


def test_nothing_is_asked_of_no_run_or_with_an_empty_field(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    for broken in (draft.change(run=None), draft.change(run="x")):
        with pytest.raises(StudioError, match="no run to try"):
            finish(test_tab.try_input(services, slots, broken, *typed(slots, "a film")))
    with pytest.raises(StudioError, match="nothing to ask about"):
        finish(test_tab.try_input(services, slots, draft, *typed(slots, " ")))
    assert predictor.rows == [] and "No question yet" in answer_html(None)


def test_a_click_in_a_view_chooses_its_mark_and_another_run_forgets_it(draft: Draft) -> None:
    chosen = test_tab.choose_mark(draft, {"mark": "good → bad"})
    assert chosen.mark == "good → bad" and test_tab.choose_run(chosen, "another").mark is None


def test_the_examples_behind_a_mark_are_asked_for_by_it(services: Services, draft: Draft) -> None:
    run = services.store.find(str(draft.run))
    assert run is not None
    run.test_rows_file.parent.mkdir(parents=True)
    pandas.DataFrame({"row": [1], "answer": ["{}"], "marks": [["x"]]}).to_parquet(run.test_rows_file)
    interval = {"accuracy": {"counted": "1 of 2", "low": 0.1, "high": 0.9}}
    found = {"metrics": {"accuracy": 0.5}, "views": [], "intervals": interval, "remarks": ["Never <b>."]}
    replace_json(run.scores_file, {"test": found})
    head, cards, figures, title, behind = test_tab.show_scores(run, draft.change(mark="<x>"))
    assert (
        "On 1 test examples, which were kept out" in head
        and "50.0 %" in cards
        and "1 of 2, so likely between 10.0 % and 90.0 %" in cards
        and "Never &lt;b&gt;." in cards
        and figures == {"figures": [], "chosen": "<x>"}
    )
    assert behind == {"run": run.id, "mark": "<x>"} and "&lt;x&gt;" in title
    assert test_tab.show_scores(run, draft)[-1] is None


@pytest.mark.parametrize("task", [*TASKS], ids=lambda task: task.name)
def test_every_task_s_page_has_its_fields(task: Any, services: Services, draft: Draft, slots: list[Slot]) -> None:
    config = f"task: {task.name}\nmodel: {{id: starter/x}}\ndata: {{source: nothing.csv}}\n"
    ended = Finished(reason="completed", best_step=1, seconds=1.0)
    run = write(make_run(services.store, config=config), started(), ended)
    with gr.Blocks():
        page = test_tab.build(services)
    shown = dict(zip((output.elem_id for output in page.outputs), page.show(draft.change(run=run.id)), strict=True))
    fields = [update for elem_id, update in shown.items() if str(elem_id).startswith("try-")]
    assert sum(bool(update.get("visible")) for update in fields) == len(task.inputs)
    assert f"{INPUTS[task.inputs[0].kind].what_to_do[:-1]} or pick an example" in shown["answer"]


def test_a_file_is_answered_into_a_download(services: Services, draft: Draft, tmp_path: Path) -> None:
    class Files(MadeUp):
        def predict_file(self, run: Run, source: str) -> Any:
            assert Path(source).is_file()
            yield Chunk(1, 1, (Answered({"text": "a"}, SURE),))
            return {"rows": 1, "labels": []}

    object.__setattr__(services, "predictor", Files())
    upload = tmp_path / "many.csv"
    upload.write_text("text\na\n", encoding="utf-8")
    assert test_tab.download_html(services, draft) == ""
    finish(test_tab.try_file(services, draft, str(upload)))
    assert not upload.exists(), "the upload's temporary copy"
    assert "Download predictions.csv" in test_tab.download_html(services, draft)
    assert test_tab.download_html(services, draft.change(run=None)) == ""


def test_the_page_says_what_kind_of_answer_it_is() -> None:
    number = Asking("run", "number", Asked((), {}), Answer(3.25))
    assert "The model says: 3.25" in answer_html(number)
