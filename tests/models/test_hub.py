"""The Hub: unreachable, offline, and what its refusals are called in plain words."""

import errno
import time
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from huggingface_hub import constants, errors

from studio.hub_token import token_for
from studio.models import hub
from studio.models.hub import explain_failure, is_reachable, last_reach, reach, search
from studio.paths import Home


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


def answering(monkeypatch: pytest.MonkeyPatch, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def get(url: str, params: dict[str, Any], headers: dict[str, str], **_: Any) -> httpx2.Response:
        asked.append({**params, "authorization": headers.get("authorization")})
        return httpx2.Response(200, json=entries, request=httpx2.Request("GET", url))

    session = SimpleNamespace(head=lambda *_, **__: None, get=get)
    monkeypatch.setattr("huggingface_hub.get_session", lambda: session)
    return asked


def test_offline_mode_asks_nobody(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    result = search("bert", ["fill-mask", "text-classification"])
    assert not result.reachable and "HF_HUB_OFFLINE" in result.reason and result.models == ()


@pytest.mark.usefixtures("online")
def test_an_unreachable_hub_is_said_soon_and_remembered(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert last_reach(home) is None
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    assert not search("bert", ["fill-mask", "text-classification"]).reachable
    assert sum(waited) < 8
    monkeypatch.setattr("huggingface_hub.get_session", lambda: pytest.fail("asked again within the minute"))
    assert reach(home).reason == last_reach(home).reason != ""  # type: ignore[union-attr]
    monkeypatch.setattr(hub, "REMEMBERED_SECONDS", -1)
    assert last_reach(home) is None


@pytest.mark.usefixtures("online")
def test_a_search_reads_what_the_hub_says(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {
        "id": "a/b",
        "downloads": 5,
        "likes": 2,
        "tags": ["safetensors", "license:mit"],
        "gated": False,
        "safetensors": {"total": 22_000_000},
    }
    asked = answering(monkeypatch, [entry, {"id": "c/d", "downloads": 9}])
    result = search("b", ["fill-mask", "text-classification"], limit=5)
    assert is_reachable() and result.reachable
    assert [model.id for model in result.models] == ["c/d", "a/b"]
    known = result.models[1]
    assert (known.licence, known.parameters, known.has_safetensors) == ("mit", 22_000_000, True)
    assert all(params["filter"] == "safetensors" for params in asked)


@pytest.mark.usefixtures("online")
def test_a_visitor_searches_without_the_login_of_whoever_runs_the_server(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    asked = answering(monkeypatch, [])
    for each in (home, home.of_person("ben")):
        assert search("b", ["fill-mask"], home=each).reachable
    assert [each["authorization"] for each in asked] == ["Bearer hf_secret", None]


def test_a_visitor_is_told_of_no_login(home: Home) -> None:
    for error in (errors.GatedRepoError, errors.RepositoryNotFoundError):
        for token, words in ((None, "log in with"), (token_for(home.of_person("ben")), "everybody may read")):
            assert words in explain_failure(error("x", response=answer(403)), "a/b", token).explanation.what_to_do


def answer(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "http://hub"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.GatedRepoError("x", response=answer(403)), "accept conditions"),
        (errors.RepositoryNotFoundError("x", response=answer(404)), "no such name"),
        (errors.RevisionNotFoundError("x", response=answer(404)), "no such revision"),
        (errors.HfHubHTTPError("x", response=answer(503)), "error 503"),
        (errors.HFValidationError("x"), "owner/name"),
        (errors.OfflineModeIsEnabled("x"), "offline mode"),
        (httpx2.ConnectTimeout("x"), "in time"),
        (httpx2.ConnectError("x"), "cannot be reached"),
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (RuntimeError("strange"), "strange"),
    ],
)
def test_every_failure_has_plain_words(error: Exception, words: str) -> None:
    explanation = explain_failure(error, "a/b").explanation
    assert words in str(explanation) and explanation.what_to_do


def test_no_token_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "hf_secret" not in str(explain_failure(errors.RepositoryNotFoundError("x", response=answer(401)), "a/b"))


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("content", ["", "[1]", '{"a": 1}', '{"time": "x"}'])
def test_a_damaged_memory_of_the_hub_counts_as_none(home: Home, content: str) -> None:
    home.cache.mkdir(parents=True)
    (home.cache / "hub.json").write_text(content)
    assert last_reach(home) is None
