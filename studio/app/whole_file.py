"""Predictions for a whole file: how it was read, the first answers while the others come, and all of them as a file to
download. A section of the Test page."""

import hashlib
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.message import Message
from components.progress import Progress, progress_html
from components.tables import simple_table
from studio.app.answers import ANSWERS
from studio.app.answers.base import HOW_SURE
from studio.app.asking import cancel_questions, cancellable, open_run
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.pages import Place, Section, Services, Wire, download_link, hint
from studio.app.paging import file_url
from studio.app.prediction_files import FileAnswers, predict_into
from studio.app.results import task_of
from studio.data.formats.delimited import TITLES
from studio.data.limits import within
from studio.data.media import MEDIA
from studio.errors import StudioError
from studio.language import _, plural, sentences
from studio.tasks import TASKS
from studio.tasks.base import Task

HEADERS = [(_("Has column names"), True), (_("Is already data"), False)]
CORRECTED = ("delimiter", "header")  # options of reading that can be corrected here
LETTERS = 160  # of a text beside its answer
MOST_COLUMNS = 6  # of a table whose columns are read together


def whole_file(services: Services) -> Section:
    with gr.Accordion(_("Predict a whole file"), open=False, elem_id="many"):
        many = gr.File(elem_id="many-file", height=140)
        message = Message(elem_id="many-message")
        with gr.Row():
            columns = [
                gr.Dropdown(label=_("Column"), interactive=True, visible=False, elem_id=f"many-column-{place}")
                for place in range(max(len(task.inputs) for task in TASKS))
            ]
            delimiter = gr.Dropdown(
                [(title, sign) for sign, title in TITLES.items()],
                label=_("Separator"),
                interactive=True,
                visible=False,
                elem_id="many-delimiter",
            )
            header = gr.Dropdown(HEADERS, label=_("First row"), interactive=True, visible=False, elem_id="many-header")
        progress = Progress(elem_id="many-progress")
        cancel = gr.Button(_("Cancel"), size="sm", visible=False, elem_id="many-cancel")
        answers = gr.HTML(elem_id="many-answers")
        download = gr.HTML(elem_id="many-download")
    fields, place = [*columns, delimiter, header], Place(message, progress, cancel)

    def show(draft: Draft) -> list[Any]:
        """The field is emptied where its file was for another run; else it is left alone: perhaps one is on its way."""
        run = services.store.find(draft.run) if draft.run else None
        task, answered = task_of(run) if run else None, answers_of(services, draft)
        label = kind_of_file(task) if task else ""
        former, services.shown_runs[draft.id] = services.shown_runs.get(draft.id), draft.run
        emptied = {} if former in (None, draft.run) else {"value": None}
        return [
            gr.update(label=label, **emptied),
            "",
            *as_read(task, answered, len(columns)),
            answers_html(task, answered) if task and answered else "",
            download_html(services, draft),
        ]

    wires = [
        Wire(many.upload, partial(bring, services), [many], place=place),
        *[Wire(each.input, partial(read_again, services), fields, place=place) for each in fields],
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
    ]
    return Section([many, message, *fields, answers, download], show, wires)


def kind_of_file(task: Task) -> str:
    """What the file is that a task is asked with."""
    first, *others = task.inputs
    if others and first.kind in MEDIA:
        return _("A ZIP of files and a table that names them, with a column for everything else")
    return INPUTS[first.kind].many


def answers_of(services: Services, draft: Draft) -> FileAnswers | None:
    """Those of the last file, where it was for the run that is shown."""
    answered = services.files.get(draft.id)
    return answered if answered is not None and answered.run == draft.run else None


# --- drawing ------------------------------------------------------------------------------------


def as_read(task: Task | None, answered: FileAnswers | None, places: int) -> list[dict[str, Any]]:
    """Updates of the fields in which it can be corrected how a table was read: a column for each input, and more."""
    read = answered.read if answered else None
    if read is None or task is None:
        return [gr.update(visible=False)] * (places + len(CORRECTED))
    columns = [
        gr.update(visible=True, label=column.title, choices=list(read.columns), value=read.taken[column.name] or None)
        for column in task.inputs
        if column.name in read.taken
    ]
    hidden = [gr.update(visible=False)] * (places - len(columns))
    found = [read.options.get(name) for name in CORRECTED]
    return [*columns, *hidden, *(gr.update(visible=value is not None, value=value) for value in found)]


