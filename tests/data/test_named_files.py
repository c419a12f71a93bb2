"""Names of files in what somebody brings: never a path of the machine that reads it."""

import json
import random
from io import StringIO
from pathlib import Path

import pandas
import pytest
import tiny
from upload_files import import_folder, put

from studio.data.assembly import assemble
from studio.data.fields import FIELDS
from studio.data.importing import Imported, import_source, keep_upload
from studio.data.limits import Limits
from studio.data.named_files import NotBroughtError, find_below, why_refused
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS

REFUSED = {
    "/srv/pictures/1.png": "absolute path",
    "\\srv\\1.png": "absolute path",
    "../1.png": "'..'",
    "a/../../1.png": "'..'",
    "a\\..\\..\\1.png": "'..'",
    "C:\\pictures\\1.png": "a drive",
    "c:1.png": "a drive",
    "\\\\server\\share\\1.png": "a network",
    "//server/share/1.png": "a network",
    "http://127.0.0.1:7860/1.png": "an address",
    "file:///etc/passwd.png": "an address",
    "file:/etc/1.png": "an address",
    "s3://bucket/1.png": "an address",
    "data:image/png;base64,AAAA.png": "an address",
    "a\0.png": "cannot be the name",
    "a" * 2000 + ".png": "cannot be the name",
}
TASK = TASKS["image-classification"]


@pytest.fixture
def png() -> bytes:
    return tiny.image("across", random.Random(1))


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_no_name_of_a_file_that_came_along(name: str) -> None:
    assert REFUSED[name] in why_refused(name)


@pytest.mark.parametrize(
    "name", ["1.png", "a/b/1.png", "a\\1.png", "./1.png", "a..b.png", "12:30.png", "~x/1.png", "é ü.png"]
)
def test_names_that_are_looked_up(name: str) -> None:
    assert why_refused(name) == ""


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    put(tmp_path, {"secret/1.png": "x", "here/own.png": "x"})
    here = tmp_path / "here"
    (here / "link.png").symlink_to(tmp_path / "secret/1.png")
    (here / "folder").symlink_to(tmp_path / "secret")
    (here / "inner.png").symlink_to(here / "own.png")
    (here / "ring.png").symlink_to(here / "ring.png")
    assert find_below("own.png", [here]) == find_below("inner.png", [here]) == here / "own.png"
    assert find_below(str(here / "own.png"), [here]) == here / "own.png"
    assert find_below("1.png", [here, tmp_path / "secret"]) == tmp_path / "secret/1.png"
    for name in ("link.png", "folder/1.png"):
        with pytest.raises(NotBroughtError, match="link"):
            find_below(name, [here])
    for name in ("ring.png", str(tmp_path / "secret/1.png"), "none.png", "here"):
        with pytest.raises(NotBroughtError):
            find_below(name, [here])


# --- folders and archives ---------------------------------------------------------------------


def boxes_csv(names: list[str]) -> str:
    frame = pandas.DataFrame({"image": names, "xmin": 1, "ymin": 1, "xmax": 9, "ymax": 9, "label": "x"})
    return frame.to_csv(index=False)


def coco(names: list[str]) -> str:
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"image_id": n, "category_id": 1, "bbox": [1, 1, 5, 5]} for n in range(len(names))]
    return json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "x"}]})


