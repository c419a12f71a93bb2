"""Uploads that unfold: memory and time follow what comes out, and the limit says so in plain words."""

import contextlib
import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from openpyxl import Workbook
from PIL import Image

from studio.data.importing import Imported, import_source
from studio.data.limits import Limits, limits_here
from studio.data.options import ReadingOptions
from studio.data.reading import guess_reading, read_table
from studio.errors import StudioError
from studio.language import unpacked
from studio.paths import Home

MEGABYTE = 2**20
PROGRAM = """
import json, sys
from studio.data import process
code = process.main()
lines = open("/proc/self/status").read().splitlines() if sys.platform == "linux" else []
peak = next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
print(peak, file=sys.stderr)
"""


def ask(source: Path, home: Home, **limits: int) -> tuple[dict[str, Any], int]:
    """The last message of the data process, and its largest memory in MB (0 where nothing says so)."""
    request = {"op": "import", "source": str(source), "home": str(home.root), "limits": limits}
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=json.dumps(request).encode(), capture_output=True)
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), int(done.stderr.split()[-1])


def repeated_text(path: Path, rows: int, size: int = MEGABYTE) -> Path:
    """A Parquet file that holds one long text once, and names it in every row."""
    indices = pyarrow.array(numpy.zeros(rows, dtype="int32"))
    column = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * size]))
    table = pyarrow.table({"text": column, "label": pyarrow.array(["a"] * rows)})
    pyarrow.parquet.write_table(table.replace_schema_metadata(None), path, compression="zstd", store_schema=False)
    return path


def huge_claims(path: Path, dimension: str = "A1:XFD1048576") -> Path:
    """A workbook of two rows that claims to be as large as can be."""
    workbook = Workbook()
    workbook.active.append(["text", "label"])
    for number in range(12):
        workbook.active.append([f"a sentence {number}", "ab"[number % 2]])
    workbook.save(path)
    content = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b'<dimension ref="A1:B13"', f'<dimension ref="{dimension}"'.encode())
                assert dimension.encode() in data
            new.writestr(name, data)
    path.write_bytes(content.getvalue())
    return path


def test_a_text_that_a_small_file_repeats(tmp_path: Path, home: Home) -> None:
    path = repeated_text(tmp_path / "a.parquet", 100_000)
    assert path.stat().st_size < 3000
    message, peak = ask(path, home)
    assert "times its size" in unpacked(message["error"]["why"])
    assert peak < 300


def test_a_repeated_text_within_reason_is_read(tmp_path: Path) -> None:
    table, _ = read_table(repeated_text(tmp_path / "a.parquet", 50))
    assert (len(table), len(table["text"].iloc[49])) == (50, MEGABYTE)


def test_labels_that_repeat_are_no_harm(tmp_path: Path) -> None:
    table, _ = read_table(repeated_text(tmp_path / "a.parquet", 300_000, 20))
    assert len(table) == 300_000


