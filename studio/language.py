"""Sentences that can be said in the reader's language.

A sentence is written in English where it arises and stays a str of that English text: the command line, logs and tests
take it as it is. Beside it a `Text` remembers what it was made of, and `said` makes the same of the translation:

>>> rows = plural("{n:,} row is left out.", "{n:,} rows are left out.", 1234)
>>> rows
'1,234 rows are left out.'

`said(rows, "de")` is '1.234 Zeilen werden ausgelassen.' where the catalog `assets/languages/de.po` holds the sentence,
and the English one where it does not. CONTRIBUTING.md tells how catalogs are made.
"""

import gettext
import numbers
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from studio.paths import assets

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

ENGLISH = "en"
NAMES = {  # every language that the studio may be translated into, as its speakers call it
    ENGLISH: "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "zh": "中文",
    "ja": "日本語",
}
Style = Literal["and", "or", ","]
STYLES = {"and": "standard", "or": "or"}  # what babel calls them
FORM_OF_NUMBERS = re.compile(r",?(\.\d\d?)?[defg%]?")  # what a place may say behind its name
FULL_WIDTH = "\u3002\u3001\uff01\uff1f\uff1a\uff1b\uff09\u300d\u2026"  # after these nothing needs a space
LONGEST_NAME = 200  # letters; paths and what other programs say are names, too
ISOLATED = "\u2068{}\u2069"  # a name that is written from right to left leaves the order of the words around it alone


class Message(NamedTuple):
    """A sentence with places for its arguments; `many` is its plural, chosen by the argument n."""

    one: str
    many: str | None
    arguments: dict[str, Any]

    @property
    def pattern(self) -> str:
        return self.one if self.many is None or self.arguments["n"] == 1 else self.many

    def english(self) -> str:
        return self.pattern.format(**self.arguments) if self.arguments else self.pattern

    def said(self, language: str) -> str:
        forms, form = catalog_of(language).find(self.one), 0
        if forms is None:
            language, pattern = ENGLISH, self.pattern
        else:
            if self.many is not None:
                form = catalog_of(language).form(abs(int(self.arguments["n"])))
            pattern = forms[min(form, len(forms) - 1)]
        if not self.arguments:
            return pattern
        return pattern.format(**{name: _argument(value, language) for name, value in self.arguments.items()})


class Joined(NamedTuple):
    """Sentences one after the other, in one line."""

    parts: tuple[str, ...]

    def english(self) -> str:
        return _in_a_row(self.parts)

    def said(self, language: str) -> str:
        return _in_a_row([said(part, language) for part in self.parts])


class Listed(NamedTuple):
    items: tuple[str, ...]
    style: Style

    def english(self) -> str:
        return self._in_english(self.items)

    def _in_english(self, items: Sequence[str]) -> str:
        *others, last = items or ("",)
        return f"{', '.join(others)} {self.style} {last}" if others and self.style in STYLES else ", ".join(items)

    def said(self, language: str) -> str:
        items = [_argument(item, language) for item in self.items]
        if language == ENGLISH or not catalog_of(language).is_there:
            return self._in_english(items)
        if self.style not in STYLES:
            return ("、" if language in ("zh", "ja") else ", ").join(items)
        from babel.lists import format_list

        return format_list(items, STYLES[self.style], language)  # type: ignore[arg-type]


class Numeral(NamedTuple):
    """A number alone, written in a form of `format`."""

    value: float
    form: str

    def english(self) -> str:
        return format(self.value, self.form)

    def said(self, language: str) -> str:
        return format(_Number(self.value, language if catalog_of(language).is_there else ENGLISH), self.form)


class Day(NamedTuple):
    """A day, as in 2026-11-27."""

    iso: str

    def english(self) -> str:
        return self.iso

    def said(self, language: str) -> str:
        if language == ENGLISH or not catalog_of(language).is_there:
            return self.iso
        from datetime import date

        from babel.dates import format_date

        return format_date(date.fromisoformat(self.iso), "medium", language)


Origin = Message | Joined | Listed | Numeral | Day


class Text(str):
    """English text that can be said in another language, see `said`. Whatever changes it makes a plain str of it."""

    __slots__ = ("origin",)
    origin: Origin

    def __new__(cls, origin: Origin) -> "Text":
        text = super().__new__(cls, origin.english())
        text.origin = origin
        return text

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Text, (self.origin,)

    def __copy__(self) -> "Text":
        return self

    def __deepcopy__(self, memo: Any) -> "Text":
        return self

    def said(self, language: str) -> str:
        return self.origin.said(language)


