"""A settings model drawn as widgets: one field, one widget, one place where a setting is declared.

Reads of a pydantic field: title, description (the help under the label), the type, bounds, and from
`json_schema_extra` the keys "shown_if" ({other field: value or tuple of values}) and "advanced".
"""

import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

import gradio as gr
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Choices = Sequence[tuple[str, str]]  # (title, value), as Gradio's dropdowns take them
SLIDER_SPAN = 50  # whole numbers with both bounds and no more steps than this are a slider
NONE = ""  # what a dropdown holds for "not set"


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


class Form:
    """Widgets for the fields of `model`, drawn where it is made inside a `gr.Blocks`.

    names: which fields and in which order (all by default).
    choices: (title, value) pairs for fields whose values are known only outside the model.
    elem_prefix: prefix of the widgets' element ids: "PREFIX-FIELD".
    controls: widgets drawn elsewhere that `shown_if` may speak of, by field name.
    """

    def __init__(
        self,
        model: type[BaseModel],
        names: Sequence[str] | None = None,
        choices: Mapping[str, Choices] | None = None,
        elem_prefix: str = "",
        controls: Mapping[str, gr.components.Component] | None = None,
    ) -> None:
        self.model = model
        self.names = list(names) if names is not None else field_names(model)
        self.kinds = {name: kind_of(model.model_fields[name].annotation) for name in self.names}
        self.given = dict(choices or {})
        self.defaults = {name: _default(model.model_fields[name]) for name in self.names}
        known = {**{name: _default(field) for name, field in model.model_fields.items()}, **self.defaults}
        self.widgets: dict[str, gr.components.Component] = {
            name: _widget(
                model.model_fields[name],
                self.kinds[name],
                self.given.get(name),
                {
                    "label": model.model_fields[name].title or name,
                    "info": model.model_fields[name].description,
                    "elem_id": f"{elem_prefix}-{name}" if elem_prefix else None,
                    "interactive": True,
                    "visible": shown(_extra(model.model_fields[name]).get("shown_if") or {}, known),
                },
            )
            for name in self.names
        }
        self._connect({**(controls or {}), **self.widgets})

    @property
    def components(self) -> list[gr.components.Component]:
        return list(self.widgets.values())

    def values(self, *raw: Any) -> dict[str, Any]:
        """The widgets' values, in their order, with the types of the model. An empty optional one is None.

        Raises ValueError naming every field whose text cannot be read.
        """
        parsed: dict[str, Any] = {}
        problems: list[str] = []
        for name, value in zip(self.names, raw, strict=True):
            try:
                parsed[name] = parse(value, self.kinds[name])
            except ValueError as error:
                problems.append(f"{self.model.model_fields[name].title or name}: {error}")
        if problems:
            raise ValueError(" ".join(problems))
        return parsed

    def updates(self, values: Mapping[str, Any], hidden: Collection[str] = ()) -> list[Any]:
        """What sets every widget to `values`, in widget order; what is missing there goes back to its default.

        hidden: fields that are not drawn, whatever their `shown_if` says.
        """
        full = {**self.defaults, **{name: values[name] for name in self.names if name in values}}
        seen = self._visible(values, hidden)
        return [
            gr.update(value=_shown_value(full[name], self.kinds[name], self.widgets[name]), visible=name in seen)
            for name in self.names
        ]

    def any_visible(self, values: Mapping[str, Any], hidden: Collection[str] = ()) -> bool:
        return bool(self._visible(values, hidden))

    def _visible(self, values: Mapping[str, Any], hidden: Collection[str]) -> set[str]:
        everything = {**{name: _default(field) for name, field in self.model.model_fields.items()}, **values}
        conditions = {name: _extra(self.model.model_fields[name]).get("shown_if") or {} for name in self.names}
        return {name for name in self.names if name not in hidden and shown(conditions[name], everything)}

    def _connect(self, controls: Mapping[str, gr.components.Component]) -> None:
        """Show and hide dependent widgets when what they depend on changes; light, and beside the queue."""
        conditions = {name: _extra(self.model.model_fields[name]).get("shown_if") or {} for name in self.names}
        dependent = {name: condition for name, condition in conditions.items() if condition}
        for other in sorted({key for condition in dependent.values() for key in condition}):
            if other not in controls:
                continue
            names = [name for name, condition in dependent.items() if other in condition]
            needed = sorted({key for name in names for key in dependent[name] if key in controls})

            def toggle(
                *raw: Any, names: Sequence[str] = tuple(names), needed: Sequence[str] = tuple(needed)
            ) -> list[Any] | Any:
                current = {
                    key: _readable(value, kind_of(self.model.model_fields[key].annotation))
                    for key, value in zip(needed, raw, strict=True)
                }
                updates = [
                    gr.update(visible=shown({k: v for k, v in dependent[name].items() if k in current}, current))
                    for name in names
                ]
                return updates[0] if len(updates) == 1 else updates

            controls[other].change(  # type: ignore[attr-defined]
                toggle,
                [controls[key] for key in needed],
                [self.widgets[name] for name in names],
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )


