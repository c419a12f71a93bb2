"""Putting rows right, or leaving them as they came: what the Data page offers beside the list of what was found."""

from typing import Any

from components.changes import ChangesValue
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.data.assembly import Assembled
from studio.data.cleaning import Mending, mend, mended, mendings, take_back

CLEANING = "data.cleaning"  # where the run file says what is put right


def offers(draft: Draft, assembled: Assembled) -> list[Mending]:
    """What can be put right in the draft's rows."""
    return mendings(draft.data.cleaning, assembled.problems, rows_of_classes(assembled))


def rows_of_classes(assembled: Assembled) -> dict[str, int]:
    return {name: sum(parts.values()) for name, parts in assembled.counts.items()}


def shown(entries: list[Mending]) -> ChangesValue:
    """For `components.changes`."""
    return {"changes": [{"key": each.key, "title": each.title, "value": each.value} for each in entries]}


def done(draft: Draft) -> ChangesValue:
    return shown(mended(draft.data.cleaning))


def put_right(services: Services, draft: Draft, key: str = "") -> Draft:
    """The draft with one offer taken, or all of them."""
    assembled = services.datasets.assembled(draft)
    cleaning, counts = draft.data.cleaning, rows_of_classes(assembled)
    for each in offers(draft, assembled):
        cleaning = mend(cleaning, each.key, counts) if key in ("", each.key) else cleaning
    return draft.configure({CLEANING: cleaning.model_dump()})


def press(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return put_right(services, draft, str(event["key"]))


def leave(draft: Draft, event: dict[str, Any]) -> Draft:
    """One thing as it came, or everything."""
    key = str(event["key"])
    if not key:
        return draft.without(CLEANING)
    return draft.configure({CLEANING: take_back(draft.data.cleaning, key).model_dump()})