def _(message: str, **arguments: Any) -> str:
    """The sentence, with an argument for each place in braces: a number, a `Text`, or a name, which stays as it is.

    What a place says of a number's form, as in "{share:.0%}", is kept; each language has its own signs for it.
    """
    return Text(Message(message, None, _kept(arguments))) if arguments else _without_places(message)


@lru_cache(4096)
def _without_places(message: str) -> Text:
    """One and the same each time: a reason that a million rows give takes no more room than a str."""
    return Text(Message(message, None, {}))


def plural(one: str, many: str, n: float, **arguments: Any) -> str:
    """The sentence about one of something, or about `n` of it."""
    return Text(Message(one, many, _kept({"n": n, **arguments})))


def number(value: float, form: str = ",") -> str:
    """A number that stands alone, or in a sentence with a form that the sentence does not know: number(0.5, ".3f")."""
    return Text(Numeral(_plain(value), form))


def quoted(name: str) -> str:
    """A name in the quotation marks of the reader's language, where it stands in no sentence that has them."""
    return _("'{name}'", name=name)


def day(iso: str) -> str:
    """A day as the reader's language writes it; raises ValueError where it is none."""
    from datetime import date

    return Text(Day(date.fromisoformat(iso).isoformat()))


def numeral(text: str) -> str:
    """What `number` said in English, as a number again; any other text as it is."""
    found = re.fullmatch(r"-?\d[\d,]*(?:\.(\d{1,9}))?", text)
    return number(float(text.replace(",", "")), f",.{len(found[1] or '')}f") if found else text


def in_percent(share: float, digits: int = 0) -> str:
    """A share as percent with so many digits behind the point; with one more where these would say 0 or 100 of what
    only comes near it.

    >>> in_percent(0.984), in_percent(0.998), in_percent(0.99999), in_percent(1)
    ('98%', '99.8%', '99.9%', '100%')
    """
    if 0 < share < 1 and not 0 < round(100 * share, digits) < 100:
        digits += 1
        least = 10.0 ** -(digits + 2)
        share = min(max(share, least), 1 - least)
    forms = _("{share:.0%}", share=share), _("{share:.1%}", share=share), _("{share:.2%}", share=share)
    return forms[digits]


def sentences(*parts: str) -> str:
    """All of them that say something, in one line."""
    return Text(Joined(tuple(part for part in parts if part)))


def listing(items: Iterable[str], style: Style = ",") -> str:
    """Names in a row: "a, b and c", "a, b or c", or "a, b, c"."""
    return Text(Listed(tuple(items), style))


def said(text: str, language: str) -> str:
    """The text in a language; what is no `Text` is said as it is."""
    return text.said(language) if isinstance(text, Text) else text


def all_said(structure: Any, language: str) -> Any:
    """The same with every text in it said. Keys of mappings are names of the program, and stay.

    A str that has a method `said` of its own is asked by it, as markup is that can be drawn once more.
    """
    if isinstance(structure, str):
        return structure.said(language) if hasattr(structure, "said") else structure
    if isinstance(structure, dict):
        return {key: all_said(value, language) for key, value in structure.items()}
    if isinstance(structure, list):
        return [all_said(value, language) for value in structure]
    if type(structure) is tuple:
        return tuple(all_said(value, language) for value in structure)
    return structure


# --- on disk ----------------------------------------------------------------------------------------


def packed(text: str) -> Any:
    """As JSON holds it: a plain text is itself, a `Text` an object with the English words under "en"."""
    if not isinstance(text, Text):
        return text
    origin, english = text.origin, str.__str__(text)
    if isinstance(origin, Joined):
        return {"en": english, "sentences": [packed(part) for part in origin.parts]}
    if isinstance(origin, Numeral):
        return {"en": english, "number": origin.value, "form": origin.form}
    if isinstance(origin, Day):
        return {"en": english, "day": origin.iso}
    if isinstance(origin, Listed):
        return {"en": english, "items": [packed(item) for item in origin.items], "style": origin.style}
    arguments = {name: packed(value) if isinstance(value, str) else value for name, value in origin.arguments.items()}
    many = {} if origin.many is None else {"many": origin.many}
    return {"en": english, "message": origin.one, **many, **({"with": arguments} if arguments else {})}