def shown(condition: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether every field named in a `shown_if` holds the value, or one of the values, given there."""
    return all(
        values.get(name) in (wanted if isinstance(wanted, (tuple, list, set, frozenset)) else (wanted,))
        for name, wanted in condition.items()
    )


def parse(value: Any, kind: Kind) -> Any:
    """One widget's value as the model wants it; ValueError in plain words when it cannot be read."""
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == NONE:
        if kind.optional:
            return None
        if kind.base is str:
            return ""
        raise ValueError("a value is missing.")
    if text in kind.words:
        return text
    if kind.base is bool:
        if isinstance(text, bool) or text in ("true", "false"):
            return text in (True, "true")
        raise ValueError(f"'{text}' is neither yes nor no.")
    if kind.base in (int, float):
        return _number(text, kind)
    if kind.base is str:
        return value
    raise ValueError(f"'{text}' is not one of {', '.join(kind.words)}.")


def _number(text: Any, kind: Kind) -> int | float:
    what = "a whole number" if kind.base is int else "a number"
    words = f" (or {', '.join(kind.words)})" if kind.words else ""
    try:
        number = float(text.replace(" ", "")) if isinstance(text, str) else float(text)
    except (TypeError, ValueError):
        raise ValueError(f"'{text}' is not {what}{words}; write it like {_example(kind)}.") from None
    if kind.base is float:
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(f"'{text}' is not a number that can be used.")
        return number
    if not number.is_integer():
        raise ValueError(f"'{text}' is not {what}{words}; write it like {_example(kind)}.")
    return int(text) if isinstance(text, (int, str)) and str(text).strip().lstrip("+-").isdigit() else int(number)


def _example(kind: Kind) -> str:
    return "32" if kind.base is int else "0.001 or 1e-3"


def _readable(value: Any, kind: Kind) -> Any:
    """For conditions: a half-typed number counts as not set rather than as an error."""
    try:
        return parse(value, kind)
    except ValueError:
        return None


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def _bound(field: FieldInfo, *names: str) -> Any:
    return next((getattr(item, name) for item in field.metadata for name in names if hasattr(item, name)), None)


def _widget(field: FieldInfo, kind: Kind, choices: Choices | None, common: dict[str, Any]) -> gr.components.Component:
    """The widget for one field; bounds of whole numbers become the widget's own."""
    default = _default(field)
    if choices is not None or (kind.words and kind.base is None):
        pairs = list(choices) if choices is not None else [(_title(word), word) for word in kind.words]
        if kind.optional:
            pairs = [("Not set", NONE), *pairs]
        return gr.Dropdown(
            pairs, value=NONE if default is None and kind.optional else default, filterable=len(pairs) > 8, **common
        )
    if kind.base is bool:
        if not kind.optional:
            return gr.Checkbox(value=bool(default), **common)
        pairs = [("Found automatically", NONE), ("Yes", "true"), ("No", "false")]
        return gr.Dropdown(pairs, value=NONE if default is None else str(default).lower(), filterable=False, **common)
    if kind.base is int and not kind.words:
        low, high = _whole_bounds(field)
        if low is not None and high is not None and high - low <= SLIDER_SPAN and not kind.optional:
            return gr.Slider(low, high, value=default, step=1, precision=0, buttons=[], **common)
        return gr.Number(value=default, precision=0, minimum=low, maximum=high, **common)
    if kind.base is str:
        return gr.Textbox(value=default or "", **common)
    placeholder = "empty: recommended value" if kind.optional else None
    return gr.Textbox(value=_text(default), placeholder=placeholder, max_lines=1, **common)


def _whole_bounds(field: FieldInfo) -> tuple[int | None, int | None]:
    low, above = _bound(field, "ge"), _bound(field, "gt")
    high, below = _bound(field, "le"), _bound(field, "lt")
    least = low if low is not None else None if above is None else above + 1
    most = high if high is not None else None if below is None else below - 1
    return least, most


def _title(word: str) -> str:
    return "Automatic" if word == "auto" else word


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _shown_value(value: Any, kind: Kind, widget: gr.components.Component) -> Any:
    """What the widget holds for a value of the model."""
    if isinstance(widget, gr.Dropdown):
        if value is None:
            return NONE if kind.optional else None
        return str(value).lower() if kind.base is bool else value
    if isinstance(widget, gr.Checkbox):
        return bool(value)
    if isinstance(widget, gr.Textbox):
        return _text(value)
    return value
