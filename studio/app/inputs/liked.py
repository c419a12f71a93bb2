"""What somebody likes: picked from all that can be recommended, in a list that is searched by typing."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import Input
from studio.data.fields import FIELDS
from studio.language import _
from studio.models.settings_files import read_settings
from studio.store import Run
from studio.tasks.liking import CATALOGUE

MOST_OFFERED = 2000  # the most liked first; others are typed


class LikedInput(Input):
    name = "liked"
    label = _("What do you like?")
    what_to_do = _("Pick one or a few things, or type one.")
    many = _("A table like the one that was learned from (CSV, Excel, ...): there is an answer for each person")

    def widget(self, elem_id: str) -> Block:
        return gr.Dropdown(
            label=self.label,
            multiselect=True,
            allow_custom_value=True,
            filterable=True,
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.input,)

    def cell(self, value: Any) -> str:
        if isinstance(value, str):
            return FIELDS[self.name].typed(value)
        return json.dumps([str(each) for each in value], ensure_ascii=False) if value else ""

    def shown(self, cell: str) -> Any:
        return FIELDS[self.name].parse(cell, None)

    def offered(self, run: Run | None) -> dict[str, Any]:
        likes = (read_settings(run.model / "config.json") or {}).get(CATALOGUE) if run else None
        known = {text: likes[text] for text in likes if isinstance(likes[text], int)} if isinstance(likes, dict) else {}
        return {"choices": sorted(known, key=lambda text: -known[text])[:MOST_OFFERED]}
