"""Answers for a whole file: a table of texts, or a ZIP of pictures, into a CSV with a probability per class."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.archives import unpack
from studio.data.limits import limits_here
from studio.data.pictures import find
from studio.data.reading import read_table
from studio.errors import StudioError
from studio.files import replace_with
from studio.tasks.base import Bundle, Prediction, Task

if TYPE_CHECKING:
    import pandas

AT_ONCE = 64
Progress = Callable[[int, int], None]


def predict_file(
    task: Task, bundle: Bundle, columns: Mapping[str, str], source: Path, output: Path, progress: Progress
) -> int:
    """Write `output` (CSV, UTF-8 with the mark that spreadsheets look for); the number of rows answered.

    columns: the roles that the run's data had, role -> column name. Rows that cannot be read keep their
    place, with the reason in the column `problem`. progress: called with (rows done, rows).
    """
    if task.input_kind == "image":
        with tempfile.TemporaryDirectory(prefix="studio-") as folder:
            return _write(_answer_pictures(task, bundle, source, Path(folder) / "files", progress), output)
    return _write(_answer_table(task, bundle, columns, source, progress), output)


def _answer_table(
    task: Task, bundle: Bundle, columns: Mapping[str, str], source: Path, progress: Progress
) -> "pandas.DataFrame":
    import pandas

    table, _ = read_table(source)
    role = next(column for column in task.columns if column.kind == task.input_kind)
    name = find_column([str(column) for column in table.columns], columns.get(role.name), role.name, role.hints)
    texts = ["" if pandas.isna(value) else str(value) for value in table[name]]
    usable = [index for index, text in enumerate(texts) if text.strip()]
    answers = dict(zip(usable, _in_parts(task, bundle, [texts[index] for index in usable], progress), strict=True))
    results = pandas.DataFrame(
        [
            _row(answers[index], bundle.labels) if index in answers else {"problem": "The text is empty."}
            for index in range(len(texts))
        ],
        index=table.index,
    )
    taken = [column for column in table.columns if column in results.columns]
    return pandas.concat([table.rename(columns={column: f"{column} (given)" for column in taken}), results], axis=1)


def _answer_pictures(task: Task, bundle: Bundle, archive: Path, folder: Path, progress: Progress) -> "pandas.DataFrame":
    import pandas

    names = find(unpack(archive, folder, limits_here())).pictures
    if not names:
        raise StudioError(
            f"There are no pictures in {archive.name}.", "None of its files is one.", "Put JPEG or PNG files into it."
        )
    rows: list[dict[str, Any]] = []
    for name in names:
        try:
            rows.append(_row(task.predict(bundle, [folder / name])[0], bundle.labels))
        except StudioError as error:
            rows.append({"problem": error.explanation.why or error.explanation.what})
        progress(len(rows), len(names))
    return pandas.concat([pandas.DataFrame({"image": names}), pandas.DataFrame(rows)], axis=1)


def find_column(there: list[str], wanted: str | None, role: str, hints: tuple[str, ...]) -> str:
    """The column of the inputs: the one that the run learned from, one of a usual name, or the only one."""
    if wanted in there and wanted is not None:
        return wanted
    usual = [name for name in there if name.lower() in (role, *hints)]
    if usual or len(there) == 1:
        return (usual or there)[0]
    raise StudioError(
        f"Which column holds the {role}?",
        f"The file has the columns {', '.join(there)}; the run learned from '{wanted or role}'.",
        f"Rename the column to '{wanted or role}', or bring a file with that column alone.",
    )


def _in_parts(task: Task, bundle: Bundle, inputs: list[str], progress: Progress) -> list[Prediction]:
    answers: list[Prediction] = []
    for start in range(0, len(inputs), AT_ONCE):
        answers += task.predict(bundle, inputs[start : start + AT_ONCE])
        progress(len(answers), len(inputs))
    return answers


def _row(answer: Prediction, labels: tuple[str, ...]) -> dict[str, Any]:
    shares = {f"p_{label}": round(answer.probabilities[label], 6) for label in labels}
    return {"predicted": answer.label, **shares}


def _write(table: "pandas.DataFrame", output: Path) -> int:
    replace_with(output, lambda path: table.to_csv(path, index=False, encoding="utf-8-sig"))
    return len(table)
