"""What another site's page sends is refused, too much as well, and every answer says what a browser may do with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from served import ADDRESS, app_with, paths_of, somebody
from starlette.testclient import TestClient

from studio.app.access.requests import MOST_BYTES
from studio.paths import Home

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return app_with(Home(tmp_path_factory.mktemp("server") / "home"))


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    yield somebody(app)


FOREIGN: list[dict[str, Any]] = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://127.0.0.1.evil.example:7860"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": EVIL, "Sec-Fetch-Site": "same-origin"},
]


def test_no_route_takes_a_change_from_another_site(app: FastAPI, browser: TestClient) -> None:
    paths = set(paths_of(app.routes))
    assert any("upload" in path for path in paths) and any("component_server" in path for path in paths)
    for path in sorted(paths):
        for method in CHANGING:
            assert browser.request(method, path, headers={"Origin": EVIL}).status_code == 403, f"{method} {path}"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_whatever_a_browser_says_of_another_site_is_believed(browser: TestClient, headers: dict[str, str]) -> None:
    assert browser.post("/gradio_api/upload", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ADDRESS},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://studio.example", "X-Forwarded-Host": "studio.example"},
    ],
    ids=str,
)
def test_the_page_itself_and_programs_may_change_things(browser: TestClient, headers: dict[str, str]) -> None:
    answer = browser.post("/gradio_api/upload", files={"files": ("a.csv", b"a,b\n")}, headers=headers)
    assert answer.status_code == 200


def test_anybody_may_read_what_the_gate_lets_through(browser: TestClient) -> None:
    assert browser.get("/config", headers={"Origin": EVIL}).status_code == 200
    assert "access-control-allow-origin" not in browser.get("/config", headers={"Origin": EVIL}).headers


@pytest.mark.parametrize("origin", [EVIL, "http://localhost:3000"])
@pytest.mark.parametrize("host", ["127.0.0.1:7860", "[::1]:7860"])
def test_no_page_of_another_site_may_read_or_ask_in_the_name_of_a_proxy(
    browser: TestClient, host: str, origin: str
) -> None:
    """Asked by a browser beforehand, too: it sends X-Forwarded-Host for a page only where it is allowed to."""
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-forwarded-host"}
    said = {"Host": host, "Origin": origin}
    for answer in (browser.get("/config", headers=said), browser.options("/config", headers=said | wanted)):
        assert "access-control-allow-origin" not in answer.headers


def test_a_body_larger_than_any_of_ours_is_refused(browser: TestClient) -> None:
    large = b"x" * (MOST_BYTES + 1)
    assert browser.post("/gradio_api/queue/join", content=large).status_code == 413
    pieces = (b"x" * 1024 * 1024 for _ in range(MOST_BYTES // 1024**2 + 1))
    assert browser.post("/gradio_api/component_server", content=pieces).status_code in (400, 413)  # FastAPI says 400


@pytest.mark.parametrize("path", ["/", "/config", "/nothing", "/studio-static/assets/logo.svg", "/login"])
def test_every_answer_says_what_a_browser_may_do(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'" and headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff" and headers["cross-origin-resource-policy"] == "same-origin"


def test_a_space_may_be_shown_inside_the_page_of_the_hub(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "anna/studio")
    visitor = somebody(app_with(Home(tmp_path / "home"), host="0.0.0.0", open_to_everyone=True))
    answer = visitor.get("/")
    assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("SameSite=None", "Partitioned", "Secure", "HttpOnly"))
