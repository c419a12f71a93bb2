"""Settings that can be said anew with each question, such as how long an answer may get: a field each.

Gradio builds a page once, so there is a field for every such setting of some task; those of the chosen run are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from pydantic.fields import FieldInfo

from studio.config import RunConfig
from studio.language import _
from studio.options import asked_settings
from studio.tasks import TASKS

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Control:
    name: str
    widget: gr.Number | gr.Textbox
    file: gr.UploadButton | None = None  # brings the lines of a text


def build_controls() -> list[Control]:
    """Hidden, where they are called for in the layout."""
    known: dict[str, FieldInfo] = {}
    for task in TASKS:
        known = asked_settings(task.Options) | known
    with gr.Row():
        return [_control(name, field) for name, field in known.items()]


def _control(name: str, field: FieldInfo) -> Control:
    extra = field.json_schema_extra
    if not (isinstance(extra, dict) and extra.get("lines")):
        return Control(name, _field(name, field))
    with gr.Column():
        widget = _field(name, field)
        file = gr.UploadButton(_("Take them from a file"), size="sm", visible=False, elem_id=f"ask-{name}-file")
    return Control(name, widget, file)


def _field(name: str, field: FieldInfo) -> gr.Number | gr.Textbox:
    if field.annotation is str:
        return gr.Textbox(label=field.title, lines=3, interactive=True, visible=False, elem_id=f"ask-{name}")
    bounds: dict[str, Any] = {}
    for each in field.metadata:
        bounds |= {
            key: getattr(each, short) for key, short in (("minimum", "ge"), ("maximum", "le")) if hasattr(each, short)
        }
    precision, step = (0, 1) if field.annotation is int else (2, 0.1)
    return gr.Number(
        label=field.title,
        precision=precision,
        step=step,
        interactive=True,
        visible=False,
        elem_id=f"ask-{name}",
        min_width=120,
        **bounds,
    )


def shown_controls(
    controls: Sequence[Control], config: RunConfig | None, is_new: bool, brought: Mapping[str, str] = NOTHING
) -> list[dict[str, Any]]:
    """Updates of the fields. is_new: of a run that was not shown before, whose own settings they then hold. brought:
    what a file has just brought, by setting."""
    known = asked_settings(config.chosen_task.Options) if config else {}
    updates = []
    for control in controls:
        if config is None or control.name not in known:
            updates.append(gr.update(visible=False))
            continue
        value = {"value": getattr(config.task_options, control.name)} if is_new else {}
        value |= {"value": brought[control.name]} if control.name in brought else {}
        updates.append(gr.update(visible=True, label=_(known[control.name].title or control.name), **value))
    return updates


def shown_files(controls: Sequence[Control], config: RunConfig | None) -> list[dict[str, Any]]:
    """Updates of the buttons that bring files."""
    known = asked_settings(config.chosen_task.Options) if config else {}
    return [gr.update(visible=control.name in known) for control in controls if control.file]


def given_controls(controls: Sequence[Control], config: RunConfig, values: Sequence[Any]) -> Mapping[str, Any]:
    """What the fields of this run's task hold; an empty one says nothing."""
    known = asked_settings(config.chosen_task.Options)
    held = zip((control.name for control in controls), values, strict=True)
    return {name: value for name, value in held if name in known and value is not None}
