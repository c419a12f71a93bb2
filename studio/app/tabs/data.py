"""2 Data: bring it, see how it was read, map columns, see what will be left out, split."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.cards import Cards
from components.changes import Changes
from components.forms import Form
from components.notices import heading, notice
from components.split_slider import SplitSlider
from components.tables import PagedTable
from studio.app import demos, imports, mending
from studio.app.cells import CELLS
from studio.app.cells.overview import overview_of
from studio.app.drafts import Draft
from studio.app.pages import Page, Services, Wire, cancel_job, committed
from studio.data.columns import SPLITS
from studio.data.formats.excel import sheet_names
from studio.data.importing import Imported
from studio.data.options import DataOptions, ReadingOptions
from studio.data.sources import HUB, SAMPLE, SAMPLES
from studio.data.splitting import SplitOptions
from studio.errors import StudioError
from studio.tasks import TASKS
from studio.tasks.base import Task

UPLOAD_TYPES = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".zip"]
DELIMITERS = [("Comma ,", ","), ("Semicolon ;", ";"), ("Tab", "\t"), ("Bar |", "|")]
ENCODINGS = [("UTF-8", "utf-8"), ("UTF-8 with mark", "utf-8-sig"), ("UTF-16", "utf-16"), ("Latin-1", "latin-1")]
HEADERS = [("Holds the names", True), ("Is data already", False)]
SPLIT_SETTINGS = ["stratify", "keep", "seed"]
DECIDES_ROWS = {"columns", "cleaning", "limit", "split", "dataset"}


def build(services: Services) -> Page:
    datasets = services.datasets
    head = gr.HTML()
    with gr.Row(elem_classes="split-row") as bringing:
        with gr.Column(min_width=300):
            upload = gr.File(label="Upload a file", file_types=UPLOAD_TYPES, elem_id="upload", height=170)
        with gr.Column(min_width=300):
            samples = Cards(elem_id="samples")
    with gr.Accordion("Or take a data set of the Hugging Face Hub", open=False) as of_the_hub, gr.Row():
        hub_name = gr.Textbox(label="Name of the data set", placeholder="owner/name", scale=4, interactive=True)
        hub_use = gr.Button("Fetch", scale=1, min_width=100, elem_id="hub-use")
    progress = gr.HTML(elem_id="import-progress")
    cancel = gr.Button("Cancel", elem_id="import-cancel", size="sm", visible=False)
    with gr.Column(visible=False, elem_id="data-details") as details:
        summary = gr.HTML(elem_id="data-summary")
        with gr.Row():
            columns = [
                gr.Dropdown(interactive=True, elem_id=f"column-{n}")
                for n in range(max(len(task.columns) for task in TASKS))
            ]
        with gr.Accordion("How the file was read", open=False) as reading_box:
            gr.HTML("<p class='hint'>If the rows below look wrong, correct it here; the file is then read again.</p>")
            with gr.Row():
                delimiter = gr.Dropdown(DELIMITERS, label="Separator", interactive=True, allow_custom_value=True)
                encoding = gr.Dropdown(ENCODINGS, label="Encoding", interactive=True, allow_custom_value=True)
                sheet = gr.Dropdown(label="Sheet", interactive=True)
                header = gr.Dropdown(HEADERS, label="First row", interactive=True)
        reading = [delimiter, encoding, sheet, header]
        preview = PagedTable(page=datasets.preview, rows_per_page=12, caption="Rows", elem_id="preview")
        counts_title = gr.HTML()
        counts = gr.HTML(elem_id="class-counts")
        dropped_title = gr.HTML(elem_id="dropped-title")
        offered = Changes(
            title="Can be put right:", press="Put it right", press_all="Put all right", sign="plus", elem_id="offered"
        )
        put_right = Changes(
            title="Put right:", press="Leave it as it came", press_all="Leave all as it came", elem_id="put-right"
        )
        dropped = PagedTable(page=datasets.problems, rows_per_page=8, caption="Left out", elem_id="dropped")
        gr.HTML(
            heading("Split", "The model learns from one part, is checked on the second, and examined on the third."),
        )
        split = SplitSlider(elem_id="split")
        with gr.Accordion("More about the split", open=False, elem_id="split-settings"):
            split_form = Form(SplitOptions, SPLIT_SETTINGS, elem_prefix="split")
            limit_form = Form(DataOptions, ["limit"], elem_prefix="data")
        notes = gr.HTML()
        forward = gr.Button("Continue to strategy", variant="primary", elem_id="to-strategy")

    settings = [*split_form.components, *limit_form.components]
    table_widgets = [*columns, reading_box, *reading, preview]
    result_widgets = [
        counts_title,
        counts,
        dropped_title,
        offered,
        put_right,
        dropped,
        split,
        *settings,
        notes,
        forward,
    ]
    outputs = [head, bringing, of_the_hub, upload, samples, details, summary, *table_widgets, *result_widgets]

    def show(draft: Draft) -> list[Any]:
        services.supervisor.warm_up()  # by the time that somebody presses Start, its imports are done
        imported = datasets.imported(draft)
        led = demos.words(draft)  # an example brings its data along, so nothing else is asked for
        invitation = invitation_to(TASKS[draft.task]) if draft.task else ""
        title = heading("The data of this example", led) if led else heading("Bring your data", invitation)
        shown = [gr.update(visible=not led)] * 2
        named = gr.skip() if is_upload(draft) else gr.update(value=None)  # another's file name would mislead
        first = [title, *shown, named, sample_cards(draft), gr.update(visible=imported is not None)]
        if imported is None:
            return [*first, *[gr.skip()] * (len(outputs) - len(first))]
        what = "pictures" if imported.kind == "image" else "rows"
        about = notice("good", imported.title, f"{imported.rows:,} {what} were read.")
        return [
            *first,
            about,
            *show_table(draft, imported, len(columns)),
            *show_result(services, draft, split_form, limit_form),
        ]

    wires = [
        Wire(upload.upload, partial(imports.import_upload, services), [upload]),
        Wire(samples.select, partial(imports.import_sample, services), event=True),
        Wire(hub_use.click, partial(imports.import_hub, services), [hub_name]),
        Wire(cancel.click, partial(cancel_job, services)),
        *[Wire(column.input, partial(map_columns, n), [column]) for n, column in enumerate(columns)],
        *[Wire(widget.input, partial(imports.read_again, services), reading) for widget in reading],
        Wire(offered.select, partial(mending.press, services), event=True),
        Wire(put_right.select, mending.leave, event=True),
        Wire(split.release, move_split, event=True),
        *[
            Wire(listener, partial(change_split, split_form, limit_form), settings)
            for widget in settings
            for listener in committed(widget)
        ],
        Wire(forward.click, partial(require_data, services), go="strategy"),
    ]
    return Page("data", "Data", outputs, show, wires, partial(missing, services), progress=progress, cancel=cancel)


def missing(services: Services, draft: Draft) -> str:
    """What the data still needs before a strategy can be chosen."""
    if services.datasets.imported(draft) is None:
        return "Bring some data first."
    try:
        services.datasets.assembled(draft)
    except StudioError as error:
        return error.explanation.what
    return ""


# --- drawing ------------------------------------------------------------------------------------


def is_upload(draft: Draft) -> bool:
    return bool(draft.source) and not str(draft.source).startswith((SAMPLE, HUB))


def sample_cards(draft: Draft) -> dict[str, Any]:
    fitting = [sample for sample in SAMPLES if sample.task == draft.task]
    chosen = (draft.source or "").removeprefix("sample/")
    return {
        "label": "Or try a sample",
        "selected": chosen if chosen in {sample.name for sample in fitting} else None,
        "cards": [
            {"key": sample.name, "title": sample.title, "text": sample.sentence, "icon": "lightning"}
            for sample in fitting
        ],
    }


def show_table(draft: Draft, imported: Imported, places: int) -> list[Any]:
    """How the file was read, and its first rows: updates for the table's widgets. places: for columns to be mapped."""
    roles = TASKS[draft.task].columns if draft.task else ()
    slots: list[Any] = [gr.update(visible=False)] * places
    for index, role in enumerate(roles):
        slots[index] = gr.update(
            visible=imported.kind == "text",
            label=role.title,
            info=role.help,
            choices=list(imported.columns),
            value=draft.columns.get(role.name),
        )
    reading = imported.reading
    return [
        *slots,
        gr.update(visible=imported.kind == "text" and reading != ReadingOptions()),
        *[gr.update(value=value, visible=value is not None) for value in (reading.delimiter, reading.encoding)],
        gr.update(choices=sheets(draft, reading), value=reading.sheet, visible=reading.sheet is not None),
        gr.update(value=reading.header, visible=reading.header is not None),
        {"draft": draft.id, "dataset": draft.dataset},
    ]


