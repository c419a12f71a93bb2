"""Whose request is being answered. Set for each request by the gate, and read where something belongs to somebody."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.context import LocalContext


@dataclass(frozen=True)
class Person:
    """name: as people know them, "" where there is one person alone. workspace: the name of the folder that is theirs
    among the people of the server; "" for the server's own home.

    is_admin: whether they may look into every workspace, and name folders of the server. is_guest: without an account.
    session: the fingerprint of their session. address: how their browser calls this server, for links. arrived: when
    this request of theirs came in, by `time.monotonic`: what waits in Gradio's queue leaves it in any order.
    """

    name: str = ""
    workspace: str = ""
    is_admin: bool = True
    is_guest: bool = False
    session: str = field(default="", compare=False)
    address: str = field(default="", compare=False)
    arrived: float = field(default=0.0, compare=False)


OWNER = Person()  # whoever runs the server, where nobody else uses it
_current: ContextVar[Person | None] = ContextVar("person", default=None)


def current_person() -> Person:
    """Whose request is being answered: here, or in Gradio's queue, which answers elsewhere than where it came in.

    Without any request it is the server's own work, or a command.
    """
    person = _current.get()
    if person is not None:
        return person
    request = LocalContext.request.get(None)
    if request is None:
        return OWNER
    came: Any = request.request if isinstance(request, gr.Request) else request
    person_who_asks: Person = came.scope["person"]  # what did not come by the gate is answered by an error
    return person_who_asks


@contextmanager
def asked_by(person: Person) -> Iterator[None]:
    """Inside, `current_person` is this one; also in threads that this one's work is handed to."""
    token = _current.set(person)
    try:
        yield
    finally:
        _current.reset(token)
