"""2 Data: add it, see how it was read, map columns, see what will be left out, split."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import BaseModel

from components.cards import Cards
from components.forms import Form, FormValue
from components.notices import heading, notice
from components.progress import Progress
from components.split_slider import SplitSlider
from components.tables import PagedTable
from components.words import drawn
from studio.app import demos, entries, fixes, imports, questions
from studio.app.cells import CELLS
from studio.app.cells.overview import overview_of
from studio.app.drafts import Draft
from studio.app.nested import value_at
from studio.app.pages import Page, Section, Services, Wire, cancel_job, hint, joined, sheltered
from studio.data.assembly import Assembled
from studio.data.columns import SPLITS
from studio.data.fields import FIELDS
from studio.data.formats.encodings import ENCODINGS
from studio.data.formats.excel import sheet_names
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.data.options import DataOptions, ReadingOptions
from studio.data.reading import FORMATS
from studio.data.sources import HUB, SAMPLE, SAMPLES
from studio.data.split_names import COLUMN_NAMES
from studio.data.splitting import SplitOptions
from studio.errors import StudioError
from studio.language import _, plural, sentences
from studio.tasks import TASKS
from studio.tasks.base import Task

UPLOAD_TYPES = [*(extension for form in FORMATS for extension in form.extensions), ".zip"]
DELIMITERS = [(_("Comma ,"), ","), (_("Semicolon ;"), ";"), (_("Tab"), "\t"), (_("Bar |"), "|")]
HEADERS = [(_("Has column names"), True), (_("Is already data"), False)]
# Below a path of the run file, the settings that are drawn as a form.
SPLIT_FORM: dict[str, tuple[type[BaseModel], Sequence[str]]] = {
    "data.split": (SplitOptions, ("stratify", "keep", "seed")),
    "data": (DataOptions, ("limit",)),
}


def build(services: Services) -> Page:
    adding = adding_data(services)
    progress = Progress(elem_id="import-progress")
    cancel = gr.Button(_("Cancel"), elem_id="import-cancel", size="sm", visible=False)
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False, elem_id="data-details") as details:
        summary = gr.HTML(elem_id="data-summary")
        pieces = [
            questions.open_questions(services),
            roles_of_columns(services),
            reading_again(services),
            preview(services),
            at_a_glance(services),
            fixes.problems(services),
            splitting(services),
            remarks(services),
        ]

    def get_ready(draft: Draft) -> list[Any]:
        services.architectures.prefetch(draft)  # the next page counts with it
        services.forks.start()  # by the time that somebody presses Start, its imports are done
        return []

    def show_summary(draft: Draft) -> list[Any]:
        return [about_html(services.datasets.require_imported(draft))]

    ahead = Section([], get_ready, [Wire(cancel.click, partial(cancel_job, services))])
    imported = joined(Section([summary], show_summary, []), *pieces)
    inside = sheltered(trouble, details, imported, lambda draft: services.datasets.imported(draft) is not None)
    outputs, show, wires = joined(adding, ahead, inside)
    needs, way_on = partial(missing, services), ("strategy", _("Continue to strategy"))
    return Page("data", _("Data"), outputs, show, wires, needs, way_on=way_on, progress=progress, cancel=cancel)


def missing(services: Services, draft: Draft) -> str:
    """What the data still needs before a strategy can be chosen."""
    if services.datasets.imported(draft) is None:
        return _("Add some data first.")
    try:
        services.datasets.assembled(draft)
    except StudioError as error:
        return error.explanation.what
    return refusal(draft)


def refusal(draft: Draft) -> str:
    """What has to be corrected in the form of the split before the way goes on; "" if nothing."""
    return entries.first_refusal([field for group in split_form(draft)["groups"] for field in group["fields"]])


# --- adding data --------------------------------------------------------------------------------


def adding_data(services: Services) -> Section:
    """An upload, a sample, or a data set of the Hub; an example has its own data, so nothing else is asked for."""
    head = gr.HTML()
    with gr.Row(elem_classes="split-row") as own:
        with gr.Column(min_width=300):
            upload = gr.File(label=_("Upload a file"), file_types=UPLOAD_TYPES, elem_id="upload", height=170)
        with gr.Column(min_width=300):
            samples = Cards(elem_id="samples")
    with gr.Accordion(_("Or take a data set of the Hugging Face Hub"), open=False) as of_the_hub, gr.Row():
        hub_name = gr.Textbox(label=_("Name of the data set"), placeholder=_("owner/name"), scale=4, interactive=True)
        hub_use = gr.Button(_("Fetch"), scale=1, min_width=100, elem_id="hub-use")

    def show(draft: Draft) -> list[Any]:
        led = demos.words(draft)
        invitation = invitation_to(TASKS[draft.task]) if draft.task else ""
        invited = sentences(invitation, services.allowance)
        title = heading(_("The data of this example")) if led else heading(_("Add your data"), invited)
        named = gr.skip() if is_upload(draft) else gr.update(value=None)  # another's file name would mislead
        return [title, gr.update(visible=not led), gr.update(visible=not led), named, sample_cards(draft)]

    wires = [
        Wire(upload.upload, partial(imports.import_upload, services), [upload]),
        Wire(samples.select, partial(imports.import_sample, services), event=True),
        Wire(hub_use.click, partial(imports.import_hub, services), [hub_name]),
    ]
    return Section([head, own, of_the_hub, upload, samples], show, wires)


def is_upload(draft: Draft) -> bool:
    return bool(draft.source) and not str(draft.source).startswith((SAMPLE, HUB))


def sample_cards(draft: Draft) -> dict[str, Any]:
    fitting = [sample for sample in SAMPLES if sample.task == draft.task]
    chosen = (draft.source or "").removeprefix("sample/")
    return {
        "label": _("Or try a sample"),
        "selected": chosen if chosen in {sample.name for sample in fitting} else None,
        "cards": [
            {"key": sample.name, "title": sample.title, "text": sample.sentence, "icon": "lightning"}
            for sample in fitting
        ],
    }


def invitation_to(task: Task) -> str:
    """What data for this task looks like, for the person who adds it."""
    given = task.inputs[0].kind
    found = (CELLS[column.kind].invitations.get(given, "") for column in task.targets)
    return next(filter(None, found), CELLS[given].invitations.get("", ""))


def about_html(imported: Imported) -> str:
    if imported.kind == "image":
        read = plural("{n:,} image was read.", "{n:,} images were read.", imported.rows)
    else:
        read = plural("{n:,} row was read.", "{n:,} rows were read.", imported.rows)
    return notice("good", imported.title, read)


# --- how it was read ----------------------------------------------------------------------------


def roles_of_columns(services: Services) -> Section:
    """Which column is what the task asks for."""
    with gr.Row():
        slots = max(len(task.columns) for task in TASKS)
        columns = [gr.Dropdown(interactive=True, elem_id=f"column-{n}") for n in range(slots)]

    def show(draft: Draft) -> list[Any]:
        imported = services.datasets.require_imported(draft)
        names = services.datasets.columns(draft)
        shown: list[Any] = [gr.update(visible=False)] * slots
        roles = TASKS[draft.task].columns if draft.task else ()
        usable = [name for name in imported.columns if name != "image" and name.lower() not in COLUMN_NAMES]
        guessed = guess_columns(imported, roles)
        for index, role in enumerate(roles):
            to_choose = imported.kind == "text" or (role.kind != "image" and len(usable) > 1)
            missed = role.name not in guessed and not FIELDS[role.kind].absent
            shown[index] = gr.update(
                visible=to_choose if role.name in guessed else missed,
                label=role.title,
                info=role.help,
                choices=list(imported.columns),
                value=names.get(role.name),
            )
        return shown

    return Section(columns, show, [Wire(each.input, partial(map_columns, n), [each]) for n, each in enumerate(columns)])


def reading_again(services: Services) -> Section:
    """Separator, encoding, sheet and first row as they were found, to be corrected."""
    with gr.Accordion(_("How the file was read"), open=False) as box:
        gr.HTML(drawn(hint, _("If the rows below look wrong, correct it here; the file is then read again.")))
        with gr.Row():
            delimiter = gr.Dropdown(DELIMITERS, label=_("Separator"), interactive=True, allow_custom_value=True)
            encoding = gr.Dropdown(
                [(title, name) for name, title in ENCODINGS.items()],
                label=_("Encoding"),
                interactive=True,
                allow_custom_value=True,
            )
            sheet = gr.Dropdown(label=_("Sheet"), interactive=True)
            header = gr.Dropdown(HEADERS, label=_("First row"), interactive=True)
    fields = [delimiter, encoding, sheet, header]

    def show(draft: Draft) -> list[Any]:
        imported = services.datasets.require_imported(draft)
        reading = imported.reading
        return [
            gr.update(visible=imported.kind == "text" and reading != ReadingOptions()),
            *[gr.update(value=value, visible=value is not None) for value in (reading.delimiter, reading.encoding)],
            gr.update(choices=sheets(draft, reading), value=reading.sheet, visible=reading.sheet is not None),
            gr.update(value=reading.header, visible=reading.header is not None),
        ]

    names = ("delimiter", "encoding", "sheet", "header")
    wires = [
        Wire(field.input, partial(imports.read_with, services, name), [field])
        for name, field in zip(names, fields, strict=True)
    ]
    return Section([box, *fields], show, wires)


def sheets(draft: Draft, reading: ReadingOptions) -> list[str]:
    """The sheets of an Excel file to choose from; the one in use alone once the upload is gone."""
    if reading.sheet is None:
        return []
    source = Path(draft.source or "")
    return sheet_names(source) if source.is_file() else [reading.sheet]


def preview(services: Services) -> Section:
    """The rows as they were read."""
    table = PagedTable(
        page=lambda query: services.datasets.preview(query), rows_per_page=12, caption=_("Rows"), elem_id="preview"
    )

    def show(draft: Draft) -> list[Any]:
        # columns of another role are drawn differently
        return [{"draft": draft.id, "dataset": draft.dataset, "columns": services.datasets.columns(draft)}]

    return Section([table], show, [])


# --- what the choices make of the rows ----------------------------------------------------------


def at_a_glance(services: Services) -> Section:
    """What the rows hold, such as how many examples each class has; or why they cannot be used."""
    title = gr.HTML()
    counts = gr.HTML(elem_id="class-counts")

    def show(draft: Draft) -> list[Any]:
        try:
            assembled = services.datasets.assembled(draft)
        except StudioError as error:
            problem = error.explanation
            return ["", notice("bad", problem.what, problem.why, problem.what_to_do)]
        overview = overview_of(TASKS[str(draft.task)], assembled)
        return [heading(overview.title, overview.sentence), overview.html]

    return Section([title, counts], show, [])


def splitting(services: Services) -> Section:
    parts = _("The model learns from the first, is checked on the second, and scored once on the third.")
    gr.HTML(drawn(heading, _("Split"), parts))
    split = SplitSlider(elem_id="split")
    with gr.Accordion(_("More about the split"), open=False, elem_id="split-settings"):
        form = Form(elem_id="split-form")

    def show(draft: Draft) -> list[Any]:
        return [split_value(draft, services.datasets.usable(draft)), split_form(draft)]

    wires = [Wire(split.release, move_split, event=True), Wire(form.input, enter_split, event=True)]
    return Section([split, form], show, wires)


def split_form(draft: Draft) -> FormValue:
    settings = {"data": draft.data.model_dump()}
    return {
        "groups": [
            {
                "key": path,
                "prefix": path.rsplit(".", 1)[-1],
                "fields": entries.filled_fields(draft, path, model, names, value_at(settings, path)),
            }
            for path, (model, names) in SPLIT_FORM.items()
        ]
    }


def split_value(draft: Draft, assembled: Assembled | None) -> dict[str, Any]:
    """The slider: the chosen shares, or what came with the data, which it then cannot change."""
    rows = assembled.rows if assembled else None
    if assembled and rows and assembled.kept:
        total = sum(rows.values())
        locked = _("The splits came with the data. Switch that off under 'More about the split' to choose your own.")
        return {**{split: rows[split] / total for split in SPLITS}, "rows": rows, "locked": locked}
    split = draft.data.split.model_dump(include=set(SPLITS))
    return {**split, "rows": rows, "locked": ""}


def remarks(services: Services) -> Section:
    notes = gr.HTML()

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        return ["".join(notice("info", note) for note in assembled.notes) if assembled else ""]

    return Section([notes], show, [])


# --- changing the draft ---------------------------------------------------------------------------


def map_columns(index: int, draft: Draft, column: str | None) -> Draft:
    roles = TASKS[draft.task].columns if draft.task else ()
    if index >= len(roles):
        return draft
    path = f"data.columns.{roles[index].name}"
    return draft.configure({path: column}) if column else draft.without(path)


def move_split(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.configure({f"data.split.{split}": event[split] for split in SPLITS})


def enter_split(draft: Draft, event: dict[str, Any]) -> Draft:
    """What a field of `split_form` now holds."""
    path, name = str(event["group"]), str(event["name"])
    model, names = SPLIT_FORM.get(path, (SplitOptions, ()))
    if name not in names:
        return draft
    return entries.enter(
        draft, path, model, name, event["value"], lambda draft, value: draft.configure({f"{path}.{name}": value})
    )