def answers_html(task: Task, answered: FileAnswers) -> str:
    """How the file was read, and the first rows with their answers."""
    kind, read = ANSWERS[task.answer_kind], answered.read
    rows = plural("{n:,} row was read.", "{n:,} rows were read.", answered.rows)
    taken = [
        _("'{role}' is taken from the column '{column}'.", role=column.title, column=read.taken[column.name])
        for column in task.inputs
        if read is not None and read.taken.get(column.name)
    ]
    if not answered.first:
        return hint(sentences(rows, *taken)) if read else ""
    named = [column for column in task.inputs if read is None or column.name in read.taken]
    given = {column.name: (read.taken[column.name] if read else column.name) for column in named}
    titles = {column.name: column.title for column in named}
    if read is not None and len(named) < len(task.inputs):  # one is made of all columns
        shown_too = {f"column-{place}": name for place, name in enumerate(read.columns[:MOST_COLUMNS])}
        given, titles = {**shown_too, **given}, {**shown_too, **titles}
    shown = [
        {
            **{name: shortened(row.given.get(column)) for name, column in given.items()},
            "answer": kind.short(row.answer) if row.answer else row.problem,
            "sure": kind.how_sure(row.answer) if row.answer else "",
        }
        for row in answered.first
    ]
    columns = [
        *({"key": name, "title": title} for name, title in titles.items()),
        {"key": "answer", "title": _("Predicted"), "kind": "badge"},
        *([{"key": "sure", "title": HOW_SURE, "kind": "number"}] if any(row["sure"] for row in shown) else []),
    ]
    return hint(sentences(rows, *taken)) + simple_table(columns, shown, caption=_("The first answers"))


def shortened(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    if not text.strip():
        return _("(empty)")
    return text if len(text) <= LETTERS else f"{text[:LETTERS].rstrip()}…"


def download_html(services: Services, draft: Draft) -> str:
    path = predictions_file(services, draft, str(draft.run))
    if not draft.run or not path.is_file():
        return ""
    return download_link(file_url(path), _("Download {file}", file="predictions.csv"))


# --- answering ------------------------------------------------------------------------------------


def bring(services: Services, draft: Draft, path: str | None) -> Generator[str, None, Draft]:
    """Answer every row of an uploaded file, which is kept for the case that it was read wrongly."""
    run, _task = open_run(services, draft)
    if not path:
        return draft
    folder = services.home.sent / f"inputs-{name_of(draft)}"  # what is left there goes in a day
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = Path(shutil.move(path, folder))
    return (yield from answer(services, draft, FileAnswers(run.id, file)))


def read_again(services: Services, draft: Draft, *values: Any) -> Generator[str, None, Draft]:
    """Answer the same file once more, read as the fields say. values: a column for each input, separator, first row."""
    answered, (_run, task) = answers_of(services, draft), open_run(services, draft)
    if answered is None or answered.read is None or not answered.file.is_file():
        raise StudioError(_("The file is no longer here."), _("It is kept for a day."), _("Choose it again."))
    columns, options = values[: -len(CORRECTED)], dict(zip(CORRECTED, values[-len(CORRECTED) :], strict=True))
    read = answered.read
    changed = {name: value for name, value in options.items() if value not in (None, read.options.get(name))}
    chosen: dict[str, Mapping[str, Any]] = {"reading": {**read.options, **changed}}
    if not changed:  # else its columns are others
        named = zip((column.name for column in task.inputs), columns, strict=False)
        chosen["columns"] = {name: column for name, column in named if column}
        if chosen["columns"].items() <= read.taken.items():  # a list also tells of itself when the focus leaves it
            return draft
    return (yield from answer(services, draft, FileAnswers(answered.run, answered.file, chosen)))


def answer(services: Services, draft: Draft, answered: FileAnswers) -> Generator[str, None, Draft]:
    """Answer every row into the file to download; what comes first is shown meanwhile."""
    run, task = open_run(services, draft)
    words = (_("Answering every row"), _("Waiting for another file"))
    services.files[draft.id] = answered
    target = predictions_file(services, draft, run.id)

    with services.room() as room, cancellable(services, draft) as cancelled:
        limits = within(services.limits, room)
        yield progress_html(words[0])
        steps = predict_into(services.predictor, run, answered.file, target, cancelled, limits, answered.chosen)
        with closing(steps), to_be_chosen(services, draft):
            for step in steps:
                services.files[draft.id] = answered = answered.after(step)
                said = words[1] if step.in_line else words[0]
                yield progress_html(said, step.done, step.total) + answers_html(task, answered)
    return services.drafts.load(draft.id)  # a large file takes minutes, and people go on meanwhile


@contextmanager
def to_be_chosen(services: Services, draft: Draft) -> Iterator[None]:
    """Where a column was not found, it can be chosen here: nobody has to change their file."""
    try:
        yield
    except StudioError as error:
        read, words = services.files[draft.id].read, error.explanation
        if read is None or all(read.taken.values()):
            raise
        how = _("Choose the column below. If the columns look wrong, correct the separator or the first row.")
        raise StudioError(words.what, words.why, how) from error


def predictions_file(services: Services, draft: Draft, run_id: str) -> Path:
    """Of this draft alone. Whoever is sent the link learns nothing of the draft's id, with which they could use it."""
    return services.home.downloads / name_of(draft) / f"{run_id}-predictions.csv"


def name_of(draft: Draft) -> str:
    return hashlib.sha256(draft.id.encode()).hexdigest()[:32]
