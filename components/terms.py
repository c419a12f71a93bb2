"""Words of the field, each a button that says what it means: on hovering, on focus and on a tap (WCAG 1.4.13)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict

from components.element import Element
from components.scripts import script
from components.words import Markup, _, escape, escape_sentence, language, markup, spoken

ENDINGS = r"[a-zà-ÿ]{0,3}"  # "epoch" is found in "epochs"
WITH_SPACES = r"[A-Za-zÀ-ÿ]"


@dataclass(frozen=True)
class Term:
    """name: its key, and the anchor in the glossary. word: as it stands in a sentence."""

    name: str
    word: str
    sentence: str


class TermsValue(TypedDict, total=False):
    """meanings: sentences by the names of their terms. action: the address of a page with all of them."""

    meanings: dict[str, str]
    action: str
    words: str  # of the link that leads there


class Terms(Element):
    """The meanings of the terms on a page, of which it has one: without it, their buttons say nothing."""

    def __init__(self, value: TermsValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-terms"></div>',
            js_on_load=script("terms"),
            apply_default_css=False,
            **settings,
        )


def term_html(term: Term, words: str = "") -> Markup:
    """The term, or other words for it, as a button that explains it."""
    return markup(lambda: _button(term, escape(words or term.word)))


def term_mark(term: Term) -> Markup:
    """A small question mark behind words that name the term."""
    return markup(lambda: _mark(term))


def explained(sentence: str, terms: Iterable[Term]) -> Markup:
    """A sentence with the first mention of each term as its button; behind it a question mark for every other one."""
    ordered = sorted(terms, key=lambda term: -len(term.word))
    return markup(lambda: _explained(sentence, ordered))


def explained_once(sentences: Sequence[str], terms: Iterable[Term]) -> list[Markup]:
    """The sentences in which each term explains itself at its first mention among them all."""
    ordered = tuple(sorted(terms, key=lambda term: -len(term.word)))

    def drawn(place: int) -> str:
        return _explained_once(language(), tuple(map(spoken, sentences)), ordered)[place]

    return [markup(drawn, place) for place in range(len(sentences))]


def mentioned(sentences: Iterable[str], terms: Iterable[Term]) -> Markup:
    """Buttons of the terms that the sentences mention, for where they cannot hold them: inside of something pressed."""
    among, known = tuple(sentences), tuple(terms)

    def drawn() -> str:
        text = escape(" ".join(map(spoken, among)))
        return ", ".join(_button(term, escape(term.word)) for term in known if _found(term, text))

    return markup(drawn)


def _button(term: Term, words: str) -> str:
    return f'<button type="button" class="ui-term" aria-describedby="term-{term.name}">{words}</button>'


def _mark(term: Term) -> str:
    words = escape(_("{term}: what does this mean?", term=term.word))
    described = f'aria-describedby="term-{term.name}" aria-label="{words}"'
    return f'<button type="button" class="ui-term ui-term-mark" {described}>?</button>'


def _found(term: Term, text: str) -> bool:
    return re.search(_pattern([escape(term.word)]), text, flags=re.IGNORECASE) is not None


def _explained(sentence: str, terms: Sequence[Term]) -> str:
    waiting = {escape(term.word).casefold(): term for term in terms}
    return " ".join([_with_buttons(sentence, waiting), *map(_mark, waiting.values())])


@lru_cache(64)
def _explained_once(reader: str, sentences: tuple[str, ...], terms: tuple[Term, ...]) -> tuple[str, ...]:
    """reader: the language, in which the sentences are said already."""
    waiting = {escape(term.word).casefold(): term for term in terms}
    return tuple(_with_buttons(sentence, waiting) for sentence in sentences)


def _with_buttons(sentence: str, waiting: dict[str, Term]) -> str:
    """The first mention of each term that waits is its button; from then on it waits no more."""

    def button(found: re.Match[str]) -> str:
        term = waiting.pop(found[found.lastindex or 0].casefold(), None)
        return _button(term, found[0]) if term else found[0]

    text = escape_sentence(sentence)
    return re.sub(_pattern(waiting), button, text, flags=re.IGNORECASE) if waiting else text


def _pattern(words: Iterable[str]) -> str:
    """Any of the words; in scripts with spaces none that is only a part of another word."""
    return "|".join(
        rf"(?<!\w)({re.escape(word)}){ENDINGS}(?!\w)" if re.match(WITH_SPACES, word) else f"({re.escape(word)})"
        for word in words
    )
