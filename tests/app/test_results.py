"""Test rows and scores as the Test page reads them: of this version's runs, and of those before it."""

import csv
import json
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas
import pytest
from faults.damages import ODD
from logs import make_run

from studio.app import correcting, mistakes, quality
from studio.app.drafts import Draft
from studio.app.editors import EDITORS
from studio.app.evaluation_file import write_evaluation
from studio.app.fixes import told_for
from studio.app.pages import Services
from studio.app.results import AnsweredRow, count_test_rows, row_of, rows_page
from studio.app.views import VIEWS
from studio.config import RunConfig
from studio.data.cleaning import CleaningOptions, corrected_rows
from studio.data.corrections import MOST_CORRECTIONS, Correction, content_of
from studio.errors import StudioError
from studio.files import replace_json
from studio.paths import Home
from studio.store import Run, Store
from studio.tasks import TASKS
from studio.tasks.base import RIGHT, WRONG, Answer
from studio.tasks.classes import ClassScorer
from studio.tasks.former_results import current_rows, current_scores
from studio.tasks.results import stored_scores

FORMER_SCORES = {
    "metrics": {"accuracy": 0.75, "precision_macro": 0.75, "recall_macro": 0.83, "f1_macro": 0.73, "loss": 0.6},
    "per_class": [
        {"label": "bad", "precision": 0.5, "recall": 1.0, "f1": 0.67, "support": 1},
        {"label": "good", "precision": 1.0, "recall": 0.67, "f1": 0.8, "support": 3},
    ],
    "confusion": [[1, 0], [1, 2]],
    "labels": ["bad", "good"],
}
FORMER_ROWS = pandas.DataFrame(
    {
        "row": [4, 7, 9, 11],
        "text": ["a", "b", "c", "d"],
        "label": ["good", "good", "bad", "good"],
        "predicted": ["good", "bad", "bad", "good"],
        "p_bad": [0.1, 0.6, 0.9, 0.2],
        "p_good": [0.9, 0.4, 0.1, 0.8],
    }
)


def rows_of_today(pairs: list[tuple[str, str]]) -> pandas.DataFrame:
    """(true, answered) each, as a worker writes them."""
    said = [Answer(answered, {"probabilities": {answered: 1.0}}) for _, answered in pairs]
    marks = ClassScorer(("bad", "good")).add(said, [{"label": true} for true, _ in pairs])
    return pandas.DataFrame(
        {
            "row": range(1, len(pairs) + 1),
            "text": [f"text {n}" for n in range(len(pairs))],
            "label": [true for true, _ in pairs],
            "answer": [json.dumps(answer.as_dict()) for answer in said],
            "marks": [list(each) for each in marks],
        }
    )


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


def finished(store: Store, rows: pandas.DataFrame, found: dict[str, Any] | None = None) -> Run:
    run = make_run(store)
    run.test_rows_file.parent.mkdir(parents=True)
    rows.to_parquet(run.test_rows_file, index=False)
    if found:
        replace_json(run.scores_file, {"test": found})
    return run


# --- runs of the first version ------------------------------------------------------------------


def test_former_scores_become_views() -> None:
    found = current_scores(FORMER_SCORES)
    assert found["metrics"] == FORMER_SCORES["metrics"]
    assert [view["kind"] for view in found["views"]] == ["confusion", "classes"]
    confusion, classes = (view["data"] for view in found["views"])
    assert confusion["counts"] == [[1, 0], [1, 2]] and confusion["marks"][1] == ["good → bad", "good → good"]
    assert [row["mark"] for row in classes["rows"]] == ["Mistakes with bad", "Mistakes with good"]
    assert classes["rows"][1]["recall"] == 0.67
    assert current_scores(found) == found, "what is as today stays as it is"
    assert current_scores({"metrics": {}, "per_class": [], "confusion": None, "labels": []})["views"] == []


