"""Homes with several damaged files: every page is drawn, every list is printed, and what cannot be is said in words.

The short form runs with the other tests. The long form, with the seeds behind the first ones:

    STUDIO_FUZZ_HOMES=300 uv run pytest -n0 -s tests/faults/test_homes.py

A failure names its seed and is printed; the same seed with the same --basetemp damages the same files.
"""

import os
import sys
from pathlib import Path

import pytest
from faults import homes
from upgrade_samples import open_sample

from studio.store import Store

HOMES = int(os.environ.get("STUDIO_FUZZ_HOMES", "8"))
SEED = int(os.environ.get("STUDIO_FUZZ_SEED", "0"))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def test_no_home_shows_a_traceback(tmp_path: Path, text_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    sample = open_sample("v2", tmp_path)
    assert len(list(Store(sample.home))) > 3
    report = homes.run(HOMES, SEED, sample.home.root, str(text_model), tmp_path, caplog, say)
    say(f"homes: {report}")
    assert not report.failures
