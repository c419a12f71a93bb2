"""A server that starts goes on with the sweeps whose drivers were killed, those of everybody."""

import pytest
import yaml
from served import app_with, somebody

from studio.paths import Home
from studio.sweeps import driver
from studio.sweeps.folder import Sweep, Sweeps

SWEEP = {
    "task": "text-classification",
    "model": {"id": "starter/text"},
    "data": {"source": "reviews.csv"},
    "training": {"epochs": {"low": 1, "high": 3}},
}


def killed(home: Home) -> Sweep:
    return Sweeps(home).create(yaml.safe_dump(SWEEP), "search")


def test_killed_drivers_are_started_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    own, theirs, stopped = killed(home), killed(home.of_person("guest-1")), killed(home)
    stopped.stop()
    begun: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(driver, "start_driver", lambda sweep, environment: begun.append((sweep.id, environment)))
    with somebody(app_with(home, trust_remote_code=True)):
        assert {sweep for sweep, _environment in begun} == {own.id, theirs.id} and len(begun) == 2
    assert all(environment["STUDIO_TRUST_REMOTE_CODE"] == "1" for _sweep, environment in begun)
