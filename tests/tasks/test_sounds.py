"""What tasks that listen share."""

from types import SimpleNamespace
from typing import Any

import pytest

from studio.errors import StudioError
from studio.tasks.sounds import rate_of


@pytest.mark.parametrize("rate", [0, -1, 10**9, "16000", None, [16000], "x" * 10**6])
def test_a_model_that_asks_for_what_nothing_hears_is_refused(rate: Any) -> None:
    with pytest.raises(StudioError, match=r"ask for .{1,40} values a second"):
        rate_of(SimpleNamespace(sampling_rate=rate))
    assert rate_of(SimpleNamespace(sampling_rate=16_000)) == 16_000
