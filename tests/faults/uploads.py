"""Uploads that are damaged at random, taken through everything that the Data page does with one."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pandas
import tiny
from faults.damages import damaged
from openpyxl import Workbook
from upload_files import blank

from studio.app.preview import preview_page
from studio.data.assembly import assemble, guess_columns
from studio.data.importing import import_source, keep_upload
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS

LIMITS = Limits(upload_megabytes=20, unpacked_megabytes=64, files=500, rows=20_000)
ROWS = [(f"a sentence, number {n} \u00e9", ("good", "bad")[n % 2], n % 5 + 1) for n in range(24)]
ENDINGS = ("csv", "tsv", "txt", "json", "jsonl", "parquet", "xlsx", "xls", "zip", "conll", "png", "pdf", "")


@dataclass
class Report:
    """failures: the seed of a case, and what was raised that is no plain sentence."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)

    def __str__(self) -> str:
        cases = sum(self.outcomes.values())
        counted = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        seconds, seed = self.slowest
        return f"{cases} cases: {counted}; failures: {len(self.failures)}; slowest {seconds:.1f} s (seed {seed})"


def frame() -> pandas.DataFrame:
    return pandas.DataFrame(ROWS, columns=["text", "label", "stars"])


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def workbook() -> bytes:
    book, content = Workbook(), BytesIO()
    book.active.append(["text", "label", "stars"])
    for row in ROWS:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def coco() -> str:
    images = [{"id": n, "file_name": f"{n}.png", "width": 32, "height": 32} for n in range(4)]
    annotations = [{"id": n, "image_id": n, "category_id": 1, "bbox": [2, 2, 9, 9]} for n in range(4)]
    return json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]})


def voc(number: int) -> str:
    box = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    return f"<annotation><filename>{number}.png</filename><object><name>cat</name>{box}</object></annotation>"


def samples() -> dict[str, bytes]:
    """A sound file of each kind, by its ending, and archives by what they hold."""
    pictures: dict[str, bytes | str] = {f"{n}.png": blank(32, 32) for n in range(4)}
    in_folders = {f"{'ab'[n % 2]}/{n}.png": tiny.image(("across", "down")[n % 2], random.Random(n)) for n in range(12)}
    named = "file,label\n" + "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(4))
    lines = {f"{n}.txt": "0 .5 .5 .2 .2\n" for n in range(4)}
    boxes = "image,xmin,ymin,xmax,ymax,label\n" + "".join(f"{n}.png,1,1,9,9,cat\n" for n in range(4))
    conll = "".join("Anna B-PER\nlives O\nin O\nParis B-LOC\n. O\n\n" for _ in range(8))
    return {
        "csv": frame().to_csv(index=False).encode(),
        "tsv": frame().to_csv(index=False, sep="\t").encode("utf-16"),
        "txt": frame().to_csv(index=False, sep=";").encode("cp1252"),
        "json": frame().to_json(orient="records").encode(),
        "jsonl": frame().to_json(orient="records", lines=True).encode(),
        "parquet": frame().to_parquet(),
        "xlsx": workbook(),
        "conll": conll.encode(),
        "png": blank(40, 30),
        "folders.zip": zipped(in_folders),
        "table.zip": zipped({**pictures, "labels.csv": named}),
        "boxes.zip": zipped({**pictures, "boxes.csv": boxes}),
        "coco.zip": zipped({**pictures, "coco.json": coco()}),
        "voc.zip": zipped({**pictures, **{f"{n}.xml": voc(n) for n in range(4)}}),
        "yolo.zip": zipped({**pictures, "data.yaml": "names: [cat]", **lines}),
        "splits.zip": zipped({"train.csv": frame().to_csv(index=False), "test.csv": frame().to_csv(index=False)}),
    }  # fmt: skip


def make(seed: int, sound: Mapping[str, bytes]) -> tuple[str, bytes]:
    """A name and a content. Half of the archives are damaged inside, and whole as an archive."""
    rng = random.Random(seed)
    kind = rng.choice(sorted(sound))
    ending, content = kind.rpartition(".")[2], sound[kind]
    if ending == "zip" and rng.random() < 0.6:
        with ZipFile(BytesIO(content)) as archive:
            files: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
        for name in rng.sample(sorted(files), rng.randint(1, min(4, len(files)))):
            data = files.pop(name)
            assert isinstance(data, bytes)
            files[name if rng.random() < 0.8 else strange_name(rng, name)] = damaged(data, rng)
        content = zipped(files)
    else:
        content = damaged(content, rng)
    if rng.random() < 0.1:
        ending = rng.choice(ENDINGS)
    return f"upload.{ending}" if ending else "upload", content


def strange_name(rng: random.Random, name: str) -> str:
    odd = ("../", "/", "C:/", "a/" * 30, "\u202e", "con/", "x" * 300, " ", ".", "\\\\server\\", "\u00e9/")
    return rng.choice(odd) + name


def take(name: str, content: bytes, folder: Path, home: Home) -> str:
    """Upload, import, preview, and check for every task; what became of it. StudioError is an outcome, too."""
    path = folder / "temporary"
    path.write_bytes(content)
    try:
        imported = import_source(str(keep_upload(path, name, home, LIMITS)), ReadingOptions(), home, LIMITS)
    except StudioError as error:
        storable(error.as_dict())
        return "refused"
    used = 0
    for task in TASKS:
        try:
            columns = guess_columns(imported, task.columns)
            storable(preview_page(imported, task.columns, columns, 0, 50))
            assembled = assemble(imported, DataOptions(source="", columns=columns), task.columns, task.check)
        except StudioError as error:
            storable(error.as_dict())
            continue
        used += 1
        storable([asdict(problem) for problem in assembled.problems], assembled.notes, assembled.counts)
    return "usable" if used else "imported"


def storable(*values: object) -> None:
    """Whether it can be sent to a browser."""
    json.dumps(values, ensure_ascii=False).encode()


def run(count: int, seed: int, folder: Path, home: Home, say: Callable[[str], None]) -> Report:
    report, sound = Report(), samples()
    for number in range(seed, seed + count):
        begin = time.process_time()
        try:
            outcome = take(*make(number, sound), folder, home)
        except Exception as error:  # noqa: BLE001  that is what is looked for
            outcome = "failed"
            report.failures.append((number, f"{type(error).__name__}: {str(error)[:300]}"))
        report.outcomes[outcome] += 1
        report.slowest = max(report.slowest, (time.process_time() - begin, number))
        if number % 100 == 99:
            say(str(report))
    return report