def test_former_rows_get_answers_and_the_marks_of_today_s_scorer() -> None:
    found = current_rows(FORMER_ROWS)
    assert list(found.columns) == ["row", "text", "label", "answer", "marks"]
    assert json.loads(found["answer"][1]) == {"value": "bad", "details": {"probabilities": {"bad": 0.6, "good": 0.4}}}
    assert found["marks"].tolist() == [
        ["good → good", RIGHT],
        ["good → bad", WRONG, "Mistakes with good", "Mistakes with bad"],
        ["bad → bad", RIGHT],
        ["good → good", RIGHT],
    ]
    assert current_rows(found) is found


def test_a_former_run_is_shown_as_any_other(store: Store) -> None:
    run = finished(store, FORMER_ROWS, FORMER_SCORES)
    page = rows_page(store, {"run": run.id})
    assert page["total"] == 4 and [row["answer"]["text"] for row in page["rows"]] == ["good", "bad", "bad", "good"]
    figures = quality.figures(stored_scores(run)["test"]["views"], None)
    assert [figure["chart"] for figure in figures["figures"]] == ["matrix", "rows"]


# --- rows -----------------------------------------------------------------------------------------


def test_a_row_shows_its_inputs_what_it_is_and_what_was_said(store: Store) -> None:
    run = finished(store, rows_of_today([("good", "good"), ("good", "bad")]))
    page = rows_page(store, {"run": run.id})
    assert [column["key"] for column in page["columns"]] == ["row", "text", "label", "answer", "sure"]
    assert page["rows"][1]["label"] == {"text": "good", "tone": "neutral"}
    assert [row["answer"]["tone"] for row in page["rows"]] == ["good", "bad"]
    assert page["rows"][0]["cells"] == {"text": "text 0", "label": "good"} and page["layout"] == "table"
    assert count_test_rows(run) == 2


@pytest.mark.parametrize(
    ("mark", "rows"),
    [("good → bad", [2, 4]), ("Mistakes with good", [2, 3, 4]), (WRONG, [2, 3, 4]), (RIGHT, [1]), ("no such", [])],
)
def test_a_mark_selects_the_rows_that_carry_it(store: Store, mark: str, rows: list[int]) -> None:
    run = finished(store, rows_of_today([("good", "good"), ("good", "bad"), ("bad", "good"), ("good", "bad")]))
    page = rows_page(store, {"run": run.id, "mark": mark})
    assert [row["row"] for row in page["rows"]] == rows and page["total"] == len(rows)


def test_what_is_the_same_in_all_chosen_rows_is_not_repeated(store: Store) -> None:
    run = finished(store, rows_of_today([("good", "bad"), ("bad", "good"), ("good", "bad")]))

    def columns(mark: str) -> list[str]:
        page = rows_page(store, {"run": run.id, "mark": mark})
        return [column["key"] for column in page["columns"]]

    assert columns("good → bad") == ["row", "text", "answer", "sure"]
    assert columns(WRONG) == ["row", "text", "label", "answer", "sure"]


def test_a_mistake_says_what_would_have_been_right_where_all_are_of_one_class(store: Store) -> None:
    run = finished(store, rows_of_today([("good", "bad"), ("bad", "bad")]))
    assert "label" in [column["key"] for column in rows_page(store, {"run": run.id, "mark": WRONG})["columns"]]


def test_pages_of_what_is_not_there_are_empty(store: Store) -> None:
    unreadable = make_run(store, config="not: a run file\n")
    for query in ({"run": "x"}, {}, {"run": make_run(store).id}, {"run": unreadable.id}):
        assert rows_page(store, query)["rows"] == []


# --- scores on the page -----------------------------------------------------------------------------


def test_cards_come_from_the_registry_of_metrics_in_its_order() -> None:
    cards = quality.score_cards({"loss": 0.5, "of_tomorrow": 2.0, "rmse": 1234.5, "accuracy": 0.9}, {})
    assert [re.sub("<[^>]*>", "", card["label"]) for card in cards] == [
        "Accuracy",
        "Typical error (RMSE)",
        "Loss",
        "of tomorrow",
    ]
    assert [card["value"] for card in cards] == ["90.0%", "1,234", "0.5", "2"]
    assert cards[0]["note"] == "share of correct answers" and cards[3]["note"] == ""


