"""Drafts as earlier versions wrote them, converted to the current form, so that an upgrade loses no choice."""

from collections.abc import Mapping
from typing import Any

from studio.migrations import Format

DATA = ("source", "reading", "columns", "cleaning", "limit", "split")
SECTIONS = ("strategy", "training", "options")
GONE = ("cell",)  # where the person last clicked in a table that is another one now: nothing that they chose


def from_version_1(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The first form had no version and held the settings of a run side by side, each under a name of its own.

    They become a partial run file, in which nothing stands that was not chosen; all else stays. The choices that are
    set aside during a demo (`own`) had the same form.
    """
    data = {name: draft[name] for name in DATA if draft.get(name) is not None}
    config = {
        "task": draft.get("task"),
        "model": {"id": draft["model"]} if draft.get("model") else None,
        "data": data,
        **{name: draft.get(name) for name in SECTIONS},
    }
    rest = {name: value for name, value in draft.items() if name not in {"task", "model", *DATA, *SECTIONS, *GONE}}
    own = draft.get("own")
    return {
        **rest,
        "config": {name: value for name, value in config.items() if value},
        "own": from_version_1(own) if own else None,
    }


def from_version_2(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a run should really be deleted was asked, and stood in the draft; now deleting can be undone."""
    own = draft.get("own")
    rest = {name: value for name, value in draft.items() if name != "deleting"}
    return {**rest, "own": from_version_2(own) if own else None}


DRAFT = Format("draft", (from_version_1, from_version_2))  # drafts/ID.json, and in it `own`, another draft's choices
