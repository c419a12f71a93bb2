"""The limits that a server hands on to its processes."""

import pytest

from studio.data.limits import LIMIT_VARIABLE, Limits, limits_here
from studio.errors import StudioError


def test_the_environment_names_the_upload_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    assert limits_here() == Limits()
    monkeypatch.setenv(LIMIT_VARIABLE, "5")
    assert limits_here().upload_megabytes == 5


def test_a_limit_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "much")
    with pytest.raises(StudioError, match=LIMIT_VARIABLE):
        limits_here()
