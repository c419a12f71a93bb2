"""Damaged uploads and model folders: whatever they hold, a person reads a sentence.

The short form runs with the other tests. The long form, with the seeds behind the first ones:

    STUDIO_FUZZ_UPLOADS=2000 STUDIO_FUZZ_FOLDERS=300 uv run pytest -n0 -s tests/faults/test_untrusted.py

A failure names its seed; `make(seed, ...)` makes the case again.
"""

import os
import sys
from pathlib import Path

import conftest
import pytest
from faults import model_folders, uploads

from studio.paths import Home

UPLOADS = int(os.environ.get("STUDIO_FUZZ_UPLOADS", "60"))
FOLDERS = int(os.environ.get("STUDIO_FUZZ_FOLDERS", "60"))
SEED = int(os.environ.get("STUDIO_FUZZ_SEED", "0"))
BUILDS = "STUDIO_FUZZ_FOLDERS" in os.environ  # the long form lets transformers build what passes
SLOWEST = 20.0  # seconds of processor time for one


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def test_the_long_form_can_be_asked_for(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Other settings of whoever runs the tests decide nothing."""
    monkeypatch.setattr(os, "environ", {"STUDIO_FUZZ_UPLOADS": "2000", "STUDIO_PORT": "80"})
    conftest.isolate_from_this_machine(request.config)
    assert "STUDIO_PORT" not in os.environ and os.environ["STUDIO_FUZZ_UPLOADS"] == "2000"


def test_no_upload_shows_anything_but_sentences(tmp_path: Path, home: Home) -> None:
    report = uploads.run(UPLOADS, SEED, tmp_path, home, say)
    say(f"uploads: {report}")
    assert not report.failures
    assert report.slowest[0] < SLOWEST


def test_sound_uploads_are_used(tmp_path: Path, home: Home) -> None:
    """What the damages begin with is read: otherwise they would prove nothing."""
    outcomes = {kind: uploads.take(f"a.{kind}", content, tmp_path, home) for kind, content in uploads.samples().items()}
    few = {"png": "refused", "table.zip": "imported", "boxes.zip": "imported", "coco.zip": "imported"}
    few |= {"voc.zip": "imported", "yolo.zip": "imported"}
    assert outcomes == {kind: few.get(kind, "usable") for kind in outcomes}


def test_no_model_folder_shows_anything_but_sentences(
    tmp_path: Path, home: Home, text_model: Path, image_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = model_folders.run(FOLDERS, SEED, [text_model, image_model], tmp_path, home, BUILDS, say)
    say(f"model folders: {report}")
    assert not report.failures
    assert report.slowest[0] < SLOWEST
