"""What nobody needs goes by itself, day by day, from every home."""

import os
import time

import pytest
from served import services_with, somebody

from studio.app import sweeping
from studio.app.server import make_asgi
from studio.app.sweeping import Sweeper, sweep_reporting
from studio.errors import StudioError
from studio.paths import Home
from studio.removal import A_DAY


def test_every_home_is_swept(home: Home) -> None:
    uploads = []
    for each in (home, home.of_person("ben")):
        upload = each.uploads / ("e" * 16)
        upload.mkdir(parents=True)
        os.utime(upload, (time.time() - 31 * A_DAY,) * 2)
        uploads.append(upload)
    sweeper = Sweeper(home, 30, first=0.0)
    sweeper.start()
    end = time.monotonic() + 10
    while any(upload.exists() for upload in uploads) and time.monotonic() < end:
        time.sleep(0.01)
    sweeper.close()
    assert not any(upload.exists() for upload in uploads)


def test_a_home_that_cannot_be_swept_is_logged(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(home: Home) -> None:
        raise StudioError("It cannot be read.")

    monkeypatch.setattr(sweeping, "sweep", fail)
    sweep_reporting(home)
    assert "could not be removed" in caplog.text


def test_the_server_sweeps(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[Home] = []
    monkeypatch.setattr(sweeping, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(sweeping, "sweep_reporting", swept.append)
    services = services_with(home)
    with somebody(make_asgi(services)) as browser:
        browser.get("/")
        end = time.monotonic() + 10
        while not swept and time.monotonic() < end:
            time.sleep(0.01)
    assert swept == [home]