def test_every_view_of_a_run_is_drawn_in_its_order(store: Store) -> None:
    scorer = ClassScorer(("bad", "good"))
    scorer.add([Answer("good"), Answer("bad")], [{"label": "good"}, {"label": "good"}])
    found = scorer.scores().as_dict()
    views = [*found["views"], {"kind": "bars", "title": "More", "data": {"bars": []}}, found["views"][0]]
    value = quality.figures(json.loads(json.dumps(views)), "good → bad")
    assert [figure["chart"] for figure in value["figures"]] == ["matrix", "rows", "bars", "matrix"]
    assert value["chosen"] == "good → bad" and all(view["kind"] in VIEWS for view in views)


# --- mistakes, and correcting the data ----------------------------------------------------------------


def surely(pairs: list[tuple[str, str, float]]) -> pandas.DataFrame:
    """(true, answered, how sure) each."""
    rows = rows_of_today([(true, answered) for true, answered, _ in pairs])
    said = [Answer(answered, {"probabilities": {answered: share}}) for _, answered, share in pairs]
    return rows.assign(answer=[json.dumps(answer.as_dict()) for answer in said])


def test_mistakes_come_by_how_sure_the_model_was(store: Store) -> None:
    run = finished(store, surely([("good", "bad", 0.6), ("good", "good", 1.0), ("bad", "good", 0.999)]))
    page = rows_page(store, {"run": run.id, "mark": WRONG, "ranked": True})
    assert rows_page(store, {"run": run.id, "mark": [WRONG, RIGHT]})["rows"] == [], "no page of ours asks for it"
    assert [(row["row"], row["sure"]) for row in page["rows"]] == [(3, "99.9%"), (1, "60%")]
    assert [column["title"] for column in page["columns"]] == ["Row", "Text", "Correct", "Predicted", "How sure"]


def test_numbers_come_by_how_far_they_are_off(store: Store) -> None:
    config = "task: text-regression\nmodel: {id: starter/text}\ndata: {source: nothing.csv}\n"
    run = make_run(store, config=config)
    answers = [json.dumps({"value": value, "details": {}}) for value in (1.0, 9.0, -4.0)]
    table = {"row": [1, 2, 3], "text": ["a"] * 3, "number": ["1", "2,5", "3"], "answer": answers, "marks": [["x"]] * 3}
    run.test_rows_file.parent.mkdir(parents=True)
    pandas.DataFrame(table).to_parquet(run.test_rows_file)
    page = rows_page(store, {"run": run.id, "ranked": True})
    assert [row["row"] for row in page["rows"]] == [3, 2, 1] and "sure" not in {c["key"] for c in page["columns"]}


@pytest.fixture
def corrected_run(services: Services) -> tuple[Run, Draft]:
    """A run whose data is the draft's."""
    run = finished(services.store, surely([("good", "bad", 0.9), ("good", "good", 0.8)]))
    run.annotate(dataset="d" * 12)
    config = {"task": "text-classification", "data": {"source": "nothing.csv"}}
    return run, Draft(id="a" * 24, page="test", run=run.id, dataset="d" * 12, config=config, example=1)


def corrected(services: Services, draft: Draft, value: Any) -> Draft:
    """As the button does. value: what the field for the task's target holds."""
    task = TASKS[str(draft.task)]
    with gr.Blocks():
        entries = correcting.build_entries()
    values = value if isinstance(value, list) and len(correcting.learned(task)) > 1 else [value]
    held = [values[entry.place] if entry.column(task) else None for entry in entries]
    return correcting.correct(services, entries, draft, *held)


