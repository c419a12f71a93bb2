"""Files as they occur in practice."""

import csv
import json
import time
import zipfile
from pathlib import Path

import pandas
import pytest

from studio.data.columns import Problem
from studio.data.formats.excel import sheet_names
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.reading import FORMATS, find_format, guess_reading, read_table
from studio.errors import StudioError

ROWS = [("good \u2013 très bien", "pos"), ("bad, really", "neg"), ('she said "no"\nand left', "neg")]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_csv(path: Path, rows: list[tuple[str, ...]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([("text", "label"), *rows])
    return path


def labels(path: Path, reading: ReadingOptions | None = None, column: str = "label") -> list[str | None]:
    cells = read_table(path, reading)[0][column]
    return [None if pandas.isna(cell) else cell for cell in cells]


def drops(problems: list[Problem]) -> list[int]:
    return [problem.row for problem in problems if problem.drops]


# --- separators, encodings, headers ---------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_separator_and_encoding_are_guessed(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = write_csv(tmp_path / "data.csv", ROWS * 3, delimiter, encoding)
    assert guess_reading(path) == ReadingOptions(delimiter=delimiter, encoding=encoding, header=True)
    table, problems = read_table(path)
    assert list(table.columns) == ["text", "label"]
    assert list(table.itertuples(index=False, name=None)) == ROWS * 3
    assert list(table.index) == list(range(1, 10))
    assert table.index.name == "row"
    assert problems == []


def test_commas_in_quoted_texts_separate_nothing_however_ragged_the_rows_are(tmp_path: Path) -> None:
    path = tmp_path / "complaints.csv"
    rows = [f'{1000 + n};"late, again";delivery;{"called" if n % 3 else "see mail; urgent"}' for n in range(12)]
    path.write_text("\n".join(["ticket;message;department;note", *rows]), encoding="utf-8")
    table, problems = read_table(path)
    assert list(table.columns) == ["ticket", "message", "department", "note"]
    assert (len(table), len(problems)) == (8, 4)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("latin-1", "smörgåsbord"), ("cp1252", "it costs 5 € \u2013 \u201ccheap\u201d")],
    ids=["latin-1", "cp1252"],
)
def test_western_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    path = write_csv(tmp_path / "data.csv", [(text, "a"), ("plain", "b")], encoding=encoding)
    assert guess_reading(path).encoding == encoding
    assert read_table(path)[0]["text"].iloc[0] == text


def test_a_few_broken_letters_do_not_spoil_the_others(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes("text,label\nåäö åäö åäö,a\n".encode() + b"broken \xff here,b\n")
    table, problems = read_table(path)
    assert table["text"].iloc[0] == "åäö åäö åäö"
    assert [(problem.row, problem.drops) for problem in problems] == [(2, False)]


def test_what_the_person_chooses_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "text;label\na,b;c\n")
    with pytest.raises(StudioError, match=r"2 fields instead of 1.*separator"):
        read_table(path, ReadingOptions(delimiter=","))
    assert labels(path, ReadingOptions(delimiter=";", header=False), "column_2") == ["label", "c"]
    assert guess_reading(path, ReadingOptions(delimiter="\\t")).delimiter == "\t"


@pytest.mark.parametrize(
    "reading", [ReadingOptions(delimiter='"'), ReadingOptions(encoding="rot13"), ReadingOptions(encoding="?")]
)
def test_impossible_choices_are_explained(tmp_path: Path, reading: ReadingOptions) -> None:
    path = write(tmp_path / "data.csv", "text,label\na,b\n")
    with pytest.raises(StudioError):
        read_table(path, reading)


@pytest.mark.parametrize(
    ("first", "header"),
    [
        ("text,label", True),
        ("Review,Stars", True),
        ("Kommentar,Klasse", True),
        ("a lovely film,pos", False),
        ("12,34", False),
        ("What a mess!,none of those", False),
        ("same,same", False),
    ],
)
def test_header_or_data(tmp_path: Path, first: str, header: bool) -> None:
    path = write(tmp_path / "data.csv", f"{first}\nit was dull,neg\nit was fine,pos\nso so,neg\n")
    assert guess_reading(path).header is header
    assert len(read_table(path)[0]) == (3 if header else 4)


