"""Values that a widget of ours never sends: refused in a sentence, and no mistake of the studio."""

from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.processing_utils import check_all_files_in_cache
from gradio.state_holder import SessionState

from components.words import spoken
from studio.language import _
from studio.room import FULL

FORGED = _("What was sent here cannot be used. Choose again, or load the page again.")


class ForgedError(gr.Error):
    def __init__(self) -> None:
        super().__init__(spoken(FORGED), print_exception=False)


class CheckedBlocks(gr.Blocks):
    """Gradio tells of such a value in its own words, and logs it with a traceback."""

    async def process_api(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        event: Any = more.get("event_data")
        try:
            if event is not None:
                check_all_files_in_cache(event._data)
        except Exception as error:
            raise ForgedError from error
        return await super().process_api(*arguments, **more)

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], state: SessionState | None, explicit_call: bool = False
    ) -> list[Any]:
        try:
            values = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except Exception as error:
            cause = error.__cause__ or error
            if isinstance(cause, OSError) and cause.errno in FULL:
                raise
            raise ForgedError from error
        if any(is_forged(block, value) for block, value in zip(block_fn.inputs, values, strict=True)):
            raise ForgedError
        return values


def is_forged(widget: Any, value: Any) -> bool:
    """What Gradio lets pass: a list for a dropdown that takes one choice, and the other way round."""
    return isinstance(widget, gr.Dropdown) and value is not None and isinstance(value, list) != bool(widget.multiselect)
