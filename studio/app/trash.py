"""Deleted things of one kind, each restored by a press; nothing is shown where there are none."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import gradio as gr

from studio.app.drafts import Draft
from studio.app.pages import Section, Wire
from studio.app.runs import MOST_OFFERED
from studio.language import _


def trash(
    name: str,
    label: str,
    deleted: Callable[[], Iterable[tuple[str, str]]],
    bring_back: Callable[[Draft, str], Draft],
    opens: bool = False,
) -> Section:
    """deleted: (title, key) of each, the last one first. name: what its widgets are known by. opens: see `Wire`."""
    with gr.Row(visible=False) as shown:
        chosen = gr.Dropdown(label=label, interactive=True, elem_id=f"deleted-{name}", scale=4)
        restore = gr.Button(_("Restore"), elem_id=f"restore-{name}", scale=1, min_width=100)

    def show(draft: Draft) -> list[Any]:
        gone = list(islice(deleted(), MOST_OFFERED))
        return [gr.update(visible=bool(gone)), gr.update(choices=gone, value=gone[0][1] if gone else None)]

    def restored(draft: Draft, key: str | None) -> Draft:
        return bring_back(draft, str(key)) if key else draft

    return Section([shown, chosen], show, [Wire(restore.click, restored, [chosen], opens=opens)])
