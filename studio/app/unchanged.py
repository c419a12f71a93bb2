"""Widgets that an answer leaves as they are: Gradio would build each of them anew, hundreds where a page is opened."""

from copy import copy
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState


class SparingBlocks(gr.Blocks):
    """Blocks in which gr.skip() costs nothing."""

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: list[Any] | dict[Any, Any], state: SessionState | None
    ) -> list[Any]:
        outputs = block_fn.outputs
        if len(outputs) == 1 or not isinstance(predictions, (list, tuple)) or len(predictions) != len(outputs):
            return await super().postprocess_data(block_fn, predictions, state)
        changed = [place for place, value in enumerate(predictions) if not is_skip(value) or outputs[place].stateful]
        answers: list[Any] = [gr.skip() for _output in outputs]
        if changed:
            some = copy(block_fn)
            some.outputs = [outputs[place] for place in changed]
            values = [predictions[place] for place in changed]
            given: Any = values if len(values) > 1 else values[0]
            for place, answer in zip(changed, await super().postprocess_data(some, given, state), strict=True):
                answers[place] = answer
        return answers


def is_skip(value: Any) -> bool:
    return isinstance(value, dict) and value == gr.skip()
