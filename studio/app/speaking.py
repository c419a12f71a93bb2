"""The page in each reader's language: what Gradio serves is built once in English, and said where it leaves.

Three things leave: the page's configuration, the answers to events, and the HTML around them. What a component's own
function answers is said by the component (`components.element`).
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components.scripts import words_of_scripts
from components.words import language, speak, spoken
from studio.app.access.person import asked_by, person_of, speaker_of
from studio.app.access.requests import path_below
from studio.language import ENGLISH, catalog_of

# what of these is shown are the labels of their choices, whose values are names of the program
CHOOSING = (gr.Dropdown, gr.Radio, gr.CheckboxGroup)
HEAD = """<script>
window.studioWords = %s;
// Gradio has words of its own, in the language of the browser
Object.defineProperty(navigator, "language", { get: () => %s });
</script>"""


class SpeakingBlocks(gr.Blocks):
    """Blocks whose configuration and answers are in the language of the person who asks."""

    _said: dict[str, Any]

    @property
    def config(self) -> Any:
        """Gradio reads it for each request, and changes only copies of it."""
        code = language()
        if code not in self._said:
            self._said[code] = said_config(self.get_config_file())
        return self._said[code]

    @config.setter
    def config(self, config: Any) -> None:
        """Gradio has changed something: what was said before is made again when it is asked for."""
        with speak(speaker_of(ENGLISH)):
            self._said = {ENGLISH: said_config(config)}

    async def process_api(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        """Answer an event. Gradio's queue does so elsewhere than where the request came in."""
        with asked_by(person_of(more.get("request"))):
            return await super().process_api(*arguments, **more)

    async def postprocess_data(self, block_fn: BlockFunction, predictions: Any, state: Any) -> list[Any]:
        outputs = block_fn.outputs
        if len(outputs) == 1:
            return await super().postprocess_data(block_fn, said_update(outputs[0], predictions), state)
        if isinstance(predictions, (list, tuple)):
            predictions = [said_update(*pair) for pair in zip(outputs, predictions, strict=True)]
        return await super().postprocess_data(block_fn, predictions, state)


def said_update(widget: Any, update: Any) -> Any:
    """A new value of a widget, or an update of several of its properties."""
    if not isinstance(widget, CHOOSING):
        return spoken(update)
    return said_properties(update) if isinstance(update, dict) else update


def said_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Those of a widget to choose with: its value stays, and those of its choices."""
    said = {name: value if name == "value" else spoken(value) for name, value in properties.items()}
    if choices := properties.get("choices"):
        pairs = [choice if isinstance(choice, (list, tuple)) else (choice, choice) for choice in choices]
        said["choices"] = [(spoken(label), value) for label, value in pairs]
    return said


def said_config(config: Mapping[str, Any]) -> dict[str, Any]:
    choosing = {widget.__name__.lower() for widget in CHOOSING}

    def said(component: dict[str, Any]) -> dict[str, Any]:
        props = component["props"]
        return {**component, "props": said_properties(props) if component["type"] in choosing else spoken(props)}

    return {
        name: [said(component) for component in value] if name == "components" else spoken(value)
        for name, value in config.items()
    }


# --- the HTML around it -----------------------------------------------------------------------------


@cache
def head_in(code: str) -> bytes:
    """What the page begins with: its language, for screen readers and our scripts, and the words of these."""
    catalog = catalog_of(code)
    words = {one: forms for one in words_of_scripts() if (forms := catalog.find(one)) is not None}
    told = [json.dumps(each).replace("<", "\\u003c") for each in (words, code)]
    return (HEAD % tuple(told)).encode()


class InLanguage:
    """Gradio's HTML, which says that it is English, in the reader's language."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and path_below(scope) in ("", "/")
        if not is_page:
            await self.app(scope, receive, send)
            return
        began: Message = {}

        async def rewritten(message: Message) -> None:
            """The page comes in one piece; whatever else comes goes on as it is."""
            nonlocal began
            if message["type"] == "http.response.start":
                began = message
                return
            if began:
                headers = MutableHeaders(raw=began["headers"])
                if "text/html" in headers.get("content-type", "") and not message.get("more_body"):
                    message = {**message, "body": in_language(message.get("body", b""), language())}
                    headers["content-length"] = str(len(message["body"]))
                await send(began)
                began = {}
            await send(message)

        await self.app(scope, receive, rewritten)


def in_language(page: bytes, code: str) -> bytes:
    return page.replace(b'lang="en"', f'lang="{code}"'.encode(), 1).replace(b"<head>", b"<head>" + head_in(code), 1)
