"""The Test page: what is asked, what is shown of the answers, and what a click changes. The answers are made up."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr
import pandas
import pytest
from logs import checked, make_run, planned, started, write

from studio.app import packing, quality, trying, whole_file
from studio.app.access.person import OWNER, asked_by
from studio.app.answers import Asked, Asking
from studio.app.asking import answer_html, cancel_questions, choose_run, last_asking
from studio.app.clicks import Click
from studio.app.drafts import Draft
from studio.app.inputs.controls import build_controls, shown_controls, shown_files
from studio.app.inputs.slots import Slot, build_slots
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.runs import config_of
from studio.app.under_way import SupersededError
from studio.config import RunConfig
from studio.data.limits import Limits
from studio.errors import StudioError
from studio.events import Finished, fold
from studio.exporters import EXPORTERS
from studio.files import replace_json
from studio.metrics import METRICS
from studio.predictor import Answered, Exchange, FileReading, Step
from studio.store import Run
from studio.tasks.base import Answer

SURE = Answer("good", {"probabilities": {"good": 0.9, "bad": 0.1}})
UNSURE = Answer("bad", {"probabilities": {"bad": 0.6, "good": 0.4}})


class MadeUp:
    """before: what the untouched model says, or why it cannot."""

    def __init__(self, before: Answer | StudioError = UNSURE) -> None:
        self.before = before
        self.rows: list[dict[str, str]] = []
        self.options: list[dict[str, Any]] = []

    def ask(
        self,
        run: Run,
        rows: Sequence[Mapping[str, str]],
        which: str = "tuned",
        cancelled: Event | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Exchange[list[Answer]]:
        self.rows += [dict(row) for row in rows]
        self.options.append(dict(options or {}))
        yield Step()
        if which == "tuned":
            return [SURE]
        if isinstance(self.before, StudioError):
            raise self.before
        return [self.before]

    def warm_up(self, run: Run | None = None) -> None: ...

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


def test_what_is_written_is_shown_as_it_grows(
    services: Services, draft: Draft, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Writing(MadeUp):
        def ask(self, *args: Any, **kwargs: Any) -> Exchange[list[Answer]]:
            yield Step(written="Once <upon")
            return [Answer("Once <upon a time")]

    object.__setattr__(services, "predictor", Writing())
    shown = list(trying.try_input(services, slots, draft, *typed(slots, "a film")))
    growing = [unescape(html) for html in shown if "ui-answer-text" in html]
    assert len(growing) == 2 and "After training" in growing[0] and "Before training" not in growing[0]
    assert "Once <upon a time" in growing[1] and growing[1].count("Once <upon") == 2
    assert not any("<upon" in html for html in shown)


def test_what_is_typed_is_asked_of_both_models(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    finish(trying.try_input(services, slots, draft, *typed(slots, " a film ")))
    assert predictor.rows == [{"text": "a film"}] * 2
    asking = last_asking(services, draft)
    html = answer_html(asking)
    assert "The model says: good" in html and "Before training" in html and "right answer" not in html
    assert trying.example_values(services, draft) == {}, "what was typed is left alone"
    assert last_asking(services, draft.change(run="another")) is None


def test_an_example_fills_the_fields_and_tells_its_truth(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    row = {"row": 3, "cells": {"text": "an old film ", "label": "bad"}}
    trying.show_example(services, draft, {"row": row})
    assert predictor.rows == [] and trying.example_values(services, draft) == {"text": "an old film "}, "at once"
    finish(trying.try_example(services, draft, {"row": row}))
    assert predictor.rows[0] == {"text": "an old film "}, "as it stands in the data: marks are counted in it"
    asking = last_asking(services, draft)
    assert "The right answer is bad." in answer_html(asking)
    assert trying.example_values(services, draft) == {"text": "an old film "}, "after a reload, too"
    assert trying.example_values(services, draft.change(run="another")) == {}
    finish(trying.try_input(services, slots, draft, *typed(slots, "a film")))
    assert trying.example_values(services, draft) == {}


def test_an_answer_leaves_the_fields_alone(shell: Shell) -> None:
    """Or one that comes late would take away what the person has put into them meanwhile."""
    page = shell.pages["test"]
    clicks = [Click(shell, page, wire) for wire in page.wires]
    drawn = {
        click: {str(each.elem_id) for each in click.drawn if str(each.elem_id).startswith(("try-", "ask-"))}
        for click in clicks
    }
    slow = [click for click in clicks if click.is_slow]
    assert slow and not any(drawn[click] for click in slow)
    (picked,) = [click for click in clicks if drawn[click] and click.wire.listener.event_name == "select"]
    assert "try-image" in drawn[picked] and {str(each.elem_id) for each in picked.drawn} == drawn[picked]


@pytest.mark.parametrize("page", ["test", "share"])
def test_a_refusal_is_said_beside_what_it_is_about(shell: Shell, draft: Draft, page: str) -> None:
    clicks = [Click(shell, shell.pages[page], wire) for wire in shell.pages[page].wires]
    placed = [click for click in clicks if click.wire.place]
    assert {click for click in clicks if click.is_slow and click.wire.listener.event_name != "input"} <= set(placed)
    for click in placed:
        said = click._fail(StudioError("It is <full>."), draft.id)
        assert said[1] == "" and "It is &lt;full&gt;." in said[4], "not above all pages"
        assert len(said) == 4 + 1 + len(click.idle) + len(click.drawn) and click.beside[0] not in click.drawn


def test_without_the_model_before_training_the_tuned_one_answers(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    predictor.before = StudioError("It was <moved>.")
    finish(trying.try_input(services, slots, draft, *typed(slots, "a film")))
    html = answer_html(last_asking(services, draft))
    assert "The model says: good" in html and "It was &lt;moved&gt;." in html and "ui-bar-other" not in html


def test_nothing_is_asked_of_no_run_or_with_an_empty_field(
    services: Services, predictor: MadeUp, draft: Draft, slots: list[Slot]
) -> None:
    for broken in (draft.change(run=None), draft.change(run="x")):
        with pytest.raises(StudioError, match="no run to try"):
            finish(trying.try_input(services, slots, broken, *typed(slots, "a film")))
    with pytest.raises(StudioError, match="nothing to ask about"):
        finish(trying.try_input(services, slots, draft, *typed(slots, " ")))
    assert predictor.rows == [] and "No question yet" in answer_html(None)


def test_a_click_in_a_view_chooses_its_mark_and_another_run_forgets_it(draft: Draft) -> None:
    chosen = quality.choose_mark(draft, {"mark": "good → bad"})
    assert chosen.mark == "good → bad" and choose_run(chosen, "another").mark is None
    assert choose_run(chosen, chosen.run) is chosen


def test_what_is_known_of_the_test_is_said_in_words_and_folded_in_numbers(services: Services, draft: Draft) -> None:
    run = services.store.find(str(draft.run))
    assert run is not None and "no test results" in quality.verdict_html(run, services.states.of(run))
    run.test_rows_file.parent.mkdir(parents=True)
    pandas.DataFrame({"row": [1], "answer": ["{}"], "marks": [["x"]]}).to_parquet(run.test_rows_file)
    interval = {"accuracy": {"counted": "1 of 2", "low": 0.1, "high": 0.9}}
    found = {"metrics": {"accuracy": 0.5}, "views": [], "intervals": interval, "remarks": ["Never <b>."]}
    replace_json(run.scores_file, {"test": found})
    html = quality.verdict_html(run, services.states.of(run))
    assert "On 1 test example, which was kept out" in html and "Accuracy: 50.0%." in html
    assert "between 10.0% and 90.0% (95% interval)" in html and "Never &lt;b&gt;." in html
    with gr.Blocks():
        folded, cards, figures = quality.more_numbers(services).show(draft.change(mark="<x>"))
    assert folded["visible"] and "1 of 2, so likely between 10.0% and 90.0%" in cards
    assert figures == {"figures": [], "chosen": "<x>"}


def test_what_training_changed_is_drawn_where_it_was_measured_before_the_first_step(services: Services) -> None:
    checks = [checked(0, 0.25), checked(8, 0.75, best=True)]
    state = fold([started(), planned(), *checks])
    html = quality.progress_html(METRICS["accuracy"], state)
    assert "75%" in html and "25%" in html and "Before training" in html
    assert quality.progress_html(METRICS["accuracy"], fold([started(), planned(), checks[1]])) == ""


def test_settings_of_an_answer_are_asked_for_and_go_along(services: Services, draft: Draft, predictor: MadeUp) -> None:
    config = "task: translation\nmodel: {id: starter/x}\ndata: {source: nothing.csv}\noptions: {beams: 2}\n"
    ended = Finished(reason="completed", best_step=1, seconds=1.0)
    run = write(make_run(services.store, config=config), started(), ended)
    with gr.Blocks():
        controls, slots = build_controls(), build_slots()
    found = {
        control.name: update
        for control, update in zip(controls, shown_controls(controls, config_of(run), True), strict=True)
    }
    shown = {name: update["value"] for name, update in found.items() if update["visible"]}
    assert shown == {"longest_answer": 128, "beams": 2}
    assert not any("value" in update for update in shown_controls(controls, config_of(run), False))
    other = RunConfig.from_text(config.replace("translation", "text-classification").replace("options: {beams: 2}", ""))
    assert not any(update["visible"] for update in shown_controls(controls, other, True))
    held = [4 if control.name == "beams" else None for control in controls]
    asked = trying.try_input(
        services, slots, draft.change(run=run.id), *typed(slots, "a film"), *held, controls=controls
    )
    finish(asked)
    assert predictor.options == [{"beams": 4}] * 2


class Files(MadeUp):
    """Answers a file with one row, which is what the file says."""

    asked: tuple[Path, Limits | None]

    def predict_file(
        self, run: Run, source: str, cancelled: Event | None = None, limits: Limits | None = None, chosen: Any = None
    ) -> Exchange[dict[str, Any]]:
        self.asked = Path(source), limits
        yield Step(in_line=True)
        yield Step(1, 1, (Answered({"text": Path(source).read_text(encoding="utf-8")}, SURE),))
        return {"rows": 1, "labels": []}


@pytest.fixture
def files(services: Services) -> Files:
    made = Files()
    object.__setattr__(services, "predictor", made)
    return made


def uploaded(folder: Path, text: str = "a") -> str:
    folder.mkdir(exist_ok=True)
    (folder / "many.csv").write_text(text, encoding="utf-8")
    return str(folder / "many.csv")


class Tables(MadeUp):
    """Reads two columns, takes the one that is chosen, and answers one row."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[Mapping[str, Any]] = []

    def predict_file(
        self, run: Run, source: str, cancelled: Event | None = None, limits: Limits | None = None, chosen: Any = None
    ) -> Exchange[dict[str, Any]]:
        self.chosen.append(chosen)
        taken = chosen.get("columns", {}).get("text", "")
        yield Step(0, 1, read=FileReading(("note", "words"), {"text": taken}, {"delimiter": ";", "header": True}))
        if not taken:
            raise StudioError("Which column is 'text'?", "", "Rename it.")
        yield Step(1, 1, (Answered({"note": "x", "words": "a <b> film"}, SURE),))
        return {"rows": 1, "labels": []}


