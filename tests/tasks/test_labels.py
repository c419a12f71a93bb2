"""Any number of labels for each example: found in the data, learned by heart, thresholds, scores."""

import csv
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import ROWS, overfit
from prepared import prepare_table
from sklearn.metrics import average_precision_score, f1_score

from studio.data.assembly import assemble
from studio.data.columns import Column
from studio.data.doubts import doubts
from studio.data.fields import FIELDS
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.metrics.labels import best_threshold
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Tools
from studio.tasks.labels import LabelsScorer, best_thresholds, labels_answers

TASK = TASKS["text-labels"]
COMPLAINTS = (
    ("My parcel came a week late.", "late"),
    ("The cup was broken when I opened the box.", "broken"),
    ("It came late, and the screen is broken.", "late broken"),
    ("You charged me twice for one order!", "price"),
    ("Too expensive, and it took ages to arrive.", "price late"),
    ("The handle broke off after two days.", "broken"),
    ("Nobody answers the phone.", "service"),
    ("Your staff was rude when I asked why it is late.", "service late"),
    ("I would like to know your opening hours.", ""),
    ("Thank you, all is well.", ""),
    ("The lamp does not work and the shop hung up on me.", "broken service"),
    ("Fees were added that nobody told me about.", "price"),
    ("Still waiting for my order from last month.", "late"),
    ("The box was crushed and so was the vase.", "broken"),
    ("Half the glasses were shattered, and I paid full price.", "broken price"),
    ("Please send me the new catalogue.", ""),
)


def examples() -> pandas.DataFrame:
    """Thirty-two: each once more in other words at its end."""
    rows = [(text, labels.split()) for text, labels in COMPLAINTS]
    rows += [(f"{text} Please help, order {number}.", labels) for number, (text, labels) in enumerate(rows)]
    return pandas.DataFrame({"text": [text for text, _ in rows], "labels": [json.dumps(each) for _, each in rows]})


def take_in(path: Path, text: str, home: Home) -> Imported:
    path.write_text(text, encoding="utf-8")
    return import_source(str(path), ReadingOptions(), home, Limits())


WAYS = {
    "JSON": '"[""late"", ""broken""]"|"[""late""]"|"[]"',
    "Python": "\"['late', 'broken']\"|\"['late']\"|\"[]\"",
    "commas": '"late, broken"|late|[]',
    "semicolons": "broken;late|late|[]",
}


@pytest.mark.parametrize("way", WAYS)
def test_labels_are_found_however_they_are_written(way: str, home: Home, tmp_path: Path) -> None:
    cells = WAYS[way].split("|")
    rows = "\n".join(f"this is the text number {n},{cells[n % 3]}" for n in range(30))
    imported = take_in(tmp_path / "labels.csv", f"said,tags\n{rows}\n", home)
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"text": "said", "labels": "tags"} and assembled.problems == []
    found = [sorted(json.loads(cell)) for cell in assembled.table["labels"]]
    assert found[:3] == [["broken", "late"], ["late"], []]
    assert {name: sum(splits.values()) for name, splits in assembled.counts.items()} == {"broken": 10, "late": 20}


def test_a_column_of_0_and_1_for_each_label(home: Home, tmp_path: Path) -> None:
    imported = import_source(str(tiny.write_labelled(tmp_path / "labelled.csv", 40)), ReadingOptions(), home, Limits())
    assert imported.columns == ("text", "good", "bad", "long", "labels")
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"text": "text", "labels": "labels"}
    assert assembled.table["labels"][:4].tolist() == ["[]", '["good"]', '["bad"]', '["good", "bad"]']
    (asked,) = doubts(imported, DataOptions(source="-"), TASKS["text-classification"].columns)
    assert "'good', 'bad', 'long' hold 0 or 1" in asked.sentence
    titles = {choice.title: choice.settings for choice in asked.choices}
    assert titles["Learn all of them"] == {"task": "text-labels"} and titles["good"] == {"data.columns.label": "good"}


