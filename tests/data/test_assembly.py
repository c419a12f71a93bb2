"""From imported rows to the rows of a run: what the screen says is what the run uses."""

import csv
import time
from collections.abc import Sequence
from pathlib import Path

import pandas
import pytest

from studio.data.assembly import Assembled, assemble, clean, divide, guess_columns
from studio.data.cleaning import (
    CleaningOptions,
    applied_fixes,
    apply_fix,
    available_fixes,
    misspellings,
    undo_fix,
    variants,
)
from studio.data.columns import Column, Problem
from studio.data.corrections import Correction, content_of
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS

TEXT = Column("text", "Text", "text", "", hints=("text", "review", "message"))
LABEL = Column("label", "Label", "label", "", hints=("label", "class", "target"))
IMAGE = Column("image", "Image", "image", "")


def nothing(table: pandas.DataFrame, files: Path | None) -> list[Problem]:
    return []


@pytest.fixture
def bring(tmp_path: Path, home: Home):
    def bring(rows: Sequence[Sequence[object]], header: Sequence[str] = ("text", "label")) -> Imported:
        path = tmp_path / "data.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return import_source(str(path), ReadingOptions(header=True), home, Limits())

    return bring


def make(imported: Imported, columns: Sequence[Column] = (TEXT, LABEL), check=nothing, **options: object) -> Assembled:
    return assemble(imported, DataOptions.read({"source": "data.csv", **options}), columns, check)


def many(count: int = 40) -> list[tuple[str, str]]:
    return [(f"sentence number {n}", ("good", "bad")[n % 2]) for n in range(count)]


def test_the_shape_of_the_table(bring) -> None:
    assembled = make(bring(many(100)))
    assert list(assembled.table.columns) == ["row", "text", "label", "split"]
    assert list(assembled.table.index) == list(range(100))
    assert list(assembled.table["row"]) == list(range(1, 101))
    assert assembled.counts == {
        "bad": {"train": 40, "validation": 5, "test": 5},
        "good": {"train": 40, "validation": 5, "test": 5},
    }
    assert (assembled.problems, assembled.dropped, assembled.notes) == ([], 0, [])
    assert assembled.columns == {"text": "text", "label": "label"}


def test_it_is_the_same_every_time(bring) -> None:
    imported = bring(many())
    assert make(imported).table.equals(make(imported).table)
    assert not make(imported).table.equals(make(imported, split={"seed": 8}).table)


def test_what_is_dropped_and_why_row_by_row(bring) -> None:
    rows: list[Sequence[str]] = [*many(), ("", "good"), ("   ", "bad"), ("no label", ""), ("", ""), ("ragged",)]
    rows += [("sentence number 3", "bad"), ("sentence number 0", " good ")]
    assembled = make(bring(rows))
    assert [(p.row, p.what, p.drops) for p in assembled.problems] == [
        (41, "The text is empty.", True),
        (42, "The text is empty.", True),
        (43, "The label is missing.", True),
        (44, "The text is empty.", True),
        (45, "This line has 1 field instead of 2.", True),
        (46, "A copy of row 4.", False),
        (47, "A copy of row 1.", False),
    ]
    assert assembled.dropped == 5
    assert len(assembled.table) == 42
    assert set(assembled.table["label"]) == {"good", "bad"}  # blanks around a label are no class


def test_the_task_adds_its_own_problems(bring) -> None:
    seen: list[tuple[list[str], Path | None]] = []

    def check(table: pandas.DataFrame, files: Path | None) -> list[Problem]:
        seen.append((list(table.columns), files))
        return [Problem(int(table["row"].iloc[4]), "too odd"), Problem(2, "only odd", drops=False)]

    assembled = make(bring(many()), check=check)
    assert seen == [(["row", "text", "label"], None)]
    assert 5 not in set(assembled.table["row"])
    assert 2 in set(assembled.table["row"])
    assert [problem.row for problem in assembled.problems] == [2, 5]
    assert assembled.dropped == 1


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1], ["0", "1"]),
        (["0.0", "1.0"], ["0", "1"]),
        ([0.5, 1.5], ["0.5", "1.5"]),
        ([True, False], ["False", "True"]),
        ([10, 9, 1], ["1", "9", "10"]),
        (["None", "NA"], ["NA", "None"]),
    ],
)
def test_labels_of_every_kind(bring, labels: list, expected: list[str]) -> None:
    rows = [(f"sentence {n}", labels[n % len(labels)]) for n in range(30)]
    assert list(make(bring(rows)).counts) == expected