def sheets(draft: Draft, reading: ReadingOptions) -> list[str]:
    """The sheets of an Excel file to choose from; the one in use alone once the upload is gone."""
    if reading.sheet is None:
        return []
    source = Path(draft.source or "")
    return sheet_names(source) if source.is_file() else [reading.sheet]


def show_result(services: Services, draft: Draft, split_form: Form, limit_form: Form) -> list[Any]:
    """What the choices make of the rows: updates for the result's widgets."""
    settings = [*split_form.updates(draft.split.model_dump()), *limit_form.updates({"limit": draft.limit})]
    try:
        assembled = services.datasets.assembled(draft)
    except StudioError as error:
        problem = error.explanation
        shown = notice("bad", problem.what, problem.why, problem.what_to_do)
        nothing = [None, mending.done(draft), gr.skip(), split_value(draft, None, ())]
        return ["", shown, "", *nothing, *settings, "", gr.update(interactive=False)]
    rows, overview = assembled.rows, overview_of(TASKS[str(draft.task)], assembled)
    worth_knowing = [problem for problem in assembled.problems if not problem.drops]
    return [
        heading(overview.title, overview.sentence),
        overview.html,
        dropped_heading(assembled.dropped, len(worth_knowing)),
        mending.shown(mending.offers(draft, assembled)),
        mending.done(draft),
        gr.update(value=query_of(draft), visible=bool(assembled.problems)),
        split_value(draft, rows, assembled.kept),
        *settings,
        "".join(notice("info", note) for note in assembled.notes),
        gr.update(interactive=True),
    ]


