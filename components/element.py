"""The base of our own components: a `gr.HTML` whose fixed settings always reach its script."""

import inspect
import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from components.words import _, spoken

GRADIO_SETTINGS = frozenset(inspect.signature(gr.HTML.__init__).parameters)
FALL_BACK = """
const fixed = %s;
props = new Proxy(props, {
  get: (live, name) => (live[name] === undefined ? fixed[name] : live[name]),
  set: (live, name, value) => { live[name] = value; return true; },
});
"""


class QuestionError(Exception):
    """A browser asked a component's function in a form in which its script does not."""


def question(sent: Any) -> dict[str, Any]:
    """What a script asks a function of its component: always an object. Raises QuestionError."""
    if not isinstance(sent, dict):
        raise QuestionError(_("This part of the page was asked in a form that it does not know. Load the page again."))
    return sent


class Element(gr.HTML):
    """Extra keyword arguments are settings that the script reads as `props.NAME`.

    Gradio forgets them when a value arrives before the component was first drawn (in a tab that is not open,
    say), so they travel inside the script, and `props` falls back on them. They are said in the reader's language, and
    so is what functions of the component answer.
    """

    def __init__(
        self, *arguments: Any, js_on_load: str, server_functions: Sequence[Callable[..., Any]] = (), **settings: Any
    ) -> None:
        theirs = {name: value for name, value in settings.items() if name in GRADIO_SETTINGS}
        functions = [said_by(function) for function in server_functions]
        super().__init__(*arguments, js_on_load=js_on_load, server_functions=functions, **theirs)
        self._fixed = {name: value for name, value in settings.items() if name not in GRADIO_SETTINGS}

    def get_config(self, cls: type[Block] | None = None) -> dict[str, Any]:
        """Without our settings, which are in the script: Gradio takes each of their names for an event, and copies
        the whole component for it whenever a page is opened."""
        config = Component.get_config(self, gr.HTML)
        script = FALL_BACK % json.dumps(spoken(self._fixed)) + str(self.js_on_load)
        return {**config, "component_class_name": self.component_class_name, "js_on_load": script}


def said_by(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its answer in the reader's language."""

    @wraps(function)
    def saying(sent: Any) -> Any:
        return spoken(function(sent))

    return saying
