"""Settings models drawn as a form: one place where a setting is declared, one component for all that is drawn.

Reads of a pydantic field: title, description (the help under the label), the type, and from
`json_schema_extra` the keys "shown_if" ({other field: value or tuple of values}) and "advanced".
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.element import Element
from components.scripts import script
from components.words import _, number

Choices = Sequence[tuple[str, str]]  # (title, value)
NONE = ""  # what a choice holds for "not set"


@dataclass(frozen=True)
class Kind:
    """A field's type, analysed: the plain type, words allowed beside it, and whether it may be empty."""

    base: type | None  # int, float, bool, str, or None when only words are allowed
    words: tuple[str, ...]
    optional: bool


def kind_of(annotation: Any) -> Kind:
    """Analyse `int | Literal["auto"] | None` and the like; raises TypeError for what a form cannot draw."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    words: list[str] = []
    bases: list[type] = []
    for part in parts:
        if part is type(None):
            continue
        if get_origin(part) is Literal:
            words.extend(str(word) for word in get_args(part))
        elif part in (int, float, bool, str):
            bases.append(part)
        else:
            raise TypeError(f"a form cannot draw a field of type {annotation}")
    if set(bases) == {int, float}:
        bases = [float]
    if len(bases) > 1 or not (bases or words):
        raise TypeError(f"a form cannot draw a field of type {annotation}")
    return Kind(bases[0] if bases else None, tuple(words), type(None) in parts)


def field_names(model: type[BaseModel], advanced: bool | None = None) -> list[str]:
    """The names of a model's fields: all, or only those that are (not) marked as advanced."""
    return [
        name
        for name, field in model.model_fields.items()
        if advanced is None or bool(_extra(field).get("advanced", False)) == advanced
    ]


class Choice(TypedDict):
    title: str
    value: str


class FieldValue(TypedDict, total=False):
    name: str
    title: str
    within: str  # what a screen reader says after the title, where several fields of the form have the same one
    help: str
    kind: Literal["text", "check", "choice"]
    value: str | bool
    choices: Sequence[Choice]  # of a choice
    keyboard: Literal["text", "numeric", "decimal"]  # of a text: which one a phone shows
    placeholder: str
    term: str  # the name of a term on the page (`components.terms`) that a question mark behind the title explains
    problem: str  # why what the field holds cannot be used, a sentence; without it all is well


class GroupValue(TypedDict, total=False):
    """Fields under a heading that folds them; without a title they are simply drawn.

    prefix: of the fields' element ids, "PREFIX-NAME". open: whether it begins unfolded; afterwards it stays as the
    person left it, unless `unfolded` is set. below: markup of our own, drawn under the fields.
    """

    key: str
    title: str
    prefix: str
    fields: Sequence[FieldValue]
    open: bool
    unfolded: bool
    below: str


class FormValue(TypedDict, total=False):
    """nothing: what is said where there are no groups."""

    groups: Sequence[GroupValue]
    nothing: str


class Form(Element):
    """Fires `input` with {"group", "name", "value"} when a person has changed a field and leaves it.

    A new value changes what differs and nothing else: what is being typed into a field stays.
    """

    def __init__(self, value: FormValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-form"></div>',
            js_on_load=script("form"),
            apply_default_css=False,
            **settings,
        )


def drawn_fields(
    model: type[BaseModel],
    names: Sequence[str],
    values: Mapping[str, Any],
    choices: Mapping[str, Choices] | None = None,
) -> list[FieldValue]:
    """The fields `names` of `model`, as far as their `shown_if` holds; what `values` lacks is at its default.

    choices: (title, value) pairs for fields whose values are known only outside the model.
    """
    everything = {**{name: _default(field) for name, field in model.model_fields.items()}, **values}
    return [
        _field(name, model.model_fields[name], everything[name], (choices or {}).get(name))
        for name in names
        if shown(_extra(model.model_fields[name]).get("shown_if") or {}, everything)
    ]


