"""Undo: whatever a press took away is offered back, in a line beside the place, until the page is left.

A press that replaces choices says so with `taken`: they come back as they were, as long as nothing else was chosen
since. What was deleted from the disk comes back by its key, from where deleted things lie.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from components.undo import UndoNotice
from studio.app.drafts import Draft, Undo
from studio.app.pages import Section, Wire

Return = Callable[[Draft, str], Draft]  # (draft, key of what was deleted) -> the draft with it back


def taken(before: Draft, after: Draft, place: str, said: str) -> Draft:
    """`after`, with the choices of `before` offered back at this place; said: what the press did to them."""
    if before.choices() == after.choices():
        return after
    return after.change(undo=Undo(place=place, said=said, before=before.choices(), after=_fingerprint(after)))


def deleted(draft: Draft, place: str, said: str, key: str) -> Draft:
    """The draft with what lies among the deleted things as `key` offered back at this place."""
    return draft.change(undo=Undo(place=place, said=said, key=key))


def undoing(place: str, bring_back: Return | None = None, opens: bool = False) -> Section:
    """The line of one place. bring_back: for what was deleted; opens: whether that may open another project."""
    line = UndoNotice(elem_id=f"undo-{place}")

    def show(draft: Draft) -> list[Any]:
        undo = offered(draft, place)
        return [{"said": undo.said} if undo else None]

    return Section([line], show, [Wire(line.select, partial(undo_last, place, bring_back), opens=opens)])


def offered(draft: Draft, place: str) -> Undo | None:
    """What can be undone there now."""
    undo = draft.undo
    if undo is None or undo.place != place:
        return None
    return undo if undo.key or undo.after == _fingerprint(draft) else None


def undo_last(place: str, bring_back: Return | None, draft: Draft) -> Draft:
    undo = offered(draft, place)
    if undo is None:
        return draft
    rest = draft.change(undo=None)
    return bring_back(rest, undo.key) if bring_back and undo.key else rest.with_choices(undo.before)


def _fingerprint(draft: Draft) -> str:
    return hashlib.sha256(json.dumps(draft.choices(), sort_keys=True).encode()).hexdigest()[:16]