def test_one_column_of_sentences(tmp_path: Path) -> None:
    path = write(tmp_path / "lines.txt", "Hello, you there, now.\nShort one.\nWell, well.\n")
    table, problems = read_table(path)
    assert list(table["column_1"]) == ["Hello, you there, now.", "Short one.", "Well, well."]
    assert problems == []


def test_column_names_become_distinct(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", " text ,text,row,,\na,b,c,d,\n")
    assert list(read_table(path, ReadingOptions(header=True))[0].columns) == ["text", "text_2", "row_2", "column_4"]


# --- malformed lines ------------------------------------------------------------------------------


def test_ragged_lines_are_reported_by_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "text,label\na,x\nb\nc,x,y\n\nd,x,,\ne,y\n")
    table, problems = read_table(path)
    assert dict(table["text"]) == {1: "a", 5: "d", 6: "e"}  # the blank line counts, as in an editor
    assert drops(problems) == [2, 3]
    assert problems[0].what == "This line has 1 field instead of 2."
    assert problems[1].why == "c,x,y\n"


def test_an_open_quotation_mark_costs_one_line(tmp_path: Path) -> None:
    rows = "".join(f"text {n},x\n" for n in range(50))
    path = write(tmp_path / "data.csv", f'text,label\nfirst,x\n"never closed,x\n{rows}')
    table, problems = read_table(path)
    assert len(table) == 51
    assert drops(problems) == [2]
    assert "quotation mark" in problems[0].what


def test_hostile_quotation_marks_do_not_take_for_ever(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "text,label\na,b\n" + 'x""",""",\n' * 20_000)
    begin = time.process_time()
    read_table(path, ReadingOptions(delimiter=",", header=True))
    assert time.process_time() - begin < 5


def test_tab_separated_text_with_literal_quotation_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "data.tsv", 'text\tlabel\n"So he said\tx\nplain\ty\n')
    table, problems = read_table(path)
    assert list(table["text"]) == ['"So he said', "plain"]
    assert problems == []


def test_characters_that_only_look_like_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "text,label\none\u2028two\x0cthree,x\r\nfour,y\r\n")
    assert list(read_table(path)[0]["text"]) == ["one\u2028two\x0cthree", "four"]


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet", ".xlsx"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 0], ["0", "1", "0"]),
        ([0.0, None, 1.0], ["0", None, "1"]),
        ([0.5, 1.0, None], ["0.5", "1.0", None]),
        (["01", "None", " a "], ["01", "None", " a "]),
    ],
    ids=["integers", "integers with a gap", "fractions", "text"],
)
def test_values_stay_what_they_are(tmp_path: Path, ending: str, values: list, expected: list) -> None:
    path = tmp_path / f"data{ending}"
    frame = pandas.DataFrame({"text": ["one", "two", "three"], "label": pandas.Series(values, dtype=object)})
    if ending == ".csv":
        cells = [
            ["0" if value == 0 else "1"] if value in (0, 1) and expected[0] == "0" else [value] for value in values
        ]
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [["text", "label"], *[[t, *c] for t, c in zip(frame["text"], cells, strict=True)]]
            )
    elif ending == ".parquet":
        frame["label"] = pandas.Series(values)
        frame.to_parquet(path)
    elif ending == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=ending == ".jsonl")
    if ending == ".xlsx" and expected == ["0.5", "1.0", None]:
        expected = ["0.5", "1", None]  # Excel has no 1.0: it stores 1
    assert labels(path) == expected


def test_booleans_and_nested_values(tmp_path: Path) -> None:
    rows = [{"text": ["a", {"b": 1}], "label": True}, {"text": {"c": "é"}, "label": False}]
    path = write(tmp_path / "data.json", json.dumps(rows))
    table, _ = read_table(path)
    assert list(table["label"]) == ["true", "false"]
    assert list(table["text"]) == ['["a", {"b": 1}]', '{"c": "é"}']
    pandas.DataFrame({"label": [True, False]}).to_parquet(tmp_path / "data.parquet")
    assert labels(tmp_path / "data.parquet") == ["true", "false"]


