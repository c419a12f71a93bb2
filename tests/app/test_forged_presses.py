"""Presses as no page of ours sends them: each is refused in a sentence, or changes nothing that matters."""

from types import SimpleNamespace
from typing import Any

import pytest
from faults.damages import ODD
from logs import make_run

from studio.app.clicks import Click
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.pages import Services
from studio.runner import Supervisor

PARTS = ("key", "to", "name", "row", "path", "group", "value", "mark", "train", "validation", "test")
NAMES = ("\0", "row:", "row:x", "row:-1", "row:1e9", "label:x", "labels", "corrections", "split.seed", "x:x")
TO = ("open", "copy", "rename", "delete", "pause", "resume", "stop")


def forged(draft: Draft) -> list[Any]:
    """What may stand in an event."""
    rows = [{"row": {"id": odd, "row": odd, "cells": odd}} for odd in ODD]
    parts = [dict.fromkeys(PARTS, odd) for odd in (*ODD, *NAMES)]
    presses = [{"key": key, "to": to, "name": odd} for key in (draft.id, "f" * 24) for to in TO for odd in (5, "", [])]
    return [None, "x", [], {}, *rows, *parts, *presses]


@pytest.mark.parametrize("page", ["model", "data", "strategy", "train", "test", "runs", "projects"])
def test_whatever_a_press_brings_is_answered(
    services: Services, shell: Shell, text_draft: Draft, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that take long are tried apart: they read files and ask models."""
    monkeypatch.setattr(Supervisor, "enqueue", lambda self, run: None)
    run = make_run(services.store)
    draft = text_draft.change(run=run.id, picked=run.id, page=page, example=1)
    clicks = [Click(shell, shell.pages[page], wire) for wire in shell.pages[page].wires if wire.event]
    quick = [click for click in clicks if not click.is_slow]
    assert quick
    for click in quick:
        click.drawn = []  # drawing is no part of it, and takes long
        for event in forged(draft):
            services.drafts.save(draft)
            assert click.handle(SimpleNamespace(_data=event), draft.id)  # type: ignore[arg-type]
