"""What an answer leaves as it is costs nothing, and the answer is Gradio's own."""

import asyncio
import statistics
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState
from served import app_with, press, somebody

from studio.app.drafts import Draft
from studio.app.unchanged import SparingBlocks
from studio.paths import Home

MOST_SECONDS = 0.15  # of processor time
PAGES = ("data", "runs", "projects", "share", "model")


def blocks_of(kind: type[gr.Blocks]) -> gr.Blocks:
    with kind() as demo:
        outputs = [gr.Textbox("a"), gr.HTML("b"), gr.State(3), gr.Dropdown(["x", "y"])]
        gr.Button().click(lambda: None, None, outputs)
    return demo


@pytest.mark.parametrize(
    "predictions",
    [
        ["A", gr.skip(), gr.skip(), gr.skip()],
        [gr.skip(), gr.update(visible=False), 4, gr.update(value="y")],
        [gr.skip()] * 4,
        ["A", "B", 5, "x"],
        gr.skip(),
    ],
)
def test_the_answer_is_that_of_gradio(predictions: Any) -> None:
    answers = []
    for kind in (gr.Blocks, SparingBlocks):
        demo = blocks_of(kind)
        (function,) = demo.fns.values()
        state = SessionState(demo)
        answers.append(asyncio.run(demo.postprocess_data(function, deepcopy(predictions), state)))
    theirs, ours = ([without_nothing(answer) for answer in each] for each in answers)
    assert ours == theirs


def without_nothing(answer: Any) -> Any:
    """Gradio sends with each update of HTML, an empty one too, that its properties are an update."""
    return {name: value for name, value in answer.items() if name != "props"} if isinstance(answer, dict) else answer


def test_an_open_page_costs_little(tmp_path: Path) -> None:
    """Five pages, one after another; the first of a server also reads what it keeps."""
    with somebody(app_with(Home(tmp_path / "home"))) as browser:
        draft = Draft(id="a" * 24)
        costs: list[float] = []
        for key in PAGES * 2:
            began = time.process_time()
            answer = press(browser, "stepper", "select", [draft.id], event_data={"key": key})
            costs.append(time.process_time() - began)
            assert '"steps"' in answer
        assert statistics.median(costs[len(PAGES) :]) < MOST_SECONDS