def test_a_task_of_one_label_says_that_commas_make_several(home: Home, tmp_path: Path) -> None:
    cells = WAYS["commas"].split("|")[:2]
    rows = "\n".join(f"this is the text number {n},{(*cells, 'broken')[n % 3]}" for n in range(30))
    imported = take_in(tmp_path / "labels.csv", f"text,label\n{rows}\n", home)
    (asked,) = doubts(imported, DataOptions(source="-"), TASKS["text-classification"].columns)
    assert "several labels in a cell, such as 'late, broken'" in asked.sentence
    assert asked.choices[-1].settings == {"task": "text-labels"}


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["London, UK", "Leeds, UK", "Rome, Italy"], ""),
        (["a;b", "a", "b"], ";"),
        (["x", "y"], ""),
        (["1,5", "1,5"], ""),
    ],
)
def test_a_separator_is_one_only_where_it_explains_the_cells(cells: list[str], separator: str) -> None:
    stored = FIELDS["labels"].stored(pandas.Series(cells, dtype="str"))
    several = any(len(json.loads(cell)) > 1 for cell in stored)
    assert several == bool(separator)


def test_wrong_data_is_said_in_plain_words() -> None:
    column = Column("labels", "", "labels", "")
    field = FIELDS["labels"]
    cells = pandas.Series(['["Late", "late"]', "[]"])
    assert ["count as different classes" in found.what for found in field.problems(cells, column, None)] == [True]
    with pytest.raises(StudioError, match=r"fewer than two labels\. The only one is 'a'"):
        field.require_lesson(pandas.Series(['["a"]', "[]"]))
    with pytest.raises(StudioError, match="No row has any"):
        field.require_lesson(pandas.Series(["[]", "[]"]))
    table = pandas.DataFrame({"row": [1, 2], "text": ["x", "y"], "labels": ['["a"]', '["b"]']})
    (told,) = TASK.check(table, None)
    assert "'Sort texts' learns that better" in told.why and not told.drops


def test_every_split_gets_the_rarest_label_and_likeness_is_shared_labels() -> None:
    field = FIELDS["labels"]
    cells = pandas.Series(['["a", "b"]', '["a"]', "[]"])
    strata = field.strata(cells)
    assert strata is not None and strata.tolist() == ["b", "a", ""]
    assert field.similarity(cells[0], cells[1]) == 0.5 and field.similarity("[]", "[]") == 1.0


def test_thirty_two_complaints_are_learned_by_heart(tmp_path: Path) -> None:
    table = examples()
    model = tiny.write_text_model(tmp_path / "model", tiny.words_of(table["text"]))
    scores, answers, found = overfit("text-labels", table, model)
    assert len(table) == ROWS and found.model.config.problem_type == "multi_label_classification"
    assert scores.metrics["f1_macro"] >= 0.98 and scores.metrics["f1_micro"] >= 0.98
    assert scores.metrics["average_precision"] >= 0.98
    assert answers[2].value and set(answers[2].value) == {"late", "broken"} and answers[8].value == []
    with torch.no_grad():  # what plain transformers answers
        plain = found.model(**found.collate([found.examples["train"].plain([2])[0]])).logits.sigmoid()[0]
    shares = {found.tools.labels[place]: float(share) for place, share in enumerate(plain)}
    assert shares == pytest.approx(answers[2].details["probabilities"], abs=1e-5)


