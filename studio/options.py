"""The base of every settings model. A setting is declared once, here is what a declaration holds.

The same declaration draws the form (`components.forms`), names the command-line flag and the key in
run.yaml, validates what comes in, and is the help that people read.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from studio.errors import StudioError
from studio.language import _, listing, plural, sentences

SETTINGS = _("settings")
MOST_MISTAKES = 20  # that are told at once
QUOTED = re.compile(r"'([^']*)'")
MISTAKES: dict[str, Callable[[Mapping[str, Any]], str]] = {  # by pydantic's name of a mistake: what the value must be
    "greater_than_equal": lambda bounds: _("at least {limit:.12g}", limit=bounds["ge"]),
    "greater_than": lambda bounds: _("more than {limit:.12g}", limit=bounds["gt"]),
    "less_than_equal": lambda bounds: _("at most {limit:.12g}", limit=bounds["le"]),
    "less_than": lambda bounds: _("less than {limit:.12g}", limit=bounds["lt"]),
    "finite_number": lambda bounds: _("a finite number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), lambda bounds: _("a whole number")),
    **dict.fromkeys(("float_type", "float_parsing"), lambda bounds: _("a number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), lambda bounds: _("true or false")),
    "string_type": lambda bounds: _("a text"),
    "literal_error": lambda bounds: listing((f"'{word}'" for word in QUOTED.findall(bounds["expected"])), "or"),
    **dict.fromkeys(("list_type", "tuple_type"), lambda bounds: _("a list")),
    **dict.fromkeys(("dict_type", "model_type"), lambda bounds: _("a section of settings")),
}


class Options(BaseModel):
    """Settings: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, values: dict[str, Any], where: str = SETTINGS, within: str = "") -> Self:
        """Validate `values`; every mistake is reported at once, in plain words (StudioError).

        within: the section of a larger file that they stand in, such as "strategy".
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _refusal(cls, error.errors(), where, within) from error

    @classmethod
    def check_partial(cls, values: dict[str, Any], where: str = SETTINGS) -> None:
        """Validate what is given so far, as `read` does; what is still missing is no mistake."""
        try:
            cls.model_validate(values)
        except ValidationError as error:
            if problems := [problem for problem in error.errors() if problem["type"] != "missing"]:
                raise _refusal(cls, problems, where) from error


T = TypeVar("T", bound=Options)


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,
    shown_if: dict[str, Any] | None = None,
    advanced: bool = True,
    needs: str | None = None,
    same_model: bool = False,
    asked: bool = False,
    lines: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one field of an `Options` model.

    title: what the form calls it, in plain words with the field's term in brackets.
    help: one sentence on what it does and when to change it.
    shown_if: {other field: value or tuple of values} under which the form draws it.
    needs: what task or model must have for the setting to be read at all (studio.training.needs knows the words).
    advanced: folded away unless the person opens Advanced.
    same_model: of a task's setting, that the model is built alike whatever it says.
    asked: of a task's setting, that it can be said anew with each question to a finished model.
    lines: of a text, that each line of it stands for itself, so that a file can bring them.
    bounds: pydantic's own (ge, gt, le, lt, ...). A field typed `Literal[...]` is a choice.
    """
    extra: dict[str, Any] = {"shown_if": shown_if or {}, "advanced": advanced, "same_model": same_model}
    extra |= {"asked": True} if asked else {}
    extra |= {"needs": needs} if needs else {}
    extra |= {"lines": True} if lines else {}
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


def asked_settings(options: type[Options]) -> dict[str, FieldInfo]:
    """The settings that can be said anew with each question to a finished model."""
    extras = {name: field.json_schema_extra for name, field in options.model_fields.items()}
    asked = (name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("asked"))
    return {name: options.model_fields[name] for name in asked}


def with_asked(options: T, given: Mapping[str, Any]) -> T:
    """The options with what was said with a question. Raises StudioError for what cannot be, or cannot be said so."""
    known = asked_settings(type(options))
    for name in given:
        if name not in known:
            raise StudioError(
                _("'{setting}' cannot be set for a single question.", setting=name),
                _("It is fixed by the training.") if name in type(options).model_fields else "",
                _("What can be: {names}.", names=listing(known) or _("nothing")),
            )
    return type(options).read({**options.model_dump(), **given}, within="options")


def mistake_in(model: type[BaseModel], name: str, value: Any) -> str:
    """What is wrong with one field's value by itself, as a sentence beside the field; "" if nothing."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        for problem in error.errors():
            if problem["loc"] == (name,) and (expected := MISTAKES.get(problem["type"])):
                return _("It must be {expected}.", expected=expected(problem.get("ctx", {})))
    return ""


def _refusal(model: type[BaseModel], problems: Sequence[ErrorDetails], where: str, within: str = "") -> StudioError:
    mistakes = [describe(problem, model, within) for problem in problems[:MOST_MISTAKES]]
    if more := len(problems) - len(mistakes):
        mistakes.append(plural("And {n:,} more like these.", "And {n:,} more like these.", more))
    return StudioError(
        _("The {settings} cannot be used as they are.", settings=where),
        _below_each_other(mistakes),
        _("Correct these and try again."),
    )


def _below_each_other(lines: Sequence[str]) -> str:
    first, *others = lines
    return _("{first}\n{others}", first=first, others=_below_each_other(others)) if others else first


def describe(problem: ErrorDetails, model: type[BaseModel], within: str = "") -> str:
    """One validation problem as a sentence, with the nearest key where a name is unknown."""
    from difflib import get_close_matches

    place = ".".join(str(part) for part in (within, *problem["loc"]) if part != "") or "value"
    if problem["type"] == "extra_forbidden":
        *sections, name = map(str, problem["loc"])
        close = get_close_matches(name, _model_at(model, sections).model_fields, n=1)
        return sentences(_("'{setting}' is not a known setting.", setting=place), _did_you_mean(close))
    if problem["type"] == "missing":
        return _("'{setting}' is missing.", setting=place)
    if problem["type"] == "too_long":
        most = problem.get("ctx", {})["max_length"]
        return _("'{setting}' may hold {most:,} entries at most.", setting=place, most=most)
    value = repr(problem["input"])
    if expected := MISTAKES.get(problem["type"]):
        bounds = problem.get("ctx", {})
        known = QUOTED.findall(str(bounds.get("expected", "")))
        mistake = _(
            "'{setting}' must be {expected} (it is {value}).", setting=place, expected=expected(bounds), value=value
        )
        return sentences(mistake, _did_you_mean(get_close_matches(str(problem["input"]), known, n=1)))
    said = str(problem.get("ctx", {}).get("error", problem["msg"]))
    if said.startswith(f"'{place}."):  # whole sentences, which name settings of this section themselves
        return said
    if said.endswith((".", "?")):
        return _("'{setting}': {mistake}", setting=place, mistake=said)
    return _("'{setting}': {mistake} (it is {value}).", setting=place, mistake=said, value=value)


def _did_you_mean(close: Sequence[str]) -> str:
    return _("Did you mean '{name}'?", name=close[0]) if close else ""


def _model_at(model: type[BaseModel], sections: Sequence[str]) -> type[BaseModel]:
    """The model of a section of `model`, such as that of ["data", "split"] in a run file."""
    for name in sections:
        annotation = model.model_fields[name].annotation if name in model.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return model
