"""What is remembered of a column."""

import pandas
import pytest

from studio.data.profile import LONGEST_SAMPLE, ColumnProfile, profile_columns


def profile(*cells: str | None) -> ColumnProfile:
    return profile_columns(pandas.DataFrame({"a": pandas.Series(cells, dtype="str")}))[0]


@pytest.mark.parametrize(
    ("cells", "numeric"),
    [(("1", "2.5", "3,5"), 1.0), (("1,234.5", None, "x"), 0.5), (("1 2", "nan", "inf"), 0.0), (("12 EUR",), 0.0)],
)
def test_numbers(cells: tuple[str | None, ...], numeric: float) -> None:
    assert profile(*cells).numeric == numeric


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        (("0", "1", "2"), True),
        (("7", None, "8", "9"), True),
        (("1", "3", "4"), False),
        (("1", "2"), False),
        (("a",), False),
    ],
)
def test_numbers_of_rows(cells: tuple[str | None, ...], counts: bool) -> None:
    assert profile(*cells).counts_rows is counts


def test_lists_and_samples_of_them() -> None:
    found = profile("[]", " [ ] ", '["long one"]', "[1]", "[22]", "[333]", '{"a": []}', f"[{'1' * LONGEST_SAMPLE}]")
    assert found.lists == 1.0
    assert found.samples == ("[1]", "[22]", "[333]", '{"a": []}', '["long one"]')
    lengths = [len(cell) for cell in profile(*(f"[{'1' * length}]" for length in range(1, 101))).samples]
    assert lengths[:3] == [3, 4, 5] and len(lengths) <= 12 and max(lengths) > 80, "of any length"
    assert profile("a", "[1]").samples == ()
