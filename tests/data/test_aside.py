"""Columns of a table that a model does not read: found, chosen, and told."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas
import pytest

from studio.data.aside import find_aside
from studio.data.assembly import Assembled, assemble
from studio.data.column_names import is_called_an_id
from studio.data.columns import Column
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.profile import profile_columns
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS

ROWS = 60
RANDOM = random.Random(3)
AGES = [str(RANDOM.randint(18, 80)) for _unused in range(ROWS)]
ANSWERS = [("ill", "well")[int(age) > 50] for age in AGES]
LABEL, NUMBER = Column("label", "Class", "label", ""), Column("number", "Number", "number", "")


def shuffled(values: Sequence[str]) -> list[str]:
    return random.Random(0).sample(values, len(values))


def found(name: str, cells: Sequence[str], target: Column = LABEL, answers: Sequence[str] = ANSWERS) -> str:
    """ "id", "answer" or "" for a column of this name with these cells, beside the answers."""
    table = pandas.DataFrame({name: pandas.Series(cells, dtype="str"), "target": pandas.Series(answers, dtype="str")})
    aside = find_aside(table, profile_columns(table), {target.name: "target"}, target)
    return ("answer" if aside[0].answers else "id") if aside else ""


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("n", [str(n) for n in range(ROWS)]),
        ("n", [str(n) for n in range(1001, 1001 + ROWS)]),
        ("n", shuffled([str(n) for n in range(1, ROWS + 1)])),
        ("customerId", shuffled([str(n * 17 + 5) for n in range(ROWS)])),
        ("patient_id", [f"{n // 1.5:.0f}" for n in range(ROWS * 4)]),
        ("Kunden-Nr.", [f"{n * n}" for n in range(ROWS)]),
        ("ref", [f"{n:08x}-1a2b-4c3d-8e9f-{n:012x}" for n in range(ROWS)]),
        ("ref", [f"A-{n * 7}" for n in range(ROWS)]),
        ("contact", [f"person.{n}@example.org" for n in range(ROWS)]),
        ("id", [f"{name}{n}" for n, name in enumerate(["x", "yy", "z"] * 20)]),
    ],
)
def test_what_numbers_or_names_the_rows_is_found(name: str, cells: Sequence[str]) -> None:
    answers = [ANSWERS[n % ROWS] for n in range(len(cells))]
    assert found(name, cells, LABEL, answers) == "id"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("age", AGES),
        ("year", [str(1950 + n) for n in range(ROWS)]),
        ("price", [f"{n * 1.17:.2f}" for n in range(ROWS)]),
        ("income", shuffled([str(n * n * 13) for n in range(ROWS)])),
        ("category_id", [str(n % 5) for n in range(ROWS)]),
        ("date", [f"2024-01-{n % 28 + 1:02d}" for n in range(ROWS)]),
        ("day", [f"{n + 1}.{n % 12 + 1}.2024" for n in range(ROWS)]),
        ("weight", [f"{n + 40} kg" for n in range(ROWS)]),
        ("note", [f"the knee hurts after fall {n}" for n in range(ROWS)]),
        ("sex", ["female", "male"] * (ROWS // 2)),
        ("video", ["good", "bad"] * (ROWS // 2)),
        ("empty", [""] * ROWS),
    ],
)
def test_what_says_something_of_a_row_is_read(name: str, cells: Sequence[str]) -> None:
    assert found(name, cells) == ""


def test_a_copy_and_a_renaming_of_the_answer_are_found() -> None:
    assert found("outcome", [{"ill": "1", "well": "0"}[answer] for answer in ANSWERS]) == "answer"
    assert found("again", ANSWERS) == "answer"
    nearly = ["well" if n == 7 else answer for n, answer in enumerate(["ill", *ANSWERS[1:]])]
    assert found("doctor", [*nearly[:-1], "ill" if nearly[-1] == "well" else "well"]) == ""


def test_a_number_in_another_unit_is_found() -> None:
    assert found("fahrenheit", [f"{float(age) * 1.8 + 32:.1f}" for age in AGES], NUMBER, AGES) == "answer"
    assert found("noisy", [str(int(age) + n % 3) for n, age in enumerate(AGES)], NUMBER, AGES) == ""


def test_few_rows_may_agree_by_chance() -> None:
    assert found("outcome", ["1", "0"] * 5, LABEL, ["a", "b"] * 5) == ""


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("id", True), ("ID", True), ("customer id", True), ("userId", True), ("Auftragsnummer", True), ("width", False),
     ("valid", False), ("Nr.", True), ("uuid", True), ("", False), ("no", True), ("ident", False)],
)  # fmt: skip
def test_names_of_ids(name: str, is_one: bool) -> None:
    assert is_called_an_id(name) == is_one


@pytest.fixture
def patients(tmp_path: Path) -> Callable[..., Assembled]:
    """A table of patients, put together with these data options."""
    file = tmp_path / "patients.csv"
    lines = [f"{n},{age},{ANSWERS[n]},{int(ANSWERS[n] == 'ill')}" for n, age in enumerate(AGES)]
    file.write_text("\n".join(["id,age,diagnosis,code", *lines]), encoding="utf-8")

    def make(task: str = "tabular-classification", **options: object) -> Assembled:
        folder = import_source(str(file), ReadingOptions(), Home(tmp_path / "home"), Limits()).folder
        imported = Imported.open(folder)
        assert imported is not None
        read = DataOptions.read({"source": str(file), "columns": {"label": "diagnosis"}, **options})
        return assemble(imported, read, TASKS[task].columns, TASKS[task].check)

    return make


def told(assembled: Assembled) -> dict[str, str]:
    return {problem.column: problem.what for problem in assembled.problems if not problem.row}


def test_what_is_found_is_left_out_and_said(patients: Callable[..., Assembled]) -> None:
    assembled = patients()
    assert assembled.left_out == ("id", "code")
    assert all(set(json.loads(cell)) == {"age"} for cell in assembled.table["record"])
    assert set(told(assembled)) == {"id", "code"}


def test_any_column_can_be_taken_in_or_left_out(patients: Callable[..., Assembled]) -> None:
    assembled = patients(left_out=[])
    assert assembled.left_out == () and all("code" in cell for cell in assembled.table["record"])
    assert told(assembled) == {"code": "The column 'code' gives the answer away."}
    assert patients(left_out=["id"]).left_out == ("id",)
    assert patients(left_out=["diagnosis", "id", "id"]).left_out == ("id",), "what is learned is no input anyway"


def test_an_unknown_column_is_refused(patients: Callable[..., Assembled]) -> None:
    with pytest.raises(StudioError) as refused:
        patients(left_out=["aeg"])
    assert "'age'" in refused.value.explanation.what_to_do


def test_nothing_to_read_is_said(patients: Callable[..., Assembled]) -> None:
    with pytest.raises(StudioError, match="None of the rows can be used"):
        patients(left_out=["id", "age", "code"])