# --- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("text", "label"), {"text": "text", "label": "label"}),
        (("Review", "Class"), {"text": "Review", "label": "Class"}),
        (("first", "second"), {"text": "first", "label": "second"}),
        (("target", "second"), {"text": "target", "label": "second"}),  # content decides what a name cannot be
    ],
)
def test_columns_are_guessed(bring, header: Sequence[str], expected: dict[str, str]) -> None:
    assert guess_columns(bring(many(), header), (TEXT, LABEL)) == expected


def test_numbers_of_rows_are_neither_text_nor_label(bring) -> None:
    rows = [(n, f"sentence number {n}", ("a", "b")[n % 2], "x" * 9) for n in range(40)]
    assert guess_columns(bring(rows, ("id", "words", "kind", "same")), (TEXT, LABEL)) == {
        "text": "words",
        "label": "kind",
    }


def test_choices_win_over_guesses(bring) -> None:
    rows = [(f"title {n}", f"a longer body {n}", ("a", "b")[n % 2]) for n in range(40)]
    imported = bring(rows, ("title", "text", "label"))
    assert make(imported).columns["text"] == "text"
    chosen = assemble(imported, DataOptions(source="x", columns={"text": "title"}), (TEXT, LABEL), nothing)
    assert chosen.columns == {"text": "title", "label": "label"}
    assert chosen.table["text"].iloc[0] == "title 0"


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"text": "txt"}, "Did you mean 'text'"),
        ({"words": "text"}, "no column 'words'"),
        ({"text": "label", "label": "label"}, "two roles"),
    ],
)
def test_impossible_columns_are_explained(bring, columns: dict[str, str], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        assemble(bring(many()), DataOptions(source="x", columns=columns), (TEXT, LABEL), nothing)


def test_a_role_that_nothing_fills(bring) -> None:
    with pytest.raises(StudioError, match="Which column is 'Label'"):
        make(bring([(f"a {n}", f"b {n}") for n in range(50)], ("one", "two")))
    with pytest.raises(StudioError, match="There are no images"):
        make(bring(many()), columns=(IMAGE, LABEL))


def test_a_task_without_labels(bring) -> None:
    columns = (Column("source", "Source", "text", ""), Column("target", "Target", "text", ""))
    rows = [(f"a sentence {n}", f"en mening {n}") for n in range(30)]
    assembled = assemble(bring(rows, ("source", "target")), DataOptions(source="x"), columns, nothing)
    assert assembled.counts == {}
    assert dict(assembled.table["split"].value_counts()) == {"train": 24, "validation": 3, "test": 3}


# --- too little -----------------------------------------------------------------------------------


def test_too_little_to_learn_from(bring) -> None:
    with pytest.raises(StudioError, match="too few rows"):
        make(bring(many(4)))
    with pytest.raises(StudioError, match="only one class"):
        make(bring([(f"sentence {n}", "good") for n in range(40)]))
    with pytest.raises(StudioError, match="The first reason: row 1: "):
        make(bring([("", "good"), ("no label", ""), *many(4), ("", "good")]))


def test_nothing_to_learn_is_refused_with_the_first_problem(bring) -> None:
    """What a row with a mistake marks is left out with it."""
    task = TASKS["token-classification"]
    rows = [(f"sentence {n}", "[]") for n in range(40)]
    wrong = ("sentence", '[{"start": 0, "end": 99, "label": "x"}]')
    with pytest.raises(StudioError, match=r"Nothing is marked.*row 41: 'x' is marked up to character 99"):
        assemble(bring([*rows, wrong], ("text", "spans")), DataOptions(source="x"), task.columns, task.check)
    right = ("sentence", '[{"start": 0, "end": 3, "label": "x"}]')
    found = assemble(bring([*rows, right], ("text", "spans")), DataOptions(source="x"), task.columns, task.check)
    assert len(found.table) == 41


def test_a_class_with_one_example_is_kept_and_reported(bring) -> None:
    assembled = make(bring([*many(), ("the only one", "god")]))
    assert [(p.row, p.drops) for p in assembled.problems] == [(41, False)]
    assert "'god'" in assembled.problems[0].what
    assert assembled.counts["god"] == {"train": 1, "validation": 0, "test": 0}
    assert any("god" in note for note in assembled.notes)


# --- splits that came with the data, and the limit -------------------------------------------------


def test_a_split_column_is_kept(bring) -> None:
    names = ["train"] * 75 + ["dev"] * 15 + ["TEST"] * 10
    rows = [(*row, split) for row, split in zip(many(100), names, strict=True)]
    imported = bring(rows, ("text", "label", "split"))
    assembled = make(imported)
    expected = ["train"] * 75 + ["validation"] * 15 + ["test"] * 10
    assert list(assembled.table["split"]) == expected
    assert any("kept" in note for note in assembled.notes)
    again = make(imported, split={"keep": False})
    assert list(again.table["split"]) != expected
    assert again.notes == []


def test_a_missing_split_is_cut_from_train_and_reported(bring) -> None:
    rows = [(*row, "train" if n < 30 else "val") for n, row in enumerate(many())]
    assembled = make(bring(rows, ("text", "label", "split")))
    assert dict(assembled.table["split"].value_counts()) == {"train": 27, "validation": 10, "test": 3}
    assert (assembled.table["split"].iloc[30:] == "validation").all()
    assert any("no test split: 3 rows" in note for note in assembled.notes)


def test_a_column_called_set_that_names_no_splits(bring) -> None:
    rows = [(*row, "blue") for row in many(100)]
    assert make(bring(rows, ("text", "label", "set"))).notes == []


def test_a_split_that_cannot_be_followed_is_reported(bring) -> None:
    rows = [(*row, "train" if n < 30 else "holdout") for n, row in enumerate(many())]
    assembled = make(bring(rows, ("text", "label", "split")))
    assert assembled.kept == ()
    assert [(p.row, p.drops) for p in assembled.problems] == [(0, False)]
    assert "unknown splits: holdout" in assembled.problems[0].what


def test_the_limit_keeps_shares_and_order(bring) -> None:
    rows = [(f"sentence number {n}", "rare" if n % 10 == 0 else "common") for n in range(200)]
    assembled = make(bring(rows), limit=50)
    assert len(assembled.table) == 50
    assert {name: sum(splits.values()) for name, splits in assembled.counts.items()} == {"common": 45, "rare": 5}
    assert assembled.table["row"].is_monotonic_increasing
    assert any("50 rows of 200" in note for note in assembled.notes)
    assert assembled.dropped == 0


def test_the_limit_shrinks_given_splits_alike(bring) -> None:
    rows = [(*row, "train" if n < 160 else "test") for n, row in enumerate(many(200))]
    assembled = make(bring(rows, ("text", "label", "split")), limit=50)
    assert dict(assembled.table["split"].value_counts()) == {"train": 36, "validation": 4, "test": 10}
    assert set(assembled.table.loc[assembled.table["split"] == "test", "row"]) <= set(range(161, 201))


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["train"] * 30 + ["dev"] * 6 + ["test"] * 4, ("train", "validation", "test")),
        (["train"] * 30 + ["val"] * 10, ("train", "validation")),
        ([""] * 30 + ["test"] * 10, ("test",)),
        (["train"] * 40, ()),
        (["blue"] * 40, ()),
    ],
)
def test_which_splits_were_kept_is_reported(bring, names: list[str], kept: tuple[str, ...]) -> None:
    rows = [(*row, split) for row, split in zip(many(), names, strict=True)]
    imported = bring(rows, ("text", "label", "split"))
    assert make(imported).kept == kept
    assert make(imported, split={"keep": False}).kept == ()


