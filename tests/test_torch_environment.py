"""What the environment tells torch: read from a table, and what somebody has chosen stays."""

import os

import pytest

from studio.torch_environment import SETTINGS, prepare_torch


def test_what_is_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "")  # so that all is put back in the end
        monkeypatch.delenv(name)
    monkeypatch.setenv("LRU_CACHE_CAPACITY", "7")
    prepare_torch()
    assert {name: os.environ[name] for name in SETTINGS} == SETTINGS | {"LRU_CACHE_CAPACITY": "7"}