def as_parquet(names: list[str]) -> bytes:
    return pandas.DataFrame(
        {"file": names, "label": ["a", "b"] * (len(names) // 2) + ["a"] * (len(names) % 2)}
    ).to_parquet()


FORMS = {
    "labels.csv": lambda names: pandas.DataFrame({"file": names, "label": "a"}).to_csv(index=False),
    "boxes.csv": boxes_csv,
    "coco.json": coco,
    "labels.json": lambda names: json.dumps([{"file": name, "label": "a"} for name in names]),
    "labels.parquet": as_parquet,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_reader_refuses_row_by_row_with_the_reason(tmp_path: Path, png: bytes, form: str) -> None:
    """Even where an image of that name came along: the name says another place."""
    put(tmp_path, {"outside/1.png": png})
    good = [f"pics/{n}.png" for n in range(8)]
    refused = [
        str(tmp_path / "outside/1.png"),
        "../outside/1.png",
        "C:\\1.png",
        "\\\\a\\b\\1.png",
        "http://a/1.png",
        "pics/l.png",
    ]
    folder = tmp_path / "up"
    put(folder, dict.fromkeys(good, png))
    (folder / "pics/l.png").symlink_to(tmp_path / "outside/1.png")
    result = import_folder(folder, {form: FORMS[form]([*good, *refused])})
    assert list(result.table["image"]) == good
    dropped = {problem.row: problem.why for problem in result.problems if problem.drops}
    reasons = ["absolute path", "'..'", "a drive", "a network", "an address", "a link"]
    assert list(dropped) == list(range(9, 15))
    for why, reason in zip(dropped.values(), reasons, strict=True):
        assert reason in why


def test_a_table_of_nothing_but_refused_names_says_why(tmp_path: Path, png: bytes) -> None:
    table = "file,label\n" + "".join(f"/srv/pictures/{n}.png,{'ab'[n % 2]}\n" for n in range(12))
    with pytest.raises(StudioError, match="absolute path"):
        import_folder(tmp_path / "up", {"labels.csv": table, "1.png": png})


def test_lists_of_splits_say_what_they_leave_out(tmp_path: Path, png: bytes) -> None:
    files: dict[str, bytes | str] = {f"{n}.png": png for n in range(4)}
    files |= {f"{n}.txt": "0 0.5 0.5 0.2 0.2\n" for n in range(4)}
    files |= {"train.txt": "0.png\n/home/me/1.png\n", "val.txt": "2.png\n3.png\n"}
    result = import_folder(tmp_path / "up", files)
    assert dict(zip(result.table["image"], result.table["split"], strict=True))["2.png"] == "validation"
    assert any("/home/me/1.png" in problem.what and not problem.drops for problem in result.problems)


def test_a_stored_image_has_to_lie_in_the_upload(tmp_path: Path, png: bytes) -> None:
    """A link that a reader overlooked ends at the place where images are opened."""
    from studio.data.image_store import store_files
    from studio.data.progress import silent

    put(tmp_path, {"outside.png": png})
    folder = tmp_path / "up"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "outside.png")
    stored = store_files(["a.png", "../outside.png"], folder, tmp_path / "stored", silent)
    assert all(isinstance(result, StudioError) for result in stored.values())


# --- a table alone ----------------------------------------------------------------------------


def table_of(names: list[str]) -> str:
    return "filename,class\n" + "".join(f"{name},{'ab'[n % 2]}\n" for n, name in enumerate(names))


def read(source: Path, home: Home, files: Path | None = None) -> Imported:
    return import_source(str(source), ReadingOptions(), home, Limits(), files=str(files) if files else None)


def use(imported: Imported, **columns: str) -> int:
    options = DataOptions(source="", columns=columns)
    return len(assemble(imported, options, TASK.columns, TASK.check).table)


def test_an_uploaded_table_names_no_file_of_the_server(tmp_path: Path, home: Home, png: bytes) -> None:
    put(tmp_path / "srv", {f"{n}.png": png for n in range(12)})
    table = tmp_path / "list.csv"
    table.write_text(table_of([str(tmp_path / f"srv/{n}.png") for n in range(12)]))
    imported = read(keep_upload(table, "list.csv", home, Limits()), home)
    assert imported.kind == "text"
    for columns in ({}, {"image": "filename", "label": "class"}):
        with pytest.raises(StudioError, match="absolute path") as caught:
            use(imported, **columns)
        assert "ZIP" in caught.value.explanation.what_to_do


def test_from_the_command_line_neither_but_with_the_folder_named(tmp_path: Path, home: Home, png: bytes) -> None:
    put(tmp_path / "srv", {f"{n}.png": png for n in range(12)})
    table = tmp_path / "work/list.csv"
    put(tmp_path, {"work/list.csv": table_of([str(tmp_path / f"srv/{n}.png") for n in range(12)])})
    assert read(table, home).kind == "text"
    named = read(table, home, tmp_path / "srv")
    assert named.kind == "image"
    assert use(named) == use(named, image="filename", label="class") == 12
    assert read(table, home).kind == "text"
    uploaded = keep_upload(table, "list.csv", home, Limits())
    assert read(uploaded, home).kind == "text"  # the same content, imported with its images before
    assert read(table, home, tmp_path / "srv").folder == named.folder


def test_a_table_beside_its_images(tmp_path: Path, home: Home, png: bytes) -> None:
    files: dict[str, bytes | str] = {f"pics/{n}.png": png for n in range(12)}
    names = [f"pics/{n}.png" for n in range(12)] + ["../x.png", "/etc/x.png", "gone.png"]
    put(tmp_path / "set", {**files, "list.csv": table_of(names)})
    put(tmp_path, {"x.png": png})
    imported = read(tmp_path / "set/list.csv", home)
    assert imported.kind == "image"
    assert list(imported.table()["image"]) == names[:12]
    assert imported.files is not None
    assert (imported.files / "pics/3.png").read_bytes() == png
    assert [(problem.row, problem.drops) for problem in imported.problems] == [(13, True), (14, True), (15, True)]
    assert use(imported) == 12
    other = tiny.image("down", random.Random(2))
    put(tmp_path / "set", {"pics/3.png": other})
    again = read(tmp_path / "set/list.csv", home)
    assert again.folder != imported.folder
    assert again.files is not None
    assert (again.files / "pics/3.png").read_bytes() == other
    assert (imported.files / "pics/3.png").read_bytes() == png


def test_a_table_of_names_alone_asks_for_one_archive(tmp_path: Path, home: Home) -> None:
    put(tmp_path, {"labels.csv": table_of([f"img_{n}.jpg" for n in range(30)])})
    with pytest.raises(StudioError, match=r"'img_0\.jpg'") as caught:
        use(read(tmp_path / "labels.csv", home))
    assert "one ZIP file" in caught.value.explanation.what_to_do
    assert "`data.files`" in caught.value.explanation.what_to_do


def test_whoever_sent_a_table_alone_reads_what_they_can_do_on_the_page(tmp_path: Path, home: Home) -> None:
    put(tmp_path, {"labels.csv": table_of([f"/srv/img_{n}.jpg" for n in range(30)])})
    kept = keep_upload(tmp_path / "labels.csv", "labels.csv", home, Limits())
    with pytest.raises(StudioError, match="absolute path") as caught:
        use(read(kept, home))
    assert caught.value.explanation.what_to_do == "Put the images and the table into one ZIP file, and upload that."


def test_names_in_two_folders(tmp_path: Path, home: Home, png: bytes) -> None:
    other = tiny.image("down", random.Random(2))
    put(tmp_path, {"own/1.png": png, "more/1.png": other, "more/2.png": other})
    names = ["1.png", str(tmp_path / "more/1.png"), "2.png"]
    put(tmp_path, {"own/list.csv": table_of(names)})
    imported = read(tmp_path / "own/list.csv", home, tmp_path / "more")
    assert imported.files is not None
    assert [(imported.files / name).read_bytes() for name in imported.table()["image"]] == [png, other, other]


def test_a_text_column_of_names_stays_a_table(tmp_path: Path, home: Home) -> None:
    rows = StringIO()
    pandas.DataFrame(
        {"file": [f"{n}.png" for n in range(40)], "text": "a sentence of words", "label": ["x", "y"] * 20}
    ).to_csv(rows, index=False)
    put(tmp_path, {"t.csv": rows.getvalue()})
    imported = read(tmp_path / "t.csv", home)
    assert (imported.kind, imported.rows, len(imported.problems)) == ("text", 40, 0)


def test_a_folder_of_files_that_is_not_there(tmp_path: Path, home: Home) -> None:
    put(tmp_path, {"t.csv": "text,label\na,b\n"})
    with pytest.raises(StudioError, match=r"data\.files"):
        read(tmp_path / "t.csv", home, tmp_path / "none")


def test_a_cell_is_no_path_without_stored_images() -> None:
    cells = pandas.Series(["/etc/hostname", "a.png"], index=[1, 2])
    column = next(column for column in TASK.columns if column.kind == "image")
    assert [problem.row for problem in FIELDS["image"].problems(cells, column, None)] == [1, 2]