def unpacked(value: Any) -> str:
    """The text again. What another version packed in another way is its English words; raises ValueError where it is
    no text at all."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("en"), str):
        raise ValueError("This is no text.")
    try:
        text = _unpacked(value)
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return str(value["en"])
    return text if text == value["en"] else str(value["en"])


def _unpacked(value: Mapping[str, Any]) -> Text:
    if "sentences" in value:
        return Text(Joined(tuple(unpacked(part) for part in value["sentences"])))
    if "day" in value:
        return day(value["day"])  # type: ignore[return-value]
    if "number" in value:
        if not isinstance(value["number"], int | float) or not FORM_OF_NUMBERS.fullmatch(value["form"]):
            raise ValueError("This is no number of the studio.")
        return Text(Numeral(value["number"], value["form"]))
    if "items" in value:
        return Text(Listed(tuple(unpacked(item) for item in value["items"]), value["style"]))
    arguments = {
        name: each if isinstance(each, (int, float)) else unpacked(each) for name, each in value.get("with", {}).items()
    }
    message = Message(value["message"], value.get("many"), arguments)
    if arguments and not all(is_harmless(pattern) for pattern in (message.one, message.many or "")):
        raise ValueError("This is no sentence of the studio.")
    return Text(message)


def is_harmless(pattern: str) -> bool:
    """Whether its places are names alone: str.format would also read attributes, and fill the memory with blanks."""
    return all(
        name is None or (name.isidentifier() and not conversion and FORM_OF_NUMBERS.fullmatch(form or ""))
        for _, name, form, conversion in Formatter().parse(pattern)
    )


class _Packed:
    """How pydantic reads and writes a field of texts."""

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            unpacked,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(packed, when_used="json"),
        )


Said = Annotated[str, _Packed()]  # a field of a pydantic model: takes plain texts, too, as earlier versions wrote them


# --- languages --------------------------------------------------------------------------------------


class Catalog(NamedTuple):
    """Translations by their English sentence, and which form of a plural belongs to a number."""

    find: Callable[[str], Sequence[str] | None]
    form: Callable[[int], int]
    is_there: bool = True


@cache
def catalog_of(language: str) -> Catalog:
    """What is translated: entries that are empty, or marked as doubtful ("fuzzy"), are not."""
    file = assets() / "languages" / f"{language}.po"
    if language not in NAMES or not file.is_file():
        return Catalog(lambda one: None, lambda n: 0, False)
    from babel.messages.pofile import read_po

    with file.open("rb") as stream:
        catalog = read_po(stream, locale=language)
    translations: dict[str, Sequence[str]] = {}
    for message in catalog:
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if message.id and forms and all(forms) and not message.fuzzy:
            translations[message.id if isinstance(message.id, str) else message.id[0]] = forms
    return Catalog(translations.get, gettext.c2py(catalog.plural_expr))


@cache
def languages() -> dict[str, str]:
    """The languages that there are, by their codes: English, and those with a catalog."""
    folder = assets() / "languages"
    return {code: name for code, name in NAMES.items() if code == ENGLISH or (folder / f"{code}.po").is_file()}


def language_of(accepted: str) -> str:
    """The first of a browser's languages that there is, by its Accept-Language header (RFC 9110); else English."""
    wanted = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        wanted.append((-quality, place, tag.strip().lower().partition("-")[0]))
    known = (code for quality, _, code in sorted(wanted) if quality < 0 and code in languages())
    return next(known, ENGLISH)


# --- arguments --------------------------------------------------------------------------------------


class _Number:
    """A number in a sentence: written as its place in the sentence says, with the signs of the language."""

    def __init__(self, value: float, language: str) -> None:
        self.value, self.language = value, language

    def __format__(self, form: str) -> str:
        return format(self.value, form).translate(_signs(self.language))

    def __str__(self) -> str:
        return format(self, "")


@cache
def _signs(language: str) -> dict[int, str]:
    if language == ENGLISH:
        return {}
    from babel import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    percent = Locale(language).percent_formats[None].suffix[0]  # with the space before it, where there is one
    return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language), "%": percent})


def _kept(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in arguments.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else str(value)


def _argument(value: Any, language: str) -> Any:
    if isinstance(value, Text):
        return value.said(language)
    if isinstance(value, str):
        name = shortened(value)
        return ISOLATED.format(name) if _has_another_direction(name) else name
    return _Number(value, language)


def shortened(name: str) -> str:
    """A name as a page says it: one of ten thousand letters would fill the screen. Where words stay English, in logs,
    say, it is whole."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}\u2026"


def _has_another_direction(name: str) -> bool:
    if name.isascii():
        return False
    from unicodedata import bidirectional

    return any(bidirectional(letter) in ("R", "AL", "AN") for letter in name)


def _in_a_row(parts: Iterable[str]) -> str:
    line = ""
    for part in parts:
        line += part if not line or line[-1] in FULL_WIDTH else f" {part}"
    return line.replace("\n", " ")