def test_a_label_is_corrected_for_the_next_run_and_that_can_be_undone(
    services: Services, corrected_run: tuple[Run, Draft]
) -> None:
    run, draft = corrected_run
    cleaned = corrected(services, draft, "bad").data.cleaning
    assert cleaned.corrections == (Correction(row=1, label="bad", column="label", content=content_of("text 0")),)
    both = correcting.leave_out(services, corrected(services, draft, "bad").change(example=2))
    assert [(each.row, each.label) for each in both.data.cleaning.corrections] == [(1, "bad"), (2, None)]
    assert [
        each.row for each in correcting.undo_correction(services, both, {"key": "row:1"}).data.cleaning.corrections
    ] == [2]
    with_copies = both.configure({"data.cleaning.copies": "drop"})
    assert correcting.undo_correction(services, with_copies, {"key": ""}).data.cleaning == CleaningOptions(
        copies="drop"
    )
    row = row_of(run, TASKS["text-classification"], 1)
    assert row is not None
    html = correcting.row_html(run, TASKS["text-classification"], row, both.data.cleaning)
    assert "The right answer is good." in html and "text 0" in html and "In the next run: now" in html


def test_a_run_that_learned_from_corrections_offers_them_no_more(
    services: Services, corrected_run: tuple[Run, Draft]
) -> None:
    _run, draft = corrected_run
    once = corrected(services, draft, "bad")
    said = once.data.cleaning.model_dump(mode="json")
    data = {"source": "nothing.csv", "cleaning": said}
    settings = {"task": "text-classification", "model": {"id": "starter/text"}, "data": data}
    config = RunConfig.read(settings, "settings").to_text()
    learned = finished(services.store, surely([("bad", "bad", 0.9), ("good", "good", 0.8)]))
    learned.config_file.write_text(config, encoding="utf-8")
    assert correcting.not_learned(learned, once.data.cleaning).corrections == ()
    learned.annotate(dataset="d" * 12)
    twice = corrected(services, once.change(run=learned.id, example=2), "bad")
    assert [each.row for each in correcting.not_learned(learned, twice.data.cleaning).corrections] == [2]
    assert correcting.undo_correction(services, twice, {"key": ""}).data.cleaning == once.data.cleaning
    assert mistakes.what_is_shown(learned, TASKS["text-classification"], None)[1:] == ("", "No mistakes")


def test_what_cannot_be_corrected_says_why(services: Services, corrected_run: tuple[Run, Draft]) -> None:
    _run, draft = corrected_run
    for broken in (draft.change(example=7), draft.change(example=None), draft.change(dataset="e" * 12)):
        with pytest.raises(StudioError, match="cannot be corrected now"):
            corrected(services, broken, "bad")
    with pytest.raises(StudioError, match="says so already"):
        corrected(services, draft, "good")


def test_whatever_a_correction_brings_is_answered(services: Services, corrected_run: tuple[Run, Draft]) -> None:
    _run, draft = corrected_run
    with gr.Blocks():
        entries = correcting.build_entries()
    for value in (*ODD, "z" * 10**6):
        held = [value if entry.column(TASKS["text-classification"]) else None for entry in entries]
        with suppress(StudioError):
            (made,) = correcting.correct(services, entries, draft, *held).data.cleaning.corrections
            assert made.row == 1 and str(made.label).encode()


def test_more_corrections_than_a_run_takes_are_refused(services: Services, corrected_run: tuple[Run, Draft]) -> None:
    _run, draft = corrected_run
    many = [{"row": row, "label": "bad", "column": "label"} for row in range(10, 10 + MOST_CORRECTIONS)]
    full = draft.configure({"data.cleaning.corrections": many})
    for press in (correcting.leave_out, partial(corrected, value="bad")):
        with pytest.raises(StudioError):
            press(services, full)
    rows = correcting.undo_correction(services, full, {"key": "row:10"})
    assert len(corrected(services, rows, "bad").data.cleaning.corrections) == MOST_CORRECTIONS


