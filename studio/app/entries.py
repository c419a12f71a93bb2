"""What people enter into the fields of forms: a setting of the draft, or kept beside it with the reason against it.

A refused entry stays in its field until it is corrected, over a reload too, and the way on stays closed meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from components.forms import Choices, FieldValue, drawn_fields, typed
from studio.app.drafts import Draft, Refused
from studio.errors import StudioError
from studio.language import _
from studio.options import mistake_in

LONGEST = 200  # characters of a refused entry that are kept


def enter(
    draft: Draft, group: str, model: type[BaseModel], name: str, raw: Any, take: Callable[[Draft, Any], Draft]
) -> Draft:
    """The draft with what the field `name` of a form's group now holds.

    take: the draft with the value that was entered, as the settings model types it; StudioError where it cannot be.
    """
    key = _key(group, name)
    others = {each: refused for each, refused in draft.refused.items() if each != key}
    try:
        return take(draft.change(refused=others) if key in draft.refused else draft, typed(model, name, raw))
    except ValueError as error:
        reason = str(error)
    except StudioError as error:
        reason = mistake_in(model, name, typed(model, name, raw)) or error.explanation.why
    entry = raw if isinstance(raw, bool) else str(raw)[:LONGEST]
    return draft.change(refused={**others, key: Refused(entry=entry, reason=reason)})


def filled_fields(
    draft: Draft,
    group: str,
    model: type[BaseModel],
    names: Sequence[str],
    values: Mapping[str, Any],
    choices: Mapping[str, Choices] | None = None,
) -> list[FieldValue]:
    """As `drawn_fields`; a refused entry stands in its field, with the reason."""
    fields = drawn_fields(model, names, values, choices)
    return [_with_refusal(field, draft.refused.get(_key(group, field["name"]))) for field in fields]


def first_refusal(fields: Sequence[FieldValue]) -> str:
    """What a person has to correct before they can go on; "" if nothing."""
    wrong = next((field for field in fields if "problem" in field), None)
    return _("Correct '{field}' first: {problem}", field=wrong["title"], problem=wrong["problem"]) if wrong else ""


def _key(group: str, name: str) -> str:
    return f"{group}:{name}"


def _with_refusal(field: FieldValue, refused: Refused | None) -> FieldValue:
    return field if refused is None else {**field, "value": refused.entry, "problem": refused.reason}