def test_how_a_file_was_read_is_shown_and_corrected_in_place(services: Services, draft: Draft, tmp_path: Path) -> None:
    tables = Tables()
    object.__setattr__(services, "predictor", tables)
    with gr.Blocks():
        section = whole_file.whole_file(services)

    def shown() -> dict[str, Any]:
        ids = [widget.elem_id for widget in section.outputs]
        return dict(zip(ids, section.show(draft), strict=True))

    with pytest.raises(StudioError, match="Choose the column below"):
        finish(whole_file.bring(services, draft, uploaded(tmp_path / "temporary")))
    column = shown()["many-column-0"]
    assert column["visible"] and column["choices"] == ["note", "words"] and column["value"] is None
    assert shown()["many-delimiter"]["value"] == ";" and shown()["many-header"]["value"] is True
    finish(whole_file.read_again(services, draft, "words", ";", True))
    assert tables.chosen[-1] == {"columns": {"text": "words"}, "reading": {"delimiter": ";", "header": True}}
    finish(whole_file.read_again(services, draft, "words", ";", True))
    assert len(tables.chosen) == 2, "a list that the focus leaves tells of itself, unchanged"
    html = shown()["many-answers"]
    assert "'Text' is taken from the column 'words'." in unescape(html) and "a &lt;b&gt; film" in html
    assert "good" in html and "90%" in html and "How sure" in html and shown()["many-download"]
    with pytest.raises(StudioError, match="Which column"):
        finish(whole_file.read_again(services, draft, "words", ",", True))
    assert tables.chosen[-1] == {"reading": {"delimiter": ",", "header": True}}, "its columns are others then"
    whole_file.answers_of(services, draft).file.unlink()
    with pytest.raises(StudioError, match="no longer here"):
        finish(whole_file.read_again(services, draft, "words", ";", True))