def test_half_a_character_does_not_break_anything(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl", '{"text": "a \\ud83d b", "label": "x"}\n')
    assert read_table(path)[0]["text"].iloc[0] == "a ? b"


def test_a_line_that_announces_the_separator(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "sep=;\ntext;label\na,b,c;x\nd;y\n")
    assert guess_reading(path).delimiter == ";"
    assert dict(read_table(path)[0]["text"]) == {1: "a,b,c", 2: "d"}


def test_rows_are_counted_from_the_header_also_behind_blank_lines(tmp_path: Path) -> None:
    table, problems = read_table(write(tmp_path / "data.csv", "\n\ntext,label\na,x\nb\n  \nc,y\n"))
    assert dict(table["text"]) == {1: "a", 4: "c"}
    assert drops(problems) == [2]


def test_a_field_over_several_lines_is_one_row(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", 'text,label\r\n"one\r\ntwo ""quoted"", with comma",x\r\nthree,y\r\n')
    assert dict(read_table(path)[0]["text"]) == {1: 'one\ntwo "quoted", with comma', 2: "three"}


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [{"text": "a", "label": 1}, {"text": "b", "label": 2}],
        {"data": [{"text": "a", "label": 1}, {"text": "b", "label": 2}]},
        {"version": "1", "data": [{"text": "a", "label": 1}, {"text": "b", "label": 2}]},
        {"text": ["a", "b"], "label": [1, 2]},
        {"data": {"text": ["a", "b"], "label": [1, 2]}},
    ],
)
def test_shapes_of_json(tmp_path: Path, value: object) -> None:
    table, problems = read_table(write(tmp_path / "data.json", json.dumps(value, indent=1)))
    assert table.to_dict("list") == {"text": ["a", "b"], "label": ["1", "2"]}
    assert problems == []


def test_json_with_one_list_per_split(tmp_path: Path) -> None:
    path = write(tmp_path / "data.json", json.dumps({"train": [{"text": "a"}], "valid": [{"text": "b"}]}))
    assert read_table(path)[0].to_dict("list") == {"text": ["a", "b"], "split": ["train", "validation"]}


def test_a_broken_line_of_jsonl_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl", '{"text": "a"}\n{"text": \n\n[1]\n{"text": "b", "more": null}\n')
    table, problems = read_table(path)
    assert dict(table["text"]) == {1: "a", 5: "b"}
    assert drops(problems) == [2, 4]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a": 1', '"text"', '{"a": [1], "b": [1, 2]}', "[" + "9" * 5000 + "]"]
)
def test_json_that_is_no_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudioError):
        read_table(write(tmp_path / "data.json", text))


def test_jsonl_in_a_file_called_json(tmp_path: Path) -> None:
    assert labels(write(tmp_path / "data.json", '{"label": "a"}\n{"label": "b"}\n')) == ["a", "b"]


def test_json_in_a_file_called_jsonl(tmp_path: Path) -> None:
    assert labels(write(tmp_path / "data.jsonl", '[\n{"label": "a"},\n{"label": "b"}\n]')) == ["a", "b"]


def test_few_bytes_cannot_claim_a_huge_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.data.formats.base.MOST_CELLS", 1000)
    path = write(tmp_path / "data.jsonl", "".join(f'{{"key {n}": 1}}\n' for n in range(100)))
    with pytest.raises(StudioError, match="too large"):
        read_table(path)


# --- Excel, formats -------------------------------------------------------------------------------


