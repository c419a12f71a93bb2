"""Which column of a file as people keep it is taken for which role, and when that is asked."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas
import pytest

from studio.data.guessing import column_guesses, guess_columns
from studio.data.importing import Imported
from studio.data.options import ReadingOptions
from studio.data.profile import profile_columns
from studio.tasks import TASKS

ROWS = 120
RANDOM = random.Random(11)
WORDS = ("the", "parcel", "came", "late", "and", "box", "was", "open", "when", "we", "looked", "again", "on", "monday")


def texts(length: int = 12) -> list[str]:
    return [" ".join(RANDOM.choices(WORDS, k=length)) for _unused in range(ROWS)]


def remarks() -> list[str]:
    """Short, some of them twice: neither classes nor what is to be read."""
    return [" ".join(RANDOM.choices(WORDS[: 6 + n % 5], k=3)) for n in range(ROWS)]


def one_of(*names: str) -> list[str]:
    return RANDOM.choices(names, k=ROWS)


def numbers(low: int, high: int) -> list[str]:
    return [str(RANDOM.randint(low, high)) for _unused in range(ROWS)]


def ids() -> list[str]:
    return RANDOM.sample([str(n) for n in range(10_000, 20_000)], ROWS)


def dates() -> list[str]:
    return [f"2024-{RANDOM.randint(1, 12):02d}-{RANDOM.randint(1, 28):02d}" for _unused in range(ROWS)]


Columns = Mapping[str, list[str]]
SORT, RATE, ROWS_OF = "text-classification", "text-regression", "tabular-classification"
ASKED = "?"
SETS: dict[str, tuple[str, Callable[[], Columns], Mapping[str, str]]] = {
    "tickets": (
        SORT,
        lambda: {"Ticket-ID": ids(), "Created": dates(), "Message": texts(), "note": remarks(),
                 "Category": one_of("a", "b")},
        {"text": "Message", "label": "Category"},
    ),
    "a department beside a note of few kinds": (
        SORT,
        lambda: {"Ticket-ID": ids(), "Customer message": texts(), "Department": one_of("Delivery", "Billing"),
                 "Note": one_of("", "", "called back")},
        {"text": "Customer message", "label": "Department"},
    ),
    "a note alone": (
        SORT,
        lambda: {"date": dates(), "message": texts(), "note": remarks()},
        {"text": "message"},
    ),
    "a note beside an unknown name": (
        SORT,
        lambda: {"message": texts(), "note": one_of("ok", "late"), "site": one_of("north", "south", "west")},
        {"text": "message", "label": ASKED},
    ),
    "French grades": (
        SORT,
        lambda: {"commentaire": texts(), "note": one_of("1", "2", "3", "4", "5")},
        {"text": "commentaire", "label": "note"},
    ),
    "German reviews": (
        SORT,
        lambda: {"Nr": ids(), "Kunde": remarks(), "Bewertungstext": texts(), "Sterne": one_of("1", "2", "3")},
        {"text": "Bewertungstext", "label": "Sterne"},
    ),
    "Spanish tickets": (
        SORT,
        lambda: {"fecha": dates(), "mensaje": texts(), "categoría": one_of("pago", "envío")},
        {"text": "mensaje", "label": "categoría"},
    ),
    "Chinese reviews": (
        SORT,
        lambda: {"编号": ids(), "内容": texts(), "标签": one_of("好", "坏")},
        {"text": "内容", "label": "标签"},
    ),
    "two that may be meant": (
        SORT,
        lambda: {"text": texts(), "region": one_of("north", "south"), "channel": one_of("mail", "phone", "shop")},
        {"text": "text", "label": ASKED},
    ),
    "prices": (
        RATE,
        lambda: {"product_id": ids(), "description": texts(), "price": numbers(3, 900)},
        {"text": "description", "number": "price"},
    ),
    "patients": (
        ROWS_OF,
        lambda: {"patient": ids(), "age": numbers(18, 90), "sex": one_of("f", "m"), "notes": remarks(),
                 "diagnosis": one_of("ill", "well")},
        {"label": "diagnosis"},
    ),
    "customers": (
        ROWS_OF,
        lambda: {"customerId": ids(), "plan": one_of("a", "b"), "months": numbers(1, 60), "churn": one_of("yes", "no")},
        {"label": ASKED},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_roles_are_taken_where_something_speaks_for_them(name: str) -> None:
    task, make, expected = SETS[name]
    table = pandas.DataFrame({column: pandas.Series(cells, dtype="str") for column, cells in make().items()})
    profiles = tuple(profile_columns(table))
    data = Imported(Path(), "", "csv", "text", ReadingOptions(), tuple(table), ROWS, profiles)  # type: ignore[arg-type]
    roles = TASKS[task].columns
    asked = {each.setting.rpartition(".")[2] for each in column_guesses(data, roles, {}) if each.doubtful}
    found = {role: ASKED if role in asked else column for role, column in guess_columns(data, roles).items()}
    assert found == expected