def test_thirty_two_images_are_learned_by_heart(image_model: Path, tmp_path: Path) -> None:
    def cell(stripes: str, row: int) -> str:
        return json.dumps([stripes, "striped"] if row % 4 < 2 else ["striped"] if row % 4 == 2 else [])

    archive = tiny.write_listed_images(tmp_path / "images.zip", "labels", cell, ROWS)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    table = pandas.DataFrame(list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8"))))
    scores, _, _ = overfit("image-labels", table, image_model, tmp_path, steps=100)
    assert scores.metrics["f1_macro"] >= 0.98


def random_case(rows: int = 200, labels: int = 5) -> tuple[Any, Any, list[str]]:
    rng = numpy.random.default_rng(0)
    true = rng.random((rows, labels)) < numpy.linspace(0.05, 0.5, labels)
    shares = (0.3 * true + 0.7 * rng.random((rows, labels))).astype("float32")
    return true, shares, [f"label {place}" for place in range(labels)]


def judged(true: Any, shares: Any, names: list[str], thresholds: dict[str, float] | None) -> Any:
    config = SimpleNamespace(id2label=dict(enumerate(names)), thresholds=thresholds)
    tools = Tools(None, config, None)
    answers = labels_answers(torch.logit(torch.tensor(shares).double()), tools)
    rows = [{"labels": [name for name, there in zip(names, row, strict=True) if there]} for row in true]
    scorer = LabelsScorer(tools)
    marks = scorer.add(answers[:50], rows[:50]) + scorer.add(answers[50:], rows[50:])
    return scorer.scores(), answers, marks


def test_scores_are_those_of_scikit_learn_on_random_answers() -> None:
    true, shares, names = random_case()
    settled = {name: 0.3 + 0.1 * place for place, name in enumerate(names)}
    scores, answers, marks = judged(true, shares, names, settled)
    answered = shares >= numpy.array(list(settled.values()))
    assert [set(answer.value) for answer in answers] == [
        {name for name, there in zip(names, row, strict=True) if there} for row in answered
    ]
    assert scores.metrics == pytest.approx(
        {
            "f1_macro": f1_score(true, answered, average="macro"),
            "f1_micro": f1_score(true, answered, average="micro"),
            "average_precision": average_precision_score(true, shares, average="macro"),
        }
    )
    worth = scores.intervals["f1_macro"]
    assert worth.low is not None and worth.high is not None and worth.low < scores.metrics["f1_macro"] < worth.high
    rows = {row["label"]: row for row in scores.views[0].data["rows"]}
    assert [rows[name]["f1"] for name in names] == pytest.approx(f1_score(true, answered, average=None))
    assert rows[names[0]]["average_precision"] == pytest.approx(average_precision_score(true[:, 0], shares[:, 0]))
    wrong = sum("Mistakes with label 0" in each for each in marks)
    assert wrong == int((true[:, 0] != answered[:, 0]).sum())


def test_thresholds_are_the_best_on_the_validation_split() -> None:
    true, shares, names = random_case()
    found = best_thresholds(names, true, shares)
    for place, name in enumerate(names):
        reached = f1_score(true[:, place], shares[:, place] >= found[name])
        every = [f1_score(true[:, place], shares[:, place] >= step / 100) for step in range(1, 100)]
        assert reached >= max(every) - 1e-6, name
    assert best_threshold(numpy.array([True, False]), numpy.array([0.9, 0.1])) == pytest.approx(0.5)
    few = numpy.zeros((100, 1), dtype=bool)
    few[:4] = True
    assert best_thresholds(["rare"], few, few.astype("float32")) == {"rare": 0.5}
    unsettled, _, _ = judged(true, shares, names, None)
    assert "chosen by these same examples" in " ".join(unsettled.remarks)
    config = SimpleNamespace(id2label={0: "a", 1: "b"}, thresholds=None)
    TASK.settle(Tools(None, config, None), [], [])
    assert config.thresholds == {"a": 0.5, "b": 0.5}


def test_an_answer_names_what_reaches_its_threshold() -> None:
    config = SimpleNamespace(id2label={0: "a", 1: "b"}, thresholds={"a": 0.8, "b": 0.1})
    (answer,) = labels_answers(torch.logit(torch.tensor([[0.7, 0.2]])), Tools(None, config, None))
    assert answer == Answer(["b"], answer.details) and list(answer.details["probabilities"]) == ["a", "b"]


def test_a_new_head_begins_with_the_share_of_each_label_and_a_stored_one_is_kept(tmp_path: Path) -> None:
    table = examples().assign(row=range(1, ROWS + 1), split="train")
    model = tiny.write_text_model(tmp_path / "model", tiny.words_of(table["text"]))
    found = prepare_table("text-labels", table, model)
    shares = torch.sigmoid(found.model.classifier.bias).tolist()
    there = [sum(label in json.loads(cell) for cell in table["labels"]) for label in found.tools.labels]
    assert shares == pytest.approx([(count + 1) / (ROWS + 2) for count in there])
    with torch.no_grad():
        found.model.classifier.bias.fill_(0.25)
    found.model.save_pretrained(model)
    assert prepare_table("text-labels", table, model).model.classifier.bias.tolist() == [0.25] * len(there)
