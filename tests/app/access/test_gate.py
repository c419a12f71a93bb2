"""Who comes in: nobody without an account where there are accounts, and guests where it is open to everyone."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from served import PASSWORD, app_with, paths_of, signed_in, somebody
from starlette.testclient import TestClient

from studio.app.access.gate import LINK, PUBLIC
from studio.app.access.sign_in import WRONG, too_often
from studio.app.access.throttle import FREE
from studio.paths import Home

METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
UNKNOWN = ("/nothing", "/docs", "/openapi.json", "/.env", "//", "/%2e%2e/etc/passwd", "/gradio_api/file=/etc/passwd")
OURS = ("/studio-static/plotly/plotly.min.js", "/studio-static/assets/logo.svg", "/config", "/theme.css")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("server") / "home")


@pytest.fixture(scope="module")
def guarded(root: Home) -> FastAPI:
    return app_with(root, auth=(f"anna:{PASSWORD}", f"ben:{PASSWORD}"))


@pytest.fixture(scope="module")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = Home(tmp_path_factory.mktemp("open") / "home")
    return app_with(home, host="0.0.0.0", auth=(f"anna:{PASSWORD}",), open_to_everyone=True)


@pytest.fixture
def stranger(guarded: FastAPI) -> Iterator[TestClient]:
    yield somebody(guarded)


def walked(app: FastAPI) -> list[str]:
    """Every path of the app that is not for everybody."""
    paths = set(paths_of(app.routes))
    assert len(paths) > 50 and any("component_server" in path for path in paths), "the page's own routes are missing"
    return sorted(path for path in {*paths, *UNKNOWN, *OURS} if not path.startswith(PUBLIC))


def test_every_route_needs_a_session(guarded: FastAPI, stranger: TestClient) -> None:
    for path in walked(guarded):
        for method in METHODS:
            answer = stranger.request(method, path)
            assert answer.status_code == 401, f"{method} {path} answered {answer.status_code}"
            assert "Basic" not in answer.headers["www-authenticate"], "a browser would ask with a window of its own"


def test_where_it_is_open_every_route_but_the_page_needs_a_guest_s_cookie(open_app: FastAPI) -> None:
    for path in walked(open_app):
        if path.strip("/") and not path.startswith(LINK):  # a link leads to the page
            assert somebody(open_app).get(path).status_code == 401, path


def test_a_websocket_needs_a_session_too(stranger: TestClient) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), stranger.websocket_connect("/gradio_api/queue/join"):
        pass


def test_a_browser_is_sent_to_sign_in_and_its_page_loads_nothing_that_is_closed(stranger: TestClient) -> None:
    sent = stranger.get("/", headers={"Accept": "text/html,*/*"})
    assert sent.status_code == 303 and sent.headers["location"] == "/login"
    page = stranger.get("/login")
    assert page.status_code == 200 and 'autocomplete="current-password"' in page.text
    assert stranger.get("/studio-static/assets/css/sign_in.css").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("anna", ""), ("", ""), ("Anna", PASSWORD)]
)
def test_what_is_not_the_password_is_refused(stranger: TestClient, name: str, password: str) -> None:
    answer = stranger.post("/login", data={"username": name, "password": password})
    assert answer.status_code == 401 and WRONG in answer.text and not answer.cookies
    assert stranger.get("/config").status_code == 401


def test_a_form_that_is_none_is_refused(stranger: TestClient) -> None:
    for body in (b"", b"\xff" * 100, b"username=anna&password=" + b"x" * 100_000, b"&".join([b"a=1"] * 500)):
        assert stranger.post("/login", content=body).status_code in (401, 429)


def test_the_session_opens_the_page_and_ends_with_signing_out(guarded: FastAPI) -> None:
    browser = signed_in(guarded, "anna")
    for path in ("/", "/config", *OURS):
        assert browser.get(path).status_code == 200, path
    secret = browser.cookies["studio-session"]
    assert browser.post("/logout").status_code == 303 and "studio-session" not in browser.cookies
    copied = somebody(guarded, cookies={"studio-session": secret})
    assert copied.get("/config").status_code == 401, "what was signed out of opens nothing any more"


def test_signing_in_again_ends_the_session_before(guarded: FastAPI) -> None:
    browser = signed_in(guarded, "anna")
    before = somebody(guarded, cookies={"studio-session": browser.cookies["studio-session"]})
    assert before.get("/config").status_code == 200
    assert browser.post("/login", data={"username": "anna", "password": PASSWORD}).status_code == 303
    assert browser.get("/config").status_code == 200 and before.get("/config").status_code == 401


def test_a_session_outlives_the_server_but_not_its_account(root: Home, guarded: FastAPI) -> None:
    secret = signed_in(guarded, "ben").cookies["studio-session"]
    restarted = app_with(root, auth=(f"anna:{PASSWORD}", "ben:another password"))
    assert somebody(restarted, cookies={"studio-session": secret}).get("/config").status_code == 200
    without = app_with(root, auth=(f"anna:{PASSWORD}",))
    assert somebody(without, cookies={"studio-session": secret}).get("/config").status_code == 401
    assert secret not in "".join(file.name + file.read_text() for file in root.sessions.iterdir())


@pytest.mark.parametrize("value", ["", "x", "x" * 40, "../" * 20, "\u00fc" * 40, 'a"b;c' * 10])
def test_a_cookie_that_a_browser_makes_up_is_no_session(guarded: FastAPI, value: str) -> None:
    header = {"Cookie": f"studio-session={value}; studio-guest={value}".encode()}
    assert somebody(guarded).get("/config", headers=header).status_code == 401


@pytest.mark.parametrize(
    ("address", "forwarded", "secure"),
    [("http://127.0.0.1:7860", "", False), ("https://127.0.0.1:7860", "", True), ("http://127.0.0.1", "https", True)],
)
def test_the_cookie_is_kept_from_scripts_other_sites_and_open_lines(
    guarded: FastAPI, address: str, forwarded: str, secure: bool
) -> None:
    browser = somebody(guarded, address)
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    answer = browser.post("/login", data={"username": "anna", "password": PASSWORD}, headers=headers)
    parts = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts) and ("Secure" in parts) == secure


def test_too_many_wrong_passwords_have_to_wait(root: Home) -> None:
    app = app_with(root, auth=(f"anna:{PASSWORD}", f"ben:{PASSWORD}"))
    for _ in range(FREE):
        assert somebody(app).post("/login", data={"username": "anna", "password": "x"}).status_code == 401
    right = somebody(app).post("/login", data={"username": "anna", "password": PASSWORD})
    assert right.status_code == 429 and too_often(60).split("60")[0] in right.text and not right.cookies


# --- open to everyone -------------------------------------------------------------------------------


def test_a_guest_gets_a_cookie_with_the_page_and_keeps_it(open_app: FastAPI) -> None:
    browser = somebody(open_app)
    assert browser.get("/").status_code == 200 and len(browser.cookies["studio-guest"]) > 40
    first = browser.cookies["studio-guest"]
    assert browser.get("/").status_code == 200 and browser.cookies["studio-guest"] == first
    assert browser.get("/config").status_code == 200


def test_an_administrator_signs_in_where_others_are_guests(open_app: FastAPI) -> None:
    assert signed_in(open_app, "anna").get("/config").status_code == 200


def test_alone_nobody_is_asked(tmp_path: Path) -> None:
    alone = somebody(app_with(Home(tmp_path / "home")))
    assert alone.get("/config").status_code == 200 and not alone.cookies
    assert alone.get("/login").status_code == 303


def test_a_burst_of_tries_counts_as_what_it_is(root: Home) -> None:
    app = app_with(root, auth=(f"anna:{PASSWORD}", f"ben:{PASSWORD}"))

    def attempt(_: int) -> int:
        return browser.post("/login", data={"username": "anna", "password": "x"}).status_code

    with somebody(app) as browser, ThreadPoolExecutor(16) as pool:  # entered, it answers in one event loop
        answers = Counter(pool.map(attempt, range(32)))
    assert answers[401] <= FREE and answers[429] >= 32 - FREE