def typed(model: type[BaseModel], name: str, raw: Any) -> Any:
    """What was entered into a field, with the type that the model wants; an empty optional one is None.

    Raises ValueError, a sentence about the entry, where it cannot be read.
    """
    return parse(raw, kind_of(model.model_fields[name].annotation))


def shown(condition: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether every field named in a `shown_if` holds the value, or one of the values, given there."""
    return all(
        values.get(name) in (wanted if isinstance(wanted, (tuple, list, set, frozenset)) else (wanted,))
        for name, wanted in condition.items()
    )


def parse(value: Any, kind: Kind) -> Any:
    """What a field holds, as the model wants it; ValueError in plain words when it cannot be read."""
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == NONE:
        if kind.optional:
            return None
        if kind.base is str:
            return ""
        raise ValueError(_("A value is missing."))
    if text in kind.words:
        return text
    if kind.base is bool:
        if isinstance(text, bool) or text in ("true", "false"):
            return text in (True, "true")
        raise ValueError(_("'{entry}' is neither yes nor no.", entry=text))
    if kind.base in (int, float):
        return _number(text, kind)
    if kind.base is str:
        return value
    raise ValueError(_("'{entry}' is not one of {choices}.", entry=text, choices=", ".join(kind.words)))


def _number(text: Any, kind: Kind) -> int | float:
    try:
        value = float(_with_a_point(text) if isinstance(text, str) else text)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(_no_number(text, kind)) from None
    if kind.base is float:
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(_("'{entry}' is not a number that can be used.", entry=text))
        return value
    if not value.is_integer():
        raise ValueError(_no_number(text, kind))
    return int(text) if isinstance(text, (int, str)) and str(text).strip().lstrip("+-").isdigit() else int(value)


def _with_a_point(text: str) -> str:
    """A number as the reader's language writes it, or as English does: 0,5 and 0.5."""
    decimal = str(number(0.5, ".1f"))[1]
    return text.replace(" ", "").replace(decimal, ".")


def _no_number(entry: Any, kind: Kind) -> str:
    words = ", ".join(kind.words)
    if kind.base is int and words:
        return _("'{entry}' is not a whole number (or {words}); write it like 32.", entry=entry, words=words)
    if kind.base is int:
        return _("'{entry}' is not a whole number; write it like 32.", entry=entry)
    if words:
        return _("'{entry}' is not a number (or {words}); write it like 0.001 or 1e-3.", entry=entry, words=words)
    return _("'{entry}' is not a number; write it like 0.001 or 1e-3.", entry=entry)


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def _field(name: str, field: FieldInfo, value: Any, choices: Choices | None) -> FieldValue:
    kind = kind_of(field.annotation)
    common: FieldValue = {"name": name, "title": field.title or name, "help": field.description or ""}
    if choices is None and kind.base is bool and kind.optional:
        choices = [(_("Found automatically"), NONE), (_("Yes"), "true"), (_("No"), "false")]
    elif choices is not None or kind.base is None:
        choices = choices if choices is not None else [(_title(word), word) for word in kind.words]
        choices = [(_("Not set"), NONE), *choices] if kind.optional else choices
    if choices is not None:
        held = NONE if value is None else str(value).lower() if kind.base is bool else str(value)
        pairs: list[Choice] = [{"title": title, "value": word} for title, word in choices]
        return {**common, "kind": "choice", "value": held, "choices": pairs}
    if kind.base is bool:
        return {**common, "kind": "check", "value": bool(value)}
    keyboard: Literal["text", "numeric", "decimal"] = "text"
    if not kind.words and kind.base in (int, float):
        keyboard = "numeric" if kind.base is int else "decimal"
    hint = _("empty: recommended value") if kind.optional and (kind.base is float or kind.words) else ""
    return {**common, "kind": "text", "value": _text(value), "keyboard": keyboard, "placeholder": hint}


def _title(word: str) -> str:
    return _("Automatic") if word == "auto" else word


def _text(value: Any) -> str:
    if value is None:
        return ""
    return number(value, "g" if float(f"{value:g}") == value else "") if isinstance(value, float) else str(value)
