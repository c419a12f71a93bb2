"""What is doubtful is told, with what else it could be, until it is settled."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from studio.data.doubts import doubts
from studio.data.guesses import Guess
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.paths import Home
from studio.tasks import TASKS

Bring = Callable[..., Imported]
COLUMNS = TASKS["text-classification"].columns


@pytest.fixture
def bring(home: Home, tmp_path: Path) -> Bring:
    def brought(text: str, name: str = "data.csv", encoding: str = "utf-8", **reading: object) -> Imported:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return import_source(str(path), ReadingOptions.read(reading, ""), home, Limits())

    return brought


def asked(imported: Imported, **options: object) -> list[Guess]:
    return doubts(imported, DataOptions.read({"source": "x", **options}, ""), COLUMNS)


def lines(count: int = 24) -> list[str]:
    return [f"the parcel number {n} has not come yet and I wait" for n in range(count)]


def test_plain_data_leaves_none(bring: Bring) -> None:
    assert asked(bring("text,label\n" + "".join(f"{line},{n % 2}\n" for n, line in enumerate(lines())))) == []


def test_an_encoding_is_asked_until_it_is_settled(bring: Bring) -> None:
    imported = bring("text,label\n" + "Größe,a\nplain,b\n" * 2, encoding="latin-1")
    (found,) = (each for each in asked(imported) if each.topic == "encoding")
    assert found.choices[0].settings == {"data.reading.encoding": "latin-1"}
    assert "encoding" not in {each.topic for each in asked(imported, reading={"encoding": "latin-1"})}


def test_stars_are_the_class_not_other_numbers(bring: Bring) -> None:
    head = "Id,User,Votes,VotesSeen,Stars,When,Text\n"
    rows = "".join(f"{n},u{n * 7},{n % 3},{n % 4},{n % 5 + 1},13041{n:05},{line}\n" for n, line in enumerate(lines()))
    imported = bring(head + rows)
    assert {each.value for each in asked(imported)} == set()
    (label,) = (each for each in _guesses(imported) if each.setting.endswith("label"))
    assert label.value == "Stars"


def _guesses(imported: Imported) -> list[Guess]:
    from studio.data.guessing import column_guesses

    return column_guesses(imported, COLUMNS, {})


def test_of_two_columns_that_could_be_the_class_one_is_asked_for(bring: Bring) -> None:
    rows = "".join(f"{line},{'ab'[n % 2]},{'xyz'[n % 3]}\n" for n, line in enumerate(lines()))
    imported = bring("text,colour,shape\n" + rows)
    (found,) = asked(imported)
    assert {choice.title for choice in found.choices} == {"colour", "shape"}
    assert asked(imported, columns={"label": "shape"}) == []


def test_the_text_is_what_reads_like_language(bring: Bring) -> None:
    link = "https://shop.example/a/very/long/path/to/some/page/with/many/parts/"
    rows = "".join(f"{link}{n:020}?ref=mail&token={n:030},not good {n} at all,{'ab'[n % 2]}\n" for n in range(24))
    (text, _) = _guesses(bring("link,said,kind\n" + rows))
    assert text.value == "said"


def test_one_column_a_class_is_told_as_several_labels(bring: Bring) -> None:
    rows = "".join(f"{line},{n % 2},{int(n % 3 == 0)},{int(n % 5 == 0)}\n" for n, line in enumerate(lines()))
    (found,) = asked(bring("said,late,broken,urgent\n" + rows))
    assert "several labels" in found.sentence and found.topic == "labels"


def test_comments_above_a_table_are_skipped(bring: Bring) -> None:
    rows = "".join(f"{line},{'ab'[n % 2]}\n" for n, line in enumerate(lines()))
    imported = bring("# made by a survey tool, v3\n# on a Monday\ntext,label\n" + rows)
    assert (imported.columns, imported.rows, imported.reading.skip) == (("text", "label"), 24, 2)
    assert asked(imported) == []
    assert [problem.what for problem in imported.problems] == ["2 lines above the table are skipped."]
    titled = bring("Export of all answers\n\ntext,label\n" + rows, "titled.csv")
    assert (titled.columns, titled.reading.skip) == (("text", "label"), 2)
    assert [each.topic for each in asked(titled)] == ["skip"]


def spreadsheet(path: Path, rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    "above",
    [
        [["Support export 2026", "", ""], ["", "", ""]],
        [["Support export 2026", "", ""], ["1 January to 2 March", "", ""], ["", "", ""]],
    ],
)
def test_a_title_above_a_table_is_skipped_as_spreadsheets_save_it(
    bring: Bring, home: Home, tmp_path: Path, ending: str, above: list[list[object]]
) -> None:
    rows = [[n, line, "ab"[n % 2] if n % 5 else ""] for n, line in enumerate(lines())]
    table = [*above, ["No.", "What they wrote", "Topic"], *rows]
    if ending == ".csv":
        imported = bring("".join(";".join(map(str, row)) + "\n" for row in table))
    else:
        spreadsheet(tmp_path / "data.xlsx", table)
        imported = import_source(str(tmp_path / "data.xlsx"), ReadingOptions(), home, Limits())
    assert (imported.columns, imported.rows) == (("No.", "What they wrote", "Topic"), 24)
    assert imported.reading.skip == len(above)
    assert "skip" in [each.topic for each in asked(imported)]
    assert "Support export 2026" in next(each.sentence for each in asked(imported) if each.topic == "skip")


@pytest.mark.parametrize("first", ["text,,", ",text,label", "a row without a class,a,"])
def test_a_first_row_with_gaps_stands_in_the_table(bring: Bring, first: str) -> None:
    rows = "".join(f"{line},{'ab'[n % 2]},{n}\n" for n, line in enumerate(lines()))
    assert bring(f"{first}\n{rows}").reading.skip is None


def test_a_header_behind_a_hash_is_none(bring: Bring) -> None:
    rows = "".join(f"{line},{'ab'[n % 2]}\n" for n, line in enumerate(lines()))
    assert bring("#text,label\n" + rows).columns == ("#text", "label")
