"""How the rows are divided into train, validation and test: a section of the Data page, folded under its sum."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from pydantic import BaseModel

from components.forms import Form, FormValue
from components.split_slider import SplitSlider
from components.words import drawn
from studio.app import entries
from studio.app.drafts import Draft
from studio.app.nested import value_at
from studio.app.pages import Section, Services, Wire, hint
from studio.data.assembly import Assembled
from studio.data.columns import SPLITS
from studio.data.options import DataOptions
from studio.data.splitting import SplitOptions
from studio.language import _
from studio.tasks import TASKS

# Below a path of the run file, the settings that are drawn as a form.
SPLIT_FORM: dict[str, tuple[type[BaseModel], Sequence[str]]] = {
    "data.split": (SplitOptions, ("stratify", "keep", "group", "seed")),
    "data": (DataOptions, ("limit",)),
}


def splitting(services: Services) -> Section:
    with gr.Accordion(_("Split"), open=False, elem_id="split-settings") as box:
        parts = _("The model learns from the first, is checked on the second, and scored once on the third.")
        gr.HTML(drawn(hint, parts))
        split = SplitSlider(elem_id="split")
        form = Form(elem_id="split-form")

    def show(draft: Draft) -> list[Any]:
        assembled, imported = services.datasets.usable(draft), services.datasets.imported(draft)
        names = [name for name in imported.columns if name != imported.stored] if imported else []
        return [gr.update(label=told(draft, assembled)), split_value(draft, assembled), split_form(draft, names)]

    wires = [Wire(split.release, move_split, event=True), Wire(form.input, enter_split, event=True)]
    return Section([box, split, form], show, wires)


def refusal(draft: Draft) -> str:
    """What has to be corrected in the form before the way goes on; "" if nothing."""
    return entries.first_refusal([field for group in split_form(draft)["groups"] for field in group["fields"]])


def told(draft: Draft, assembled: Assembled | None) -> str:
    """The line that sums up the split."""
    value = split_value(draft, assembled)
    shares = {split: float(value[split]) for split in SPLITS}
    if assembled and assembled.together:
        rows = assembled.rows
        real = {split: count / max(1, sum(rows.values())) for split, count in rows.items()}
        if column := draft.data.split.group:
            told = _("Split: {train:.0%} train, {validation:.0%} validation, {test:.0%} test, by {column}")
            return _(told, column=column, **real)
        return _("Split: {train:.0%} train, {validation:.0%} validation, {test:.0%} test, person by person", **real)
    if value["locked"]:
        return _("Split: {train:.0%} train, {validation:.0%} validation, {test:.0%} test, as the data came", **shares)
    if assembled and assembled.label and draft.data.split.stratify:
        return _(
            "Split: {train:.0%} train, {validation:.0%} validation, {test:.0%} test, same mix of classes", **shares
        )
    return _("Split: {train:.0%} train, {validation:.0%} validation, {test:.0%} test", **shares)


def split_form(draft: Draft, columns: Sequence[str] = ()) -> FormValue:
    """columns: of the file, one of which may keep rows together."""
    settings = {"data": draft.data.model_dump()}
    chosen = draft.data.split.group
    known = {"group": [(name, name) for name in (*columns, *([chosen] if chosen and chosen not in columns else []))]}
    return {
        "groups": [
            {
                "key": path,
                "prefix": path.rsplit(".", 1)[-1],
                "fields": entries.filled_fields(draft, path, model, names, value_at(settings, path), known),
            }
            for path, (model, names) in SPLIT_FORM.items()
        ]
    }


def split_value(draft: Draft, assembled: Assembled | None) -> dict[str, Any]:
    """The slider: the chosen shares, or what came with the data, which it then cannot change."""
    rows = assembled.rows if assembled else None
    task = TASKS[draft.task] if draft.task else None
    counted = {split: task.counted(count) for split, count in rows.items()} if rows and task else {}
    if assembled and rows and assembled.kept:
        total = sum(rows.values())
        locked = _("The splits came with the data. Switch that off below to choose your own.")
        return {**{split: rows[split] / total for split in SPLITS}, "rows": rows, "counted": counted, "locked": locked}
    split = draft.data.split.model_dump(include=set(SPLITS))
    return {**split, "rows": rows, "counted": counted, "locked": ""}


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
