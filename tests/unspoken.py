"""Which words of a page are not said in the reader's language yet: a language in which every sentence stands between
«guillemets» shows it.

    with pseudo_language():
        print("\n".join(unspoken(client.get("/config", headers={"accept-language": "de"}).json())))
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import pytest

from studio import language
from studio.app import speaking
from studio.language import Catalog

SHOWN_ATTRIBUTES = ("aria-label", "title", "alt", "placeholder")
SHOWN_PROPERTIES = ("label", "info", "placeholder", "choices", "value", "caption", "nothing")  # of Gradio's widgets
NAMES = {
    "__type__",
    "brand",
    "chosen",
    "key",
    "name",
    "icon",
    "kind",
    "state",
    "tone",
    "prefix",
    "selected",
    "action",
    "method",
    "names",
    "drawings",
}
WORD = re.compile(r"[^\W\d_]{2,}")
MARKUP = re.compile(r"<[a-z/][^>]*>")
PSEUDO = Catalog(lambda one: [f"«{one}»"], lambda n: 0)


@contextmanager
def pseudo_language() -> Iterator[None]:
    """Inside, every language but English is that one."""
    english = language.catalog_of("en")
    with pytest.MonkeyPatch.context() as patch:
        for module in (language, speaking):
            patch.setattr(module, "catalog_of", lambda code: english if code == "en" else PSEUDO)
        yield


def unspoken(page: Any) -> list[str]:
    """Of a served configuration, or an answer to an event: the words outside of «sentences», each once."""
    return list(dict.fromkeys(text for shown in shown_in(page) if WORD.search(text := outside(shown).strip())))


def shown_in(part: Any) -> Iterator[str]:
    """What people read, as far as that can be told: text of markup, and texts of values, without names in programs."""
    if isinstance(part, str):
        yield from text_of(part) if MARKUP.search(part) else [part]
    elif isinstance(part, (list, tuple)):
        for each in part:
            yield from shown_in(each)
    elif isinstance(part, dict) and "components" in part:
        for component in part["components"]:
            yield from widget(component["type"], component["props"])
    elif isinstance(part, dict):
        for name, value in part.items():
            if name not in NAMES and not (name == "value" and "title" in part):
                yield from shown_in(value)


def widget(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    if kind in ("tabitem", "browserstate", "state"):  # our tabs are opened by the stepper, and show nothing
        return
    for name in SHOWN_PROPERTIES:
        value = properties.get(name)
        if name == "choices":
            yield from (str(label) for label, _value in value or [])
        elif name != "value" or kind in ("button", "html", "downloadbutton", "uploadbutton"):
            yield from shown_in(value)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def text_of(markup: str) -> list[str]:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


def outside(text: str) -> str:
    """The text without what stands between guillemets, which may lie in each other."""
    depth, left = 0, ""
    for letter in text:
        depth += (letter == "«") - (letter == "»")
        left += letter if depth == 0 and letter != "»" else ""
    return left
