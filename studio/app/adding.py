"""The ways to bring data: a section of the Data page. Once there is some, they are folded."""

from functools import partial
from typing import Any

import gradio as gr

from components.cards import Cards
from components.class_images import ClassImages
from components.drop_zone import DropZone
from components.notices import heading
from components.typed_rows import TypedRows
from studio.app import demos, imports
from studio.app.cells import CELLS
from studio.app.drafts import Draft
from studio.app.own_images import images_of
from studio.app.pages import Section, Services, Wire
from studio.app.right_file import right_file_html
from studio.data.fields import FIELDS
from studio.data.media import MEDIA
from studio.data.reading import FORMATS
from studio.data.sources import SAMPLES
from studio.errors import StudioError
from studio.language import _, sentences
from studio.tasks import TASKS
from studio.tasks.base import Task

TABLES = [*(extension for form in FORMATS for extension in form.extensions), ".zip"]
OTHER, MORE = _("Use other data"), _("Add images, or use other data")
DROP = {
    "image": _("Drop a file, several images or a folder here"),
    "audio": _("Drop a file, several recordings or a folder here"),
}
IMAGES = ("image", "label")  # the kinds of columns of a task whose data can be collected class by class


def adding_data(services: Services) -> Section:
    """A file, a sample, images or rows made here, or a data set of the Hub; an example has its own data, so nothing
    is asked for."""
    head = gr.HTML()
    with gr.Accordion(OTHER, open=True, elem_id="adding") as box:
        with gr.Row(elem_classes="split-row"):
            with gr.Column(min_width=300):
                upload = DropZone(elem_id="upload")
                right = gr.HTML(elem_id="right-file")
            with gr.Column(min_width=300):
                samples = Cards(elem_id="samples")
        with gr.Accordion(_("Take or collect images, class by class"), open=False, elem_id="collect") as by_class:
            images = ClassImages(images=partial(images_of, services), elem_id="class-images")
        with gr.Accordion(_("Type rows, or paste them from a spreadsheet"), open=False, elem_id="type") as by_hand:
            rows = TypedRows(elem_id="typed-rows")
        with gr.Accordion(_("Use a data set from the Hugging Face Hub"), open=False), gr.Row():
            hub_name = gr.Textbox(
                label=_("Name of the data set"), placeholder=_("owner/name"), scale=4, interactive=True
            )
            hub_use = gr.Button(_("Fetch"), scale=1, min_width=100, elem_id="hub-use")

    def show(draft: Draft) -> list[Any]:
        task, led = TASKS[draft.task] if draft.task else None, bool(demos.words(draft))
        there = has_data(services, draft)
        kinds = [column.kind for column in task.columns] if task else []
        collected = kinds == list(IMAGES)
        most = services.limits.upload_bytes
        return [
            title(services, task, led, there),
            gr.update(label=MORE if collected else OTHER, open=not there, visible=not led),
            {**drop_value(services, kinds), "pastes": not collected},
            right_file_html(task) if task else "",
            sample_cards(draft),
            gr.update(visible=collected),
            {"draft": draft.id, "dataset": draft.dataset, "most": most} if collected else None,
            gr.update(visible=bool(kinds) and all(FIELDS[kind].is_plain for kind in kinds)),
            {"draft": draft.id, "columns": columns_of(task), "most": most} if task else None,
        ]

    sent = partial(imports.import_sent, services)
    wires = [
        *[Wire(way.upload, sent, event=True) for way in (upload, images, rows)],
        Wire(samples.select, partial(imports.import_sample, services), event=True),
        Wire(hub_use.click, partial(imports.import_hub, services), [hub_name]),
    ]
    return Section([head, box, upload, right, samples, by_class, images, by_hand, rows], show, wires)


def has_data(services: Services, draft: Draft) -> bool:
    """Whether there is data; none where it is damaged, which the page says below."""
    try:
        return services.datasets.imported(draft) is not None
    except StudioError:
        return False


def title(services: Services, task: Task | None, led: bool, there: bool) -> str:
    """led: by a demo, whose card says the rest. there: whether there is data."""
    if led:
        return heading(_("The data of this example"))
    if there:
        return heading(_("Your data"), services.allowance)
    return heading(_("Add your data"), sentences(invitation_to(task) if task else "", services.allowance))


def invitation_to(task: Task) -> str:
    """What data for this task looks like, for the person who adds it."""
    given = task.inputs[0].kind
    found = (CELLS[column.kind].invitations.get(given, "") for column in task.targets)
    return next(filter(None, found), CELLS[given].invitations.get("", ""))


def drop_value(services: Services, kinds: list[str]) -> dict[str, Any]:
    """For `components.drop_zone`."""
    most = services.limits.upload_megabytes
    files = next((MEDIA[kind] for kind in kinds if kind in MEDIA), None)
    kept = (
        _("It stays on this computer.")
        if services.is_on_this_computer
        else _("It is kept on the server; other people who use it do not see it, but whoever runs the server can.")
    )
    return {
        "title": DROP[files.name] if files else _("Drop a file here"),
        "note": sentences(_("Up to {megabytes:,} MB.", megabytes=most), kept),
        "accept": ",".join([*TABLES, *(sorted(files.endings) if files else ())]),
        "folders": files is not None,
        "most": services.limits.upload_bytes,
    }


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


def columns_of(task: Task) -> list[dict[str, Any]]:
    """For `components.typed_rows`: what is asked of a row, and what such a column may be called where it is pasted."""
    return [
        {"key": column.name, "title": column.title, "many": column.kind == "label", "hints": list(column.hints)}
        for column in task.columns
    ]
