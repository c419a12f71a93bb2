"""In which language components draw. They know no language: who serves the page says for whom it is (`speak`).

Words that come in are said where markup is made of them (`escape`) or where they leave for the page (`spoken`). Words
of the components themselves are written `_("...")`. What is drawn before anybody asks for it is drawn once more for
each reader (`drawn`).
"""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from components.isolates import isolated


@dataclass(frozen=True)
class Speaker:
    """language: its code. say: (whatever leaves for the page, code) -> the same with its words in that language.
    sentence, plural, number: words of ours as words that `say` knows."""

    language: str
    say: Callable[[Any, str], Any]
    sentence: Callable[..., str]
    plural: Callable[..., str]
    number: Callable[[float, str], str]


_speaker: ContextVar[Speaker | None] = ContextVar("speaker", default=None)


@contextmanager
def speak(speaker: Speaker) -> Iterator[None]:
    """Inside, everything is said by this one; also in threads that this one's work is handed to."""
    token = _speaker.set(speaker)
    try:
        yield
    finally:
        _speaker.reset(token)


def language() -> str:
    """The code of the reader's language; English where nobody reads."""
    speaker = _speaker.get()
    return speaker.language if speaker else "en"


def spoken(words: Any) -> Any:
    """Words, or whatever holds them, in the reader's language."""
    speaker = _speaker.get()
    return speaker.say(words, speaker.language) if speaker else words


def escape(text: str) -> str:
    """The text in the reader's language, as HTML text; `Markup` is that already."""
    said = spoken(text)
    return said if isinstance(text, Markup) else html.escape(said)


def escape_sentence(text: str) -> str:
    """The same, with names that are written from right to left set apart."""
    said = spoken(text)
    return said if isinstance(text, Markup) else html.escape(isolated(said))


def set_apart(text: str) -> str:
    """The text for what makes no markup of it, with names that are written from right to left set apart."""
    return drawn(lambda: isolated(spoken(text)))


class Drawn(str):
    """What a function made, which it makes once more for each reader."""

    __slots__ = ("again",)
    again: Callable[[], str]

    def said(self, language: str) -> str:
        return self.again()  # whoever asks is the one who speaks

    def __str__(self) -> str:
        return self

    def __copy__(self) -> "Drawn":
        return self

    def __deepcopy__(self, memo: Any) -> "Drawn":
        return self


class Markup(Drawn):
    """HTML text of our own. Where a text is made HTML, it stays as it is: a notice, a heading and the like take it as
    one of their sentences."""

    __slots__ = ()


def drawn(function: Callable[..., str], *arguments: Any, **settings: Any) -> Drawn:
    """`function(*arguments, **settings)`, now and for each reader."""
    made = Drawn(function(*arguments, **settings))
    made.again = lambda: function(*arguments, **settings)
    return made


def markup(function: Callable[..., str], *arguments: Any) -> Markup:
    """The same of a function that escapes whatever is not its own."""
    made = Markup(function(*arguments))
    made.again = lambda: function(*arguments)
    return made


def _(message: str, **arguments: Any) -> str:
    """A sentence of a component, with an argument for each place in braces."""
    return drawn(_sentence, message, arguments)


def plural(one: str, many: str, n: float, **arguments: Any) -> str:
    """A sentence about one of something, or about `n` of it."""
    return drawn(_plural, one, many, n, arguments)


def number(value: float, form: str = ",") -> str:
    """A number that stands alone, in a form of `format`, with the signs of the reader's language."""
    return drawn(_number, value, form)


def in_percent(share: float, digits: int = 0) -> str:
    """A share as percent with so many digits behind the point; with one more where these would say 0 or 100 of what
    only comes near it."""
    if 0 < share < 1 and not 0 < round(100 * share, digits) < 100:
        digits += 1
        least = 10.0 ** -(digits + 2)
        share = min(max(share, least), 1 - least)
    forms = _("{share:.0%}", share=share), _("{share:.1%}", share=share), _("{share:.2%}", share=share)
    return forms[digits]


def _sentence(message: str, arguments: dict[str, Any]) -> str:
    speaker = _speaker.get()
    if speaker is None:
        return message.format(**arguments) if arguments else message
    return str(spoken(speaker.sentence(message, **spoken(arguments))))


def _number(value: float, form: str) -> str:
    speaker = _speaker.get()
    return str(spoken(speaker.number(value, form))) if speaker else format(value, form)


def _plural(one: str, many: str, n: float, arguments: dict[str, Any]) -> str:
    speaker = _speaker.get()
    if speaker is None:
        return (one if n == 1 else many).format(n=n, **arguments)
    return str(spoken(speaker.plural(one, many, n, **spoken(arguments))))
