"""The base of our own components: a `gr.HTML` whose fixed settings always reach its script."""

import inspect
import json
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

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
        raise QuestionError("This part of the page was asked in a form that it does not know. Load the page again.")
    return sent


class Element(gr.HTML):
    """Extra keyword arguments are settings that the script reads as `props.NAME`.

    Gradio forgets them when a value arrives before the component was first drawn (in a tab that is not open,
    say), so they travel inside the script, and `props` falls back on them.
    """

    def __init__(self, *arguments: Any, js_on_load: str, **settings: Any) -> None:
        ours = {name: value for name, value in settings.items() if name not in GRADIO_SETTINGS}
        theirs = {name: value for name, value in settings.items() if name in GRADIO_SETTINGS}
        super().__init__(*arguments, js_on_load=FALL_BACK % json.dumps(ours) + js_on_load, **theirs)

    def get_config(self, cls: type[Block] | None = None) -> dict[str, Any]:
        """Without our settings, which are in the script: Gradio takes each of their names for an event, and copies
        the whole component for it whenever a page is opened."""
        config = Component.get_config(self, gr.HTML)
        return {**config, "component_class_name": self.component_class_name}
