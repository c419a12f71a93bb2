"""Putting rows right, or leaving them as they came: what the Data page offers beside the list of what was found."""

from typing import Any

from components.changes import ChangesValue
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.data.assembly import Assembled
from studio.data.cleaning import CleaningOptions, Mending, mend, mended, mendings, take_back


def offers(draft: Draft, assembled: Assembled) -> list[Mending]:
    """What can be put right in the draft's rows."""
    return mendings(draft.cleaning, assembled.problems, assembled.class_sizes)


def shown(entries: list[Mending]) -> ChangesValue:
    """For `components.changes`."""
    return {"changes": [{"key": each.key, "title": each.title, "value": each.value} for each in entries]}


def done(draft: Draft) -> ChangesValue:
    return shown(mended(draft.cleaning))


def put_right(services: Services, draft: Draft, key: str = "") -> Draft:
    """The draft with one offer taken, or all of them."""
    assembled = services.datasets.assembled(draft)
    cleaning, counts = draft.cleaning, assembled.class_sizes
    for each in offers(draft, assembled):
        cleaning = mend(cleaning, each.key, counts) if key in ("", each.key) else cleaning
    return draft.change(cleaning=cleaning)


def press(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return put_right(services, draft, str(event["key"]))


def leave(draft: Draft, event: dict[str, Any]) -> Draft:
    """One thing as it came, or everything."""
    key = str(event["key"])
    return draft.change(cleaning=take_back(draft.cleaning, key) if key else CleaningOptions())