def test_a_file_is_answered_into_a_download(services: Services, files: Files, draft: Draft, tmp_path: Path) -> None:
    upload = uploaded(tmp_path / "temporary")
    assert whole_file.download_html(services, draft) == ""
    said = list(whole_file.bring(services, draft, upload))
    assert "Waiting for another file" in said[1] and "Answering every row" in said[2] and "1 of 1" in said[2]
    assert not Path(upload).exists(), "the upload's temporary copy"
    kept, limits = files.asked
    assert kept.is_relative_to(services.home.sent) and kept.exists() and limits == services.limits
    assert "Download predictions.csv" in whole_file.download_html(services, draft)
    assert whole_file.download_html(services, draft.change(run=None)) == ""


def test_the_files_of_two_people_do_not_meet(services: Services, files: Files, draft: Draft, tmp_path: Path) -> None:
    """Also where both files lie at the same place."""
    other = services.drafts.save(draft.change(id="b" * 24))
    work = []
    for each in (draft, other):
        work.append(whole_file.bring(services, each, uploaded(tmp_path / "temporary", f"of {each.id}")))
        next(work[-1])
        next(work[-1])
    assert finish(work[0]) and not whole_file.download_html(services, other)
    finish(work[1])
    for each in (draft, other):
        file = whole_file.predictions_file(services, each, str(draft.run))
        assert f"of {each.id}" in file.read_text(encoding="utf-8-sig") and file.name in whole_file.download_html(
            services, each
        )
        assert each.id not in whole_file.download_html(services, each), "whoever has a draft's id can change it"