def invitation_to(task: Task) -> str:
    """How data for this task is brought."""
    given = task.inputs[0].kind
    found = (CELLS[column.kind].invitations.get(given, "") for column in task.targets)
    return next(filter(None, found), CELLS[given].invitations.get("", ""))


def query_of(draft: Draft) -> dict[str, Any]:
    """What the tables ask their pages with; another choice is another query."""
    return {
        "draft": draft.id,
        "choices": draft.model_dump_json(include={"columns", "cleaning", "limit", "split", "dataset"}),
    }


def split_value(draft: Draft, rows: dict[str, int] | None, kept: tuple[str, ...]) -> dict[str, Any]:
    """The slider: the chosen shares, or what came with the data, which it then cannot change."""
    if rows and kept:
        total = sum(rows.values())
        locked = "The parts came with the data. Switch that off under 'More about the split' to choose your own."
        return {**{part: rows[part] / total for part in SPLITS}, "rows": rows, "locked": locked}
    return {**{part: getattr(draft.split, part) for part in SPLITS}, "rows": rows, "locked": ""}


def dropped_heading(dropped: int, worth_knowing: int) -> str:
    if not dropped and not worth_knowing:
        return notice("good", "Every row can be used.")
    if not dropped:
        return heading("Worth knowing", f"Every row can be used; {worth_knowing:,} are kept with a remark.")
    remarks = f" {worth_knowing:,} are kept with a remark." if worth_knowing else ""
    return heading("What is left out", f"{dropped:,} rows are left out, each for the reason given.{remarks}")


# --- changing the draft ---------------------------------------------------------------------------


def map_columns(index: int, draft: Draft, column: str | None) -> Draft:
    roles = TASKS[draft.task].columns if draft.task else ()
    if index >= len(roles):
        return draft
    others = {role: name for role, name in draft.columns.items() if role != roles[index].name}
    return draft.change(columns={**others, roles[index].name: column} if column else others)


def move_split(draft: Draft, event: dict[str, Any]) -> Draft:
    parts = {part: float(event[part]) for part in SPLITS}
    return draft.change(split=SplitOptions.read({**draft.split.model_dump(), **parts}, "split"))


def change_split(split_form: Form, limit_form: Form, draft: Draft, *raw: Any) -> Draft:
    count = len(split_form.names)
    try:
        changed, limit = split_form.values(*raw[:count]), limit_form.values(*raw[count:])
    except ValueError as error:
        raise StudioError("A setting cannot be read.", str(error), "Correct it.") from error
    options = DataOptions.read({"source": "-", **limit, "split": {**draft.split.model_dump(), **changed}}, "split")
    return draft.change(split=options.split, limit=options.limit)


def require_data(services: Services, draft: Draft) -> Draft:
    if reason := missing(services, draft):
        raise StudioError("The data is not ready.", reason, "Correct it on this page.")
    return draft