ROWS_OF = {
    "text-regression": ({"text": "a"}, {"number": "2.5"}, 1.0, 3.0, "3", "now '3'"),
    "text-labels": ({"text": "a"}, {"labels": '["x"]'}, ["x", "y"], ["y", "x"], '["x", "y"]', "now 'x, y'"),
    "translation": ({"source": "ein Haus"}, {"target": "a hose"}, "a hose", " a house", "a house", "now 'a house'"),
    "token-classification": (
        {"text": "Anna met [Ben]"},
        {"spans": '[{"start": 0, "end": 4, "label": "person"}]'},
        [],
        r"Anna met \[[Ben](person)\]",
        '[{"start": 10, "end": 13, "label": "person"}]',
        "now '1 piece'",
    ),
    "extractive-qa": (
        {"context": "It was built\nin 1912.", "question": "When?"},
        {"answers": "[]"},
        "",
        "built in 1912",
        r'[{"text": "built\nin 1912", "start": 7}]',
        "now 'built in 1912'",
    ),
    "object-detection": (
        {"image": "a.png"},
        {"boxes": '[{"box": [1, 2, 3, 4], "label": "cat"}]'},
        [],
        {"rows": [["dog", "1", "2,5", "3", "4"]]},
        '[{"box": [1.0, 2.5, 3.0, 4.0], "label": "dog"}]',
        "now '1 object'",
    ),
}


@pytest.mark.parametrize("task", ROWS_OF)
def test_whatever_is_learned_of_a_row_can_be_corrected_and_put_back(services: Services, task: str) -> None:
    given, right, answer, value, cell, told = ROWS_OF[task]
    run = make_run(services.store, config=f"task: {task}\nmodel: {{id: starter/text}}\ndata: {{source: nothing.csv}}\n")
    said = json.dumps({"value": answer, "details": {}})
    rows = pandas.DataFrame(
        {"row": [4], **{k: [v] for k, v in (given | right).items()}, "answer": [said], "marks": [[]]}
    )
    run.test_rows_file.parent.mkdir(parents=True)
    rows.to_parquet(run.test_rows_file)
    run.annotate(dataset="d" * 12)
    config = {"task": task, "data": {"source": "nothing.csv"}}
    draft = Draft(id="a" * 24, page="test", run=run.id, dataset="d" * 12, config=config, example=4)
    ((name, before),) = right.items()
    now = corrected(services, draft, value)
    made = Correction(row=4, content=content_of(next(iter(given.values()))), label=cell, column=name)
    assert now.data.cleaning.corrections == (made,)
    assert [fix.value for fix in corrected_rows(now.data.cleaning, told_for(TASKS[task]))] == [told]
    column, row = correcting.learned(TASKS[task])[0], row_of(run, TASKS[task], 4)
    assert row is not None
    shown = correcting.example_of(run, TASKS[task], row, now.data.cleaning, column)
    assert shown.cell == cell and shown.is_corrected
    as_before = EDITORS[column.kind].shown(correcting.example_of(run, TASKS[task], row, draft.data.cleaning, column))[
        "value"
    ]
    with pytest.raises(StudioError, match="says so already"):
        corrected(services, draft, as_before)
    assert corrected(services, now, as_before).data.cleaning.corrections == (), "put back by hand"
    assert before != cell


@pytest.mark.parametrize(
    ("task", "value", "why"),
    [
        ("text-regression", None, "number is missing"),
        ("translation", "  ", "text is empty"),
        ("token-classification", "Anna met [Bob](person)", "words of the text were changed"),
        ("token-classification", r"Anna met \[[Ben]( )\]", "label is missing"),
        ("extractive-qa", "in 1913", "does not stand in the passage"),
        ("object-detection", {"rows": [["dog", "1", "", "3", "4"]]}, "Top of 'dog' is not a number"),
        ("object-detection", {"rows": [["", "1", "2", "3", "4"]]}, "label is missing"),
        ("object-detection", {"rows": [["dog", "1", "2", "0", "4"]]}, "no area"),
    ],
)
def test_what_could_not_be_learned_is_refused_with_the_reason(
    services: Services, task: str, value: Any, why: str
) -> None:
    given, right, answer, *_ = ROWS_OF[task]
    column = correcting.learned(TASKS[task])[0]
    row = AnsweredRow(4, given | right, Answer(answer))
    run = make_run(services.store, config=f"task: {task}\nmodel: {{id: starter/text}}\ndata: {{source: nothing.csv}}\n")
    example = correcting.example_of(run, TASKS[task], row, CleaningOptions(), column)
    with pytest.raises(StudioError, match=why):
        correcting.check_cells(run, TASKS[task], row, {column.name: EDITORS[column.kind].cell(value, example)})