class Endless(MadeUp):
    """Never answers the untouched model's questions, and takes for ever over an export."""

    def ask(
        self,
        run: Run,
        rows: Sequence[Mapping[str, str]],
        which: str = "tuned",
        cancelled: Event | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Exchange[list[Answer]]:
        if which == "tuned":
            return [SURE]
        return (yield from self.wait(cancelled))

    def export_archive(
        self, run: Run, exporter: str, to: Path, cancelled: Event | None = None, room: int | None = None
    ) -> Exchange[Path]:
        return (yield from self.wait(cancelled))

    def wait(self, cancelled: Event | None) -> Exchange[Any]:
        yield Step(in_line=True)
        while cancelled is None or not cancelled.is_set():
            yield Step()
        raise StudioError("It was cancelled.")


@pytest.mark.parametrize("tab", ["test", "share"])
def test_cancel_ends_the_question_of_its_own_draft_alone(
    services: Services, draft: Draft, slots: list[Slot], tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(services, "predictor", Endless())
    monkeypatch.setattr(EXPORTERS["folder"], "why_not", lambda run: None)
    start: dict[str, Callable[[Draft], Generator[str, None, Draft]]] = {
        "test": lambda of: trying.try_input(services, slots, of, *typed(slots, "a film")),
        "share": lambda of: packing.export(services, of, {"key": "folder"}),
    }
    own, other = start[tab](draft), start[tab](services.drafts.save(draft.change(id="b" * 24)))
    said = [(next(own), next(other)) for _ in range(3)]
    assert "Waiting for another" in said[1][0] and "Waiting" not in said[2][0]
    cancel_questions(services, draft)
    next(other)
    with pytest.raises(StudioError, match="It was cancelled"):
        next(own)
    assert last_asking(services, draft) is None, "no answer of the tuned model alone"
    next(other)
    other.close()
    assert not services.questions


def test_the_next_question_takes_the_place_of_the_last(services: Services, draft: Draft, slots: list[Slot]) -> None:
    """Or the former's answer, which comes late, would be drawn over what the person asks now."""
    object.__setattr__(services, "predictor", Endless())
    first, other = (
        trying.try_input(services, slots, of, *typed(slots, "a film"))
        for of in (draft, services.drafts.save(draft.change(id="b" * 24)))
    )
    for question in (first, other):
        next(question), next(question)
    second = trying.try_input(services, slots, draft, *typed(slots, "another"))
    next(second), next(second)
    with pytest.raises(SupersededError):
        next(first)
    next(second), next(other)
    for question in (second, other):
        question.close()
    assert not services.questions


def test_a_question_that_begins_late_takes_no_newer_one_s_place(
    services: Services, draft: Draft, slots: list[Slot], predictor: MadeUp
) -> None:
    """Gradio's queue starts what waits in it in any order."""
    with asked_by(replace(OWNER, arrived=2.0)):
        finish(trying.try_input(services, slots, draft, *typed(slots, "the newer")))
    with asked_by(replace(OWNER, arrived=1.0)), pytest.raises(SupersededError):
        finish(trying.try_input(services, slots, draft, *typed(slots, "the former")))
    asking = last_asking(services, draft)
    assert asking and "the newer" in asking.asked.cells.values()


def test_a_file_on_its_way_is_left_alone_until_another_run_is_shown(services: Services, draft: Draft) -> None:
    with gr.Blocks():
        section = whole_file.whole_file(services)
    assert all("value" not in section.show(draft)[0] for _ in range(2))
    elsewhere = draft.change(run=make_run(services.store).id)
    assert section.show(elsewhere)[0]["value"] is None and "value" not in section.show(elsewhere)[0]


def test_the_page_says_what_kind_of_answer_it_is() -> None:
    number = Asking("run", "number", Asked((), {}), Answer(3.25))
    assert "The model says: 3.25" in answer_html(number)


class Packing(MadeUp):
    """Writes an archive of one byte."""

    room: int | None = None

    def export_archive(
        self, run: Run, exporter: str, to: Path, cancelled: Event | None = None, room: int | None = None
    ) -> Exchange[Path]:
        self.room = room
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(b"x")
        yield Step()
        return to


def test_a_run_has_one_archive_of_each_format_whatever_it_was_called(
    services: Services, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(services, "predictor", Packing())
    run = services.store.find(str(draft.run))
    assert run
    for exporter in ("folder", "merged"):
        monkeypatch.setattr(EXPORTERS[exporter], "why_not", lambda run: None)
    for name in ("First", "Second"):
        run.annotate(name=name)
        for exporter in ("folder", "merged"):
            finish(packing.export(services, draft, {"key": exporter}))
    assert {file.name for file in services.home.downloads.rglob("*.zip")} == {"second-folder.zip", "second-merged.zip"}


def test_the_texts_to_search_in_come_from_a_file(services: Services, draft: Draft, tmp_path: Path) -> None:
    config = "task: search\nmodel: {id: starter/x}\ndata: {source: nothing.csv}\n"
    run = write(make_run(services.store, config=config), started())
    file = tmp_path / "products.txt"
    file.write_text("Wool coat, red\nHat\n", encoding="utf-8")
    now = trying.take_lines(services, "catalogue", draft.change(run=run.id), str(file))
    assert not file.exists(), "the upload's temporary copy"
    with gr.Blocks():
        controls = build_controls()
    brought = services.brought[now.id]
    shown = dict(zip([control.name for control in controls],
                     shown_controls(controls, config_of(run), False, brought), strict=True))  # fmt: skip
    assert shown["catalogue"]["value"] == "Wool coat, red\nHat"
    assert [update["visible"] for update in shown_files(controls, config_of(run))] == [True]
    assert [update["visible"] for update in shown_files(controls, None)] == [False]
    file.write_text("\n".join(f"product {n} {'x' * 40}" for n in range(1500)), encoding="utf-8")
    with pytest.raises(StudioError, match="too long"):
        trying.take_lines(services, "catalogue", now, str(file))
