"""Presentational pieces: plain values in, Gradio components or markup out; no word of training.

Gradio writes a type stub beside the source file of every component class, its own at each start (about a
second) and ours too. Importing it through here leaves that out.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def no_stub_files() -> Iterator[None]:
    """While Gradio is imported, say of its component classes that they have no source file."""
    find = inspect.getfile

    def getfile(thing: Any) -> str:
        if type(thing).__name__ == "ComponentMeta":
            raise OSError("no stub is wanted")
        return find(thing)

    with patch.object(inspect, "getfile", getfile):
        yield


with no_stub_files():
    from gradio import component_meta

component_meta.create_or_modify_pyi = lambda *_: None