def test_excel_sheets_and_blank_rows(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("rows")
    for cells in [[], ["text", "label"], ["a", 1], [], ["b", 2]]:
        sheet.append(cells)
    book.create_sheet("other").append(["x", "y"])
    book.save(tmp_path / "data.xlsx")
    assert guess_reading(tmp_path / "data.xlsx") == ReadingOptions(sheet="rows", header=True)
    assert dict(read_table(tmp_path / "data.xlsx")[0]["label"]) == {1: "1", 3: "2"}
    assert labels(tmp_path / "data.xlsx", ReadingOptions(sheet="other", header=False), "column_1") == ["x"]
    with pytest.raises(StudioError, match="no sheet named 'nope'"):
        read_table(tmp_path / "data.xlsx", ReadingOptions(sheet="nope"))


def test_the_list_of_sheets(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Fragen & Antworten"
    book.create_sheet("zwei")
    book.save(tmp_path / "data.xlsx")
    assert sheet_names(tmp_path / "data.xlsx") == ["Fragen & Antworten", "zwei"]
    with pytest.raises(StudioError):
        sheet_names(write(tmp_path / "other.xlsx", "text"))


def workbook(path: Path, replace: dict[str, bytes]) -> Path:
    """A workbook of two rows, with parts of it replaced."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["text", "label"])
    book.active.append(["a", "b"])
    book.save(path)
    with zipfile.ZipFile(path) as opened:
        parts = {name: opened.read(name) for name in opened.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in {**parts, **replace}.items():
            opened.writestr(name, content)
    return path


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("content", [b"", b"<a>", b"<a/>", b"\xff\xfe"])
def test_a_damaged_workbook_is_explained_or_read(tmp_path: Path, part: str, content: bytes) -> None:
    path = workbook(tmp_path / "data.xlsx", {part: content})
    try:
        read_table(path)
    except StudioError as error:
        assert "data.xlsx" in str(error)


def test_a_workbook_that_is_a_bomb(tmp_path: Path) -> None:
    path = workbook(tmp_path / "data.xlsx", {"xl/sharedStrings.xml": bytes(40 * 1024 * 1024)})
    with pytest.raises(StudioError, match="times its size"):
        guess_reading(path)


def test_a_row_that_claims_an_endless_number(tmp_path: Path) -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c t="inlineStr"><is><t>text</t></is></c></row><row r="999999999999"><c><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    path = workbook(tmp_path / "data.xlsx", {"xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(StudioError, match="at most 1,048,576 rows"):
        read_table(path)


@pytest.mark.parametrize("depth", [100, 101, 900, *range(930, 1000, 5), 2000])
def test_values_nested_deeply(tmp_path: Path, depth: int) -> None:
    path = write(tmp_path / "data.jsonl", '{"text": "fine"}\n{"text": ' + "[" * depth + "]" * depth + "}\n")
    table, problems = read_table(path)
    assert table["text"].iloc[0] == "fine"
    expected = [] if depth == 100 else [(2, "This entry is nested more than 100 levels deep.")]
    assert [(problem.row, problem.what) for problem in problems] == expected


def test_content_counts_more_than_the_name(tmp_path: Path) -> None:
    pandas.DataFrame({"label": ["a"]}).to_parquet(tmp_path / "data.csv")
    assert find_format(tmp_path / "data.csv").name == "parquet"
    assert find_format(write(tmp_path / "data", '[{"a": 1}]')).name == "json"
    assert find_format(write(tmp_path / "data.xlsx", "text,label\n")).name == "csv"


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n\x00\x00\x00", b"PAR1garbage", b"text,label\n"]
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(StudioError) as caught:
        read_table(tmp_path / "data.csv")
    assert "data.csv" in str(caught.value)


def test_limits_of_rows_and_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "text,label\n" + "a,b\n" * 30)
    with pytest.raises(StudioError, match="too many rows"):
        read_table(path, None, Limits(rows=20))
    many = [{f"key {n}": 1} for n in range(1500)]
    with pytest.raises(StudioError, match="columns"):
        read_table(write(tmp_path / "keys.json", json.dumps(many)))


def test_formats_are_found_by_their_endings() -> None:
    endings = [ending for known in FORMATS for ending in known.extensions]
    assert len(set(endings)) == len(endings)
    assert {".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx"} <= set(endings)


def test_many_rows_are_read_in_seconds(tmp_path: Path) -> None:
    path = write(
        tmp_path / "big.csv", "text,label\n" + "".join(f'"row {n}, with words",{n % 5}\n' for n in range(200_000))
    )
    begin = time.process_time()
    table, _ = read_table(path)
    assert len(table) == 200_000
    assert time.process_time() - begin < 15  # about 1 s on a quiet machine