def test_rows_are_cleaned_once_for_many_splits(bring) -> None:
    imported = bring([*many(200), ("", "good"), ("sentence number 3", "bad")])
    cleaned = clean(imported, {}, (TEXT, LABEL), nothing)
    for options in (
        {},
        {"split": {"seed": 8}},
        {"limit": 50},
        {"split": {"train": 0.5, "validation": 0.3, "test": 0.2}},
    ):
        once, again = divide(cleaned, DataOptions.read({"source": "x", **options})), make(imported, **options)
        assert once.table.equals(again.table)
        assert (once.counts, once.problems, once.dropped, once.notes) == (
            again.counts,
            again.problems,
            again.dropped,
            again.notes,
        )


def test_200_000_rows_are_split_while_a_slider_moves(bring) -> None:
    rows = [(f"the words of row {n}", f"class {n % 12}") for n in range(200_000)]
    cleaned = clean(bring(rows), {}, (TEXT, LABEL), nothing)
    begin = time.process_time()
    assembled = divide(cleaned, DataOptions(source="x"))
    assert time.process_time() - begin < 1.0  # about 0.12 s
    assert dict(assembled.table["split"].value_counts()) == {"train": 160_000, "validation": 20_000, "test": 20_000}


def test_many_copies_are_found_quickly(bring) -> None:
    imported = bring([(f"text {n // 2}", ("a", "b")[n // 2 % 2]) for n in range(60_000)])
    begin = time.process_time()
    assembled = make(imported)
    assert time.process_time() - begin < 3.0  # about 0.3 s
    copies = [problem for problem in assembled.problems if "copy" in problem.what]
    assert (len(copies), copies[0].row, copies[0].what) == (30_000, 2, "A copy of row 1.")


# --- fixing rows ----------------------------------------------------------------------------------

WRONG = [
    *many(60),
    ("sentence number 3", "bad"),  # row 61: a copy of row 4
    ("sentence number 2", "bad"),  # row 62: contradicts row 3
    ("sentence number 2", "good"),  # row 63: once more as in row 3
    ("a spelling mistake", "goood"),  # row 64
    ("another class", "middling"),  # row 65
]


def by_row(assembled: Assembled) -> dict[int, Problem]:
    return {problem.row: problem for problem in assembled.problems}


def offered(assembled: Assembled, **cleaning: object) -> dict[str, str]:
    counts = {name: sum(splits.values()) for name, splits in assembled.counts.items()}
    return {
        each.key: each.title for each in available_fixes(CleaningOptions.read(cleaning), assembled.problems, counts)
    }


def test_copies_contradictions_and_misspellings_are_distinguished(bring) -> None:
    assembled = make(bring(WRONG))
    found = by_row(assembled)
    assert set(found) == {3, 61, 62, 63, 64, 65} and assembled.dropped == 0
    assert found[61].what == "A copy of row 4."
    assert found[3].what == "'good' here, but 'bad' in row 62, which is the same otherwise."
    assert found[62].what == "'bad' here, but 'good' in row 3, which is the same otherwise."
    assert "'good' meant?" in found[64].why and "spelt right?" in found[65].why
    assert offered(assembled) == {
        "label:goood": "'goood'",
        "contradictions": "3 contradictory rows",
        "copies": "1 copy",
    }


def test_what_was_fixed_is_gone_from_the_rows_but_not_from_the_list(bring) -> None:
    cleaning = {"copies": "drop", "contradictions": "drop", "labels": {"goood": "good"}}
    assembled = make(bring(WRONG), cleaning=cleaning)
    left_out = {problem.row for problem in assembled.problems if problem.drops}
    assert left_out == {3, 61, 62, 63} == set(range(1, 66)) - set(assembled.table["row"])
    assert assembled.dropped == 4 and set(assembled.counts) == {"good", "bad", "middling"}
    assert by_row(assembled)[64].what == "'goood' was renamed to 'good'."
    assert offered(assembled, **cleaning) == {}


def test_a_fix_can_be_undone() -> None:
    counts = {"good": 60, "goood": 1}
    once = CleaningOptions()
    for key in ("label:goood", "copies", "contradictions"):
        once = apply_fix(once, key, counts)
    assert once == CleaningOptions(copies="drop", contradictions="drop", labels={"goood": "good"})
    assert [each.key for each in applied_fixes(once)] == ["label:goood", "contradictions", "copies"]
    for each in applied_fixes(once):
        once = undo_fix(once, each.key)
    assert once == CleaningOptions()


def test_labels_that_differ_in_a_hyphen_alone_are_one() -> None:
    counts = {"login": 40, "log-in": 9, "log in": 30, "Log_in": 2, "A-B": 3, "AB": 4, "3-1": 5, "31": 6}
    assert variants(counts) == {"log-in": "login", "log in": "login", "Log_in": "login"}


def test_only_rare_labels_are_taken_for_misspellings_and_numbers_never() -> None:
    assert misspellings({"delivery": 200, "delivey": 2, "returns": 190, "return": 150}) == {"delivey": "delivery"}
    few = {"biling": 2, "ordar": 1, "ordre": 3, "refnud": 2}
    meant = dict(zip(few, ("billing", "order", "order", "refund"), strict=True))
    assert misspellings({"billing": 300, "order": 250, "refund": 200, **few}) == meant
    assert misspellings({"delivery": 41, "delivry": 4, "billing": 53, "biling": 6}) == {"delivry": "delivery"}
    assert misspellings({"spam": 300, "span": 2, "order": 300, "ordinal": 2, "elder": 2, "odrer": 20}) == {}
    assert misspellings({"100": 200, "10": 1, "1": 1}) == {}
    assert misspellings({"Spam": 1, "spam": 100}) == {"Spam": "spam"}
    assert misspellings({"correct": 200, "incorrect": 2, "female": 100, "male": 1, "Q3 2025": 90, "Q2 2025": 1}) == {}
    assert misspellings({f"a title of its own {n}": 1 for n in range(100_000)} | {"a title": 90}) == {}


# --- corrections of single rows -------------------------------------------------------------------


def test_a_row_gets_its_right_label_and_keeps_its_place(bring) -> None:
    imported = bring(many(100))
    before = make(imported).table.set_index("row")
    corrections = [{"row": 7, "label": "bad", "content": content_of("sentence number 6")}, {"row": 9}]
    assembled = make(imported, cleaning={"corrections": corrections})
    after = assembled.table.set_index("row")
    assert (before["label"][7], after["label"][7]) == ("good", "bad") and 9 not in after.index
    assert [(p.row, p.what, p.drops) for p in assembled.problems] == [
        (7, "'good' was corrected to 'bad'.", False),
        (9, "This row is left out.", True),
    ]
    moved = (before["split"].drop(9) != after["split"]).sum()
    assert moved <= 5 and assembled.dropped == 1


def test_a_correction_of_another_row_is_not_used_and_says_so(bring) -> None:
    wrong = [{"row": 7, "label": "bad", "content": content_of("something else")}, {"row": 4711, "label": "bad"}]
    assembled = make(bring(many()), cleaning={"corrections": wrong})
    assert assembled.table.set_index("row")["label"][7] == "good"
    assert [(p.row, p.what) for p in assembled.problems] == [
        (0, "The correction of row 7 is not used."),
        (0, "The correction of row 4711 is not used."),
    ]
    without_classes = make(bring(many()), columns=(TEXT,), cleaning={"corrections": [{"row": 7, "label": "bad"}]})
    assert [p.why for p in without_classes.problems] == ["This task has no class for each row."]


def test_a_correction_says_which_column_it_is_for_and_is_read_as_the_data_is(bring) -> None:
    imported = bring([(f"text {n}", ("x, y", "y")[n % 2]) for n in range(20)], header=("text", "tags"))
    columns = (TEXT, Column("tags", "Tags", "labels", ""))
    corrections = [{"row": 3, "label": "['y', 'z']", "column": "tags"}, {"row": 4, "label": "other", "column": "text"}]
    assembled = make(imported, columns=columns, cleaning={"corrections": corrections})
    table = assembled.table.set_index("row")
    assert table["tags"][3] == '["y", "z"]' and table["text"][4] == "text 3", "rows are known by their text"
    assert [problem.why for problem in assembled.problems if not problem.row] == [
        "'text' is no column of this task that can be corrected."
    ]


def test_corrections_are_fixes_that_can_be_undone() -> None:
    cleaning = CleaningOptions().corrected(Correction(row=7, label="bad")).corrected(Correction(row=9))
    cleaning = cleaning.corrected(Correction(row=7, label="good"))
    assert [(fix.key, fix.title, fix.value) for fix in applied_fixes(cleaning)] == [
        ("row:9", "Row 9", "left out"),
        ("row:7", "Row 7", "now 'good'"),
    ]
    assert undo_fix(undo_fix(cleaning, "row:7"), "row:9") == CleaningOptions()


def test_a_table_without_one_of_its_columns_is_damaged(bring) -> None:
    imported = bring(many())
    file = imported.folder / "table.parquet"
    pandas.read_parquet(file).drop(columns="label").to_parquet(file, index=False)
    with pytest.raises(StudioError, match="is damaged"):
        make(imported)


def of_speakers(tmp_path: Path, home: Home, rows: str) -> Imported:
    (tmp_path / "spoken.csv").write_text(rows, encoding="utf-8")
    return import_source(str(tmp_path / "spoken.csv"), ReadingOptions(), home, Limits())


def test_rows_of_one_group_stay_in_one_split(tmp_path: Path, home: Home) -> None:
    sizes = {"ann": 30, "bob": 30, "cid": 14, "dot": 6, "eve": 10, "fay": 10}
    names = [name for name, count in sizes.items() for _ in range(count)]
    lines = [f"sentence {place},{('good', 'bad')[place % 2]},{name}" for place, name in enumerate(names)]
    imported = of_speakers(tmp_path, home, "\n".join(["text,label,speaker", *lines, "no name,good,", "nor here,bad,"]))
    assembled = make(imported, split={"group": "speaker", "train": 0.7, "validation": 0.15, "test": 0.15})
    table = assembled.table.assign(speaker=[*names, "", ""])
    assert (table[table["speaker"] != ""].groupby("speaker")["split"].nunique() == 1).all()
    assert abs(assembled.rows["train"] - 71) <= 6 and min(assembled.rows.values()) >= 10
    assert assembled.together == "All rows with the same 'speaker' are in one split." and not assembled.kept
    again = make(imported, split={"group": "speaker", "train": 0.7, "validation": 0.15, "test": 0.15})
    assert again.table.equals(assembled.table)
    with pytest.raises(StudioError, match="no column 'person'"):
        make(imported, split={"group": "person"})


def test_three_groups_fill_three_splits_and_two_do_not(tmp_path: Path, home: Home) -> None:
    lines = [f"sentence {place},good,{('ann', 'bob', 'cid')[place % 3]}" for place in range(30)]
    imported = of_speakers(tmp_path, home, "\n".join(["text,label,speaker", *lines]).replace("4,good", "4,bad"))
    assert set(make(imported, split={"group": "speaker"}).rows.values()) == {10}
    few = of_speakers(
        tmp_path, home, "\n".join(["text,label,speaker", *lines]).replace("4,good", "4,bad").replace("cid", "bob")
    )
    with pytest.raises(StudioError, match="too few groups"):
        make(few, split={"group": "speaker"})
    with pytest.raises(StudioError, match="column 'label' is what is learned"):
        make(imported, split={"group": "label"})


def test_a_group_in_two_splits_of_the_data_is_told(tmp_path: Path, home: Home) -> None:
    lines = [
        f"sentence {place},{('good', 'bad')[place // 2 % 2]},{name},{split}"
        for place, (name, split) in enumerate(
            [("ann", "train"), ("bob", "train"), ("bob", "test"), ("cid", "test")] * 8
        )
    ]
    imported = of_speakers(tmp_path, home, "\n".join(["text,label,speaker,split", *lines]))
    assembled = make(imported, split={"group": "speaker"})
    told = [problem for problem in assembled.problems if problem.column == "speaker"]
    assert [problem.what for problem in told] == ["1 value of 'speaker' stands in two splits: bob."]
    assert not told[0].drops and set(assembled.kept) == {"train", "test"}
    anew = make(imported, split={"group": "speaker", "keep": False})
    assert anew.together and not [problem for problem in anew.problems if problem.column == "speaker"]
