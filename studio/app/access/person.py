"""Whose request is being answered. Set for each request by the gate, and read where something belongs to somebody."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from components.words import Speaker, speak
from studio.language import ENGLISH, _, all_said, number, plural


@dataclass(frozen=True)
class Person:
    """name: as people know them, "" where there is one person alone. workspace: the name of the folder that is theirs
    among the people of the server; "" for the server's own home.

    is_admin: whether they may look into every workspace, and name folders of the server. is_guest: without an account.
    session: the fingerprint of their session. address: how their browser calls this server, for links. arrived: when
    this request of theirs came in, by `time.monotonic`: what waits in Gradio's queue leaves it in any order.
    language: the code of the one that they read.
    """

    name: str = ""
    workspace: str = ""
    is_admin: bool = True
    is_guest: bool = False
    session: str = field(default="", compare=False)
    address: str = field(default="", compare=False)
    arrived: float = field(default=0.0, compare=False)
    language: str = field(default=ENGLISH, compare=False)


OWNER = Person()  # whoever runs the server, where nobody else uses it
_current: ContextVar[Person] = ContextVar("person", default=OWNER)


def current_person() -> Person:
    """Whose request is being answered; without any request it is the server's own work, or a command."""
    return _current.get()


def person_of(request: Any) -> Person:
    """Whose request an event of Gradio came by; what did not come by the gate is answered by an error."""
    came: Any = request.request if isinstance(request, gr.Request) else request
    person: Person = came.scope["person"] if came is not None else OWNER
    return person


@contextmanager
def asked_by(person: Person) -> Iterator[None]:
    """Inside, `current_person` is this one, and what is drawn is in their language; also in threads that this one's
    work is handed to."""
    token = _current.set(person)
    try:
        with speak(speaker_of(person.language)):
            yield
    finally:
        _current.reset(token)


def speaker_of(language: str) -> Speaker:
    return Speaker(language, all_said, _, plural, number)
