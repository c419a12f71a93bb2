"""The base of every settings model. A setting is declared once, here is what a declaration holds.

The same declaration draws the form (`components.forms`), names the command-line flag and the key in
run.yaml, validates what comes in, and is the help that people read.
"""

import re
from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from studio.errors import StudioError
from studio.language import _

QUOTED = re.compile(r"'([^']*)'")
MISTAKES = {  # by pydantic's name of a mistake: what the value must be
    "greater_than_equal": "at least {ge:.12g}",
    "greater_than": "more than {gt:.12g}",
    "less_than_equal": "at most {le:.12g}",
    "less_than": "less than {lt:.12g}",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "literal_error": "{expected}",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a section of settings",
    "model_type": "a section of settings",
}


class Options(BaseModel):
    """Settings: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, values: dict[str, Any], where: str = "settings", within: str = "") -> Self:
        """Validate `values`; every mistake is reported at once, in plain words (StudioError).

        within: the section of a larger file that they stand in, such as "strategy".
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _refusal(cls, error.errors(), where, within) from error

    @classmethod
    def check_partial(cls, values: dict[str, Any], where: str = "settings") -> None:
        """Validate what is given so far, as `read` does; what is still missing is no mistake."""
        try:
            cls.model_validate(values)
        except ValidationError as error:
            if problems := [problem for problem in error.errors() if problem["type"] != "missing"]:
                raise _refusal(cls, problems, where) from error


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,
    shown_if: dict[str, Any] | None = None,
    advanced: bool = True,
    needs: str | None = None,
    same_model: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one field of an `Options` model.

    title: what the form calls it, in plain words with the field's term in brackets.
    help: one sentence on what it does and when to change it.
    shown_if: {other field: value or tuple of values} under which the form draws it.
    needs: what task or model must have for the setting to be read at all (studio.training.needs knows the words).
    advanced: folded away unless the person opens Advanced.
    same_model: of a task's setting, that the model is built alike whatever it says.
    bounds: pydantic's own (ge, gt, le, lt, ...). A field typed `Literal[...]` is a choice.
    """
    extra: dict[str, Any] = {"shown_if": shown_if or {}, "advanced": advanced, "same_model": same_model}
    extra |= {"needs": needs} if needs else {}
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


def mistake_in(model: type[BaseModel], name: str, value: Any) -> str:
    """What is wrong with one field's value by itself, as a sentence beside the field; "" if nothing."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        for problem in error.errors():
            if problem["loc"] == (name,) and (words := MISTAKES.get(problem["type"])):
                return _("It must be {words}.", words=words.format(**problem.get("ctx", {})))
    return ""


def _refusal(model: type[BaseModel], problems: Sequence[ErrorDetails], where: str, within: str = "") -> StudioError:
    sentences = "\n".join(describe(problem, model, within) for problem in problems)
    return StudioError(
        _("The {where} cannot be used as they are.", where=where), sentences, _("Correct these and try again.")
    )


def describe(problem: ErrorDetails, model: type[BaseModel], within: str = "") -> str:
    """One validation problem as a sentence, with the nearest key where a name is unknown."""
    from difflib import get_close_matches

    place = ".".join(str(part) for part in (within, *problem["loc"]) if part != "") or "value"
    if problem["type"] == "extra_forbidden":
        *sections, name = map(str, problem["loc"])
        close = get_close_matches(name, _model_at(model, sections).model_fields, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        return _("'{place}' is not a known setting.{hint}", place=place, hint=hint)
    if problem["type"] == "missing":
        return _("'{place}' is missing.", place=place)
    if words := MISTAKES.get(problem["type"]):
        expected = problem.get("ctx", {})
        known = QUOTED.findall(str(expected.get("expected", "")))
        close = get_close_matches(str(problem["input"]), known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        return _(
            "'{place}' must be {words} (it is {input}).{hint}",
            place=place,
            words=words.format(**expected),
            input=repr(problem["input"]),
            hint=hint,
        )
    said = problem["msg"].removeprefix("Value error, ")
    if said.endswith((".", "?")):  # whole sentences, which may name settings of this section themselves
        return said if said.startswith(f"'{place}.") else f"'{place}': {said}"
    return _("'{place}': {said} (it is {input}).", place=place, said=said, input=repr(problem["input"]))


def _model_at(model: type[BaseModel], sections: Sequence[str]) -> type[BaseModel]:
    """The model of a section of `model`, such as that of ["data", "split"] in a run file."""
    for name in sections:
        annotation = model.model_fields[name].annotation if name in model.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return model