def test_dictionaries_of_any_kind_are_read(tmp_path: Path) -> None:
    frame = pandas.DataFrame(
        {"a": pandas.Categorical(["x", None, "y"]), "b": pandas.Categorical([1, 2, 1]), "c": [b"z", None, b"z"]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    table, _ = read_table(tmp_path / "a.parquet")
    assert table["a"].tolist()[0::2] == ["x", "y"] and table["a"].isna().tolist() == [False, True, False]
    assert table["b"].tolist() == ["1", "2", "1"] and table["c"].tolist()[0::2] == ["z", "z"]


@pytest.mark.parametrize("dimension", ["A1:XFD1048576", "A1", "XFD1048576"])
def test_a_workbook_may_claim_any_size(tmp_path: Path, home: Home, dimension: str) -> None:
    path = huge_claims(tmp_path / "a.xlsx", dimension)
    table, _ = read_table(path)
    assert table.shape == (12, 2)
    assert guess_reading(path).header is True


@pytest.mark.parametrize("dimension", ["A1:ZZZZ99999999", "nonsense"])
def test_a_size_that_is_none_is_a_sentence(tmp_path: Path, dimension: str) -> None:
    with pytest.raises(StudioError, match="Excel"):
        read_table(huge_claims(tmp_path / "a.xlsx", dimension))


@pytest.mark.parametrize("ending", ["xls", "csv", "zip", "txt", "docx", "bin", ""])
def test_a_workbook_is_known_by_its_content(tmp_path: Path, home: Home, ending: str) -> None:
    path = huge_claims(tmp_path / "a.xlsx").rename(tmp_path / (f"a.{ending}" if ending else "a"))
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    assert (imported.format, imported.rows) == ("excel", 12)


def test_a_shared_text_of_a_workbook(tmp_path: Path, home: Home) -> None:
    workbook = Workbook()
    workbook.active.append(["text"])
    for _ in range(6_000):
        workbook.active.append(["x" * 30_000])
    workbook.save(tmp_path / "a.xlsx")
    message, peak = ask(tmp_path / "a.xlsx", home)
    assert "error" in message
    assert peak < 300


def test_large_images_are_read_one_at_a_time(tmp_path: Path, home: Home) -> None:
    """Before: 1.9 GB, since four of them lay in memory at once, each several times."""
    folder = tmp_path / "images"
    for kind, mode, count in [("a", "RGBA", 2), ("b", "RGB", 1)]:
        (folder / kind).mkdir(parents=True)
        image = Image.new(mode, (7_700, 7_700), (200, 30, 30, 128)[: len(mode)])
        image.save(folder / kind / "0.png", compress_level=1)
        for number in range(1, count):
            os.link(folder / kind / "0.png", folder / kind / f"{number}.png")
    message, peak = ask(folder, home)
    assert message["result"]["rows"] == 3
    assert peak < 600
    imported = Imported.open(Path(message["result"]["folder"]))
    assert imported is not None and imported.files is not None
    with Image.open(imported.files / "a/0.png.jpg") as stored:
        assert min(stored.size) == 512 and stored.mode == "RGB"
        assert stored.getpixel((100, 100)) == pytest.approx((227, 142, 142), abs=2)  # on white


@pytest.mark.parametrize("mode", ["I;16", "RGBA", "P", "CMYK", "L"])
def test_strips_make_the_same_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    from studio.data import image_files

    ramp = numpy.linspace(0, 255, 700 * 900).reshape(700, 900)
    if mode == "I;16":
        image = Image.fromarray((ramp * 250).astype("uint16"))
    else:
        image = Image.fromarray(ramp.astype("uint8")).convert(mode)
        image.putalpha(Image.fromarray(ramp.T.astype("uint8").copy()).resize(image.size)) if mode == "RGBA" else None
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    whole = image_files.load_image(path)
    monkeypatch.setattr(image_files, "LARGE", 1000)
    monkeypatch.setattr(image_files, "STRIP", 64)
    assert numpy.array_equal(numpy.asarray(image_files.load_image(path)), numpy.asarray(whole))
    halved = image_files.load_image(path, 100)
    assert halved.size == (350, 450)
    close = numpy.asarray(whole.reduce(2), dtype="int") - numpy.asarray(halved)
    assert abs(close).max() <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
def test_the_limit_says_so(tmp_path: Path, home: Home) -> None:
    """What no rule of a format foresees."""
    path = tmp_path / "a.json"
    path.write_text("[" + ",".join(['{"text": {}}'] * 3_000_000) + "]")
    message, peak = ask(path, home, memory_megabytes=300)
    assert "more memory than reading may use" in unpacked(message["error"]["what"])
    assert peak < 600
    assert not list(home.datasets.glob("*/table.parquet"))


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
@pytest.mark.parametrize("kind", ["csv", "parquet", "png"])
def test_every_library_meets_the_limit_in_the_same_words(tmp_path: Path, home: Home, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_bytes(b"text,label\n" + b'"' + b"x" * 100_000_000 + b'",a\n')
    elif kind == "parquet":
        lists = pyarrow.array([["x" * 1000] * 400] * 1000)
        pyarrow.parquet.write_table(pyarrow.table({"text": lists}), path)
    else:
        path = tmp_path / "images"
        for name in ("a", "b"):
            (path / name).mkdir(parents=True)
            Image.new("RGB", (7_700, 7_700)).save(path / name / "0.png", compress_level=1)
    message, _ = ask(path, home, memory_megabytes=150)
    assert "memory" in json.dumps(message["error"])


def test_limits_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits().memory_bytes <= 8192 * MEGABYTE
    monkeypatch.setenv("STUDIO_MEMORY_LIMIT", "512")
    assert limits_here().memory_bytes == 512 * MEGABYTE
    monkeypatch.setenv("STUDIO_MEMORY_LIMIT", "much")
    with pytest.raises(StudioError, match="STUDIO_MEMORY_LIMIT"):
        limits_here()


DEEP = ['{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, '[{"text":' + "[" * 900 + "]" * 900 + "}]"]


@pytest.mark.parametrize("content", DEEP, ids=range(len(DEEP)))
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_deep_nesting_is_a_sentence(tmp_path: Path, home: Home, content: str, ending: str) -> None:
    (tmp_path / f"a.{ending}").write_text(content)
    with contextlib.suppress(StudioError):  # anything else is a traceback
        import_source(str(tmp_path / f"a.{ending}"), ReadingOptions(), home, Limits())
