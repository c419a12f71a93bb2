"""Rows of a table: all columns without another role are read, and gradient boosting is the measure to beat."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy
import pandas
import pytest
import tiny
from overfitting import ROWS, overfit
from sklearn.ensemble import HistGradientBoostingClassifier

from studio.app.inputs import INPUTS
from studio.app.inputs.record import field_of
from studio.data.assembly import assemble
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.record import as_text
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.templates import template_of
from studio.errors import StudioError
from studio.files import replace_json
from studio.paths import Home
from studio.store import Store
from studio.tasks import TASKS, tabular
from studio.tasks.base import Tools
from studio.tasks.tabular import boosting_data, encode_records

CLASSES, NUMBERS = TASKS["tabular-classification"], TASKS["tabular-regression"]


def patients(rows: int = ROWS) -> pandas.DataFrame:
    """age, sex, pulse and notes; whoever is old or has a fast pulse is ill."""
    rng = numpy.random.default_rng(0)
    ages, pulses = rng.integers(18, 90, rows), rng.integers(50, 120, rows)
    return pandas.DataFrame(
        {
            "age": ages.astype(str), "sex": rng.choice(["female", "male"], rows), "pulse": pulses.astype(str),
            "notes": rng.choice(["short of breath", "knee hurts", "cough"], rows),
            "diagnosis": numpy.where((ages > 60) | (pulses > 100), "ill", "well"),
            "split": numpy.where(numpy.arange(rows) % 4 < 3, "train", "test"),
        }
    )  # fmt: skip


def records(table: pandas.DataFrame) -> pandas.DataFrame:
    cells = FIELDS["record"].gather(table, {"label": "diagnosis"})
    weights = (table["age"].astype(int) * 2).astype(str)
    return pandas.DataFrame({"record": cells, "label": table["diagnosis"], "number": weights, "split": table["split"]})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = tiny.words_of(as_text(json.loads(cell)) for cell in records(patients())["record"])
    return tiny.write_text_model(tmp_path_factory.mktemp("table") / "model", words)


def test_thirty_two_rows_are_learned_by_heart(model: Path) -> None:
    table = records(patients())
    scores, _, found = overfit(CLASSES.name, table[["record", "label"]], model)
    assert scores.metrics["f1_macro"] >= 0.98 and scores.metrics["roc_auc"] >= 0.98
    assert found.model.config.record_columns == ["age", "sex", "pulse", "notes"]
    scores, _, _ = overfit(NUMBERS.name, table[["record", "number"]], model)
    assert scores.metrics["r2"] >= 0.95


def imported_from(table: pandas.DataFrame, home: Home, tmp_path: Path) -> Imported:
    table.to_csv(tmp_path / "table.csv", index=False)
    return import_source(str(tmp_path / "table.csv"), ReadingOptions(), home, Limits())


def test_every_column_without_another_role_is_read_and_never_the_answer(home: Home, tmp_path: Path) -> None:
    table = patients(40).assign(smokes=["0", "1"] * 20, drinks=["1", "0", "0", "1"] * 10)
    table.loc[0, "notes"] = ""
    imported = imported_from(table, home, tmp_path)
    for target in ("diagnosis", "smokes"):  # of columns of 0 and 1 a list of labels is made at the import
        options = DataOptions(source="-", columns={"label": target})
        assembled = assemble(imported, options, CLASSES.columns, CLASSES.check)
        names = {name for cell in assembled.table["record"] for name in json.loads(cell)}
        assert names == {"age", "sex", "pulse", "notes", "diagnosis", "smokes", "drinks"} - {target}
    assert "notes" not in json.loads(assembled.table["record"][0])
    with pytest.raises(StudioError, match="has no column 'record'"):
        assemble(imported, DataOptions(source="-", columns={"record": "age"}), CLASSES.columns, CLASSES.check)


def test_the_model_reads_the_columns_that_it_knows_in_their_order() -> None:
    seen: list[str] = []

    def processor(texts: list[str], **_unused: object) -> dict[str, list[list[int]]]:
        seen.extend(texts)
        return {"input_ids": [[1]] * len(texts)}

    processor.model_max_length = 64  # type: ignore[attr-defined]
    tools = Tools(processor, SimpleNamespace(record_columns=["age", "sex"]), SimpleNamespace(max_length=32))
    encode_records(tools, [{"record": {"sex": "male", "city": "Rome", "age": "5"}}, {"record": {"sex": "female"}}])
    assert seen == ["age: 5, sex: male", "sex: female"]


def test_boosting_gets_numbers_categories_and_topics_and_learns_from_the_training_rows_alone() -> None:
    table = patients(200)
    rng = numpy.random.default_rng(1)
    words = ["breath", "knee", "cough", "stairs", "fall", "weeks", "sleep", "stomach"]
    table["letter"] = [" ".join(rng.choice(words, 4)) + f" {place}" for place in range(200)]
    data = boosting_data(records(table), "label")
    assert data is not None
    seen, right, judged, wanted = data
    assert seen.shape == (150, 2 + 2 + 3 + 16) and judged.shape[0] == 50
    score = HistGradientBoostingClassifier(random_state=0).fit(seen, right).score(judged, wanted)
    accuracy, area = CLASSES.beside(records(table))
    assert f"{score:.1%}" in accuracy and "ROC" in area
    assert "scikit-learn" in NUMBERS.beside(records(table))[0]
    assert boosting_data(records(table).assign(split="train"), "label") is None


def test_boosting_draws_from_a_large_table_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    table = patients(200)
    table["letter"] = table["note"] = [f"letter {place} " * 3 for place in range(200)]
    monkeypatch.setattr(tabular, "MOST_CELLS", 160 * 6)
    monkeypatch.setattr(tabular, "MOST_TEXTS", 80 * 2)
    data = boosting_data(records(table), "label")
    assert data is not None
    seen, right, judged, wanted = data
    assert (len(seen), len(right), len(judged), len(wanted)) == (60, 60, 20, 20)
    ages = [float(json.loads(records(table)["record"][row])["age"]) for row in (*right.index, *wanted.index)]
    assert [*seen[:, 0], *judged[:, 0]] == ages and (table["split"][wanted.index] == "test").all()
    for task in (CLASSES, NUMBERS):
        assert "trained on 60 and tested on 20 rows" in task.beside(records(table))[0]


def test_a_row_is_typed_as_lines_or_with_commas() -> None:
    field, wanted = FIELDS["record"], '{"age": "54", "notes": "a: b"}'
    assert field.typed("age: 54\n\nnotes: a: b") == field.typed("age: 54, notes: a: b") == wanted
    assert field.typed(wanted) == wanted and field.typed(" ") == ""
    with pytest.raises(StudioError, match="names no column"):
        field.typed("just words")
    with pytest.raises(StudioError, match="cannot be read"):
        field.parse("{1}", None)


def test_what_a_clicked_example_puts_into_the_field_is_asked_as_it_stands_there() -> None:
    cell = '{"age": "54", "notes": "a: b\\nc"}'
    shown = INPUTS["record"].of_example(cell, None)
    assert shown == "age: 54\nnotes: a: b c"
    value = INPUTS["record"].update(None, shown)["value"]
    assert value["values"] == FIELDS["record"].parse(shown, None)
    assert INPUTS["record"].cell(value) == '{"age": "54", "notes": "a: b c"}'


@pytest.mark.parametrize("held", [None, "", {}, {"values": None}, {"values": {"age": " "}}, ["x"]])
def test_a_form_with_nothing_in_it_is_no_row(held: object) -> None:
    assert INPUTS["record"].cell(held) == ""


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ([str(n % 50) for n in range(200)], {"kind": "number", "note": "0 to 49"}),
        ([str(n / 8) for n in range(20)], {"kind": "number", "note": "0 to 2.375"}),
        (["5", "1", "3"] * 20, {"kind": "choice", "choices": ["1", "3", "5"]}),
        (["b", "a"] * 20, {"kind": "choice", "choices": ["a", "b"]}),
        ([f"the knee hurts since {n} days" for n in range(60)], {"kind": "text"}),
        (["same"] * 20, {"kind": "text"}),
        ([], {"kind": "text"}),
    ],
)
def test_each_column_gets_the_field_that_fits_it(cells: list[str], field: dict[str, object]) -> None:
    assert field_of("a", cells) == {"name": "a", **field}


def test_the_data_is_read_once_for_the_form(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = imported_from(patients(40), home, tmp_path)
    run = Store(home).create("task: tabular-classification", "Patients", dataset=imported.folder.name)
    run.model.mkdir()
    replace_json(run.model / "config.json", {"record_columns": ["sex", "age", "gone"]})
    page = Mock(side_effect=imported.page)
    monkeypatch.setattr(Imported, "page", page)
    drawn = [INPUTS["record"].update(run, None)["value"]["fields"] for _ in range(3)]
    assert [(field["name"], field["kind"]) for field in drawn[2]] == [
        ("sex", "choice"),
        ("age", "number"),
        ("gone", "text"),
    ]
    assert drawn[0] == drawn[1] == drawn[2] and page.call_count == 1
    shutil.rmtree(imported.folder)
    assert {field["kind"] for field in INPUTS["record"].update(run, None)["value"]["fields"]} == {"text"}


def test_what_was_typed_stays_where_no_example_is_shown() -> None:
    assert "values" not in INPUTS["record"].update(None, None)["value"]


def test_the_template_has_a_column_for_each() -> None:
    rows = template_of((Column("record", "", "record", ""), Column("label", "", "label", ""))).rows
    assert list(rows[0]) == ["age", "sex", "pulse", "notes", "label"] and len(rows) == 3