def test_every_answer_of_a_row_can_be_corrected(services: Services) -> None:
    task = TASKS["preference"]
    run = make_run(services.store, config="task: preference\nmodel: {id: x}\ndata: {source: nothing.csv}\n")
    cells = {"prompt": "Hi", "chosen": "Go away.", "rejected": "Hello, you."}
    said = json.dumps({"value": "Hello, you.", "details": {"margin": -1.0}})
    run.test_rows_file.parent.mkdir(parents=True)
    table = pandas.DataFrame({"row": [4], **{name: [cell] for name, cell in cells.items()}, "answer": [said]})
    table.assign(marks=[[]]).to_parquet(run.test_rows_file)
    run.annotate(dataset="d" * 12)
    config = {"task": "preference", "data": {"source": "nothing.csv"}}
    draft = Draft(id="a" * 24, page="test", run=run.id, dataset="d" * 12, config=config, example=4)
    swapped = corrected(services, draft, ["Hello, you.", "Go away."])
    assert [(each.column, each.label) for each in swapped.data.cleaning.corrections] == [
        ("chosen", "Hello, you."),
        ("rejected", "Go away."),
    ]
    row = row_of(run, task, 4)
    assert row is not None
    html = correcting.row_html(run, task, row, swapped.data.cleaning)
    assert "Hello, you." in html and "and now" in html
    half = correcting.undo_correction(services, swapped, {"key": "row:4:rejected"})
    assert [each.column for each in half.data.cleaning.corrections] == ["chosen"]
    put_back = corrected(services, swapped, ["Go away.", "No."]).data.cleaning.corrections
    assert [(each.column, each.label) for each in put_back] == [("rejected", "No.")]
    with pytest.raises(StudioError, match="same"):
        corrected(services, draft, ["Hello, you.", "Hello, you."])
    assert [each.label for each in correcting.leave_out(services, swapped).data.cleaning.corrections] == [None]
    with pytest.raises(StudioError, match="says so already"):
        corrected(services, draft, ["Go away.", "Hello, you."])


# --- the evaluation as a file ---------------------------------------------------------------------------


def evaluation(run: Run, tmp_path: Path) -> list[list[str]]:
    target = tmp_path / "evaluation.csv"
    assert list(write_evaluation(run, target))[-1][0] == count_test_rows(run)
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_every_test_row_stands_in_the_evaluation_with_both_answers(store: Store, tmp_path: Path) -> None:
    rows = surely([("good", "bad", 0.9), ("bad", "bad", 0.75)]).assign(text=["=1+1", "two"])
    assert evaluation(finished(store, rows), tmp_path) == [
        ["row", "text", "correct", "predicted", "confidence", "p_bad", "right"],
        ["1", "'=1+1", "good", "bad", "0.9", "0.9", "no"],
        ["2", "two", "bad", "bad", "0.75", "0.75", "yes"],
    ]


def test_numbers_are_neither_right_nor_wrong_in_it(store: Store, tmp_path: Path) -> None:
    run = make_run(store, config="task: text-regression\nmodel: {id: starter/text}\ndata: {source: nothing.csv}\n")
    said = json.dumps({"value": 2.5, "details": {}})
    run.test_rows_file.parent.mkdir(parents=True)
    table = {"row": [7], "text": ["a"], "number": ["2"], "answer": [said], "marks": [["x"]]}
    pandas.DataFrame(table).to_parquet(run.test_rows_file)
    assert evaluation(run, tmp_path)[1] == ["7", "a", "2", "2.5", ""]


def test_a_run_without_test_rows_has_no_evaluation(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no test results"):
        list(write_evaluation(make_run(store), tmp_path / "none.csv"))
    assert not (tmp_path / "none.csv").exists()
