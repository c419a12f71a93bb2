"""What Gradio serves of its own accord: only what the page needs, and to each person only what is theirs."""

import errno
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from logs import make_run
from served import PASSWORD, element, services_with, signed_in
from starlette.testclient import TestClient

from studio.app.access import for_gradio
from studio.app.access.person import Person, asked_by
from studio.app.drafts import Drafts
from studio.app.forged import FORGED
from studio.app.pages import Services
from studio.app.server import make_asgi
from studio.paths import Home

UNNEEDED = """/openapi.json /gradio_api/openapi.json /gradio_api/info /gradio_api/info/ /gradio_api/proxy=https://x.hf.space
/gradio_api/runs /gradio_api/run-history/buckets /gradio_api/call/x/y /gradio_api/dev/reload /gradio_api/vibe-code
/gradio_api/token /gradio_api/user /gradio_api/stream/a/b/c/playlist.m3u8 /gradio_api/deep_link /gradio_api/file/x
/monitoring /monitoring/summary /gradio_api/ /gradio_api/api/x"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    accounts = tuple(f"{name}:{PASSWORD}" for name in ("anna", "ben", "carl"))
    made = services_with(Home(tmp_path_factory.mktemp("gradio") / "home"), auth=accounts)
    yield made
    made.workspaces.close()


@pytest.fixture(scope="module")
def app(services: Services) -> FastAPI:
    return make_asgi(services)


@pytest.fixture(scope="module")
def ben(app: FastAPI) -> Iterator[TestClient]:
    with signed_in(app, "ben") as browser:  # entered, it answers in one event loop, as a server does
        yield browser


@pytest.fixture(scope="module")
def as_carl(app: FastAPI) -> dict[str, str]:
    return {"Cookie": f"studio-session={signed_in(app, 'carl').cookies['studio-session']}"}


@pytest.mark.parametrize("path", UNNEEDED.split())
def test_what_the_page_does_not_need_is_not_served(ben: TestClient, path: str) -> None:
    answer = ben.get(path)
    assert answer.status_code == 404 and "needs nothing" in answer.text


@pytest.mark.parametrize("route", ["run/predict", "queue/join"])
@pytest.mark.parametrize("path", ["https://studio.example/a.csv", "http://127.0.0.1:1/a.csv"])
def test_the_server_fetches_no_file_from_an_address(ben: TestClient, route: str, path: str) -> None:
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = {"fn_index": 0, "data": [{"deep": [file]}], "session_hash": "ben's page"}
    answer = ben.post(f"/gradio_api/{route}", json=body)
    assert answer.status_code == 400 and "Upload it" in answer.text


def test_another_s_upload_is_taken_by_nobody_else(
    services: Services, ben: TestClient, as_carl: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(services.server.temporary))  # as `serve` does
    (path,) = ben.post("/gradio_api/upload", files={"files": ("a.csv", b"text,label\na,b\n")}).json()
    event, place = an_event_with(ben, "file", queued=True)
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = [*event["data"][:place], file, *event["data"][place + 1 :]]
    for session, headers, status in (("carls file", as_carl, 400), ("bens file", {}, 200)):
        body = {**event, "data": data, "session_hash": session}
        assert ben.post("/gradio_api/queue/join", json=body, headers=headers).status_code == status


JSON = {"content-type": "application/json"}


# --- forged questions -------------------------------------------------------------------------------

QUESTIONS: tuple[Any, ...] = (
    *(None, 1, "x", [], {}, {"run": 1, "offset": "x"}, {"run": "../..", "offset": -1}, {"run": "x", "offset": 10**30}),
    *(
        {"start": "a"},
        {"count": 1e300, "start": -5},
        {"start": [1], "filter": {}},
        {"start": 10**30},
        {"filter": "\ud800"},
    ),
    *({"token": "../../x"}, {"token": ["x"], "run": {"a": 1}, "draft": 5, "file": "../x", "dataset": [{}], "split": 7}),
)


@pytest.mark.parametrize("part", ["live-chart", "runs", "preview", "dropped", "examples", "behind-examples"])
def test_a_component_answers_any_question_or_says_what_is_wrong(services: Services, ben: TestClient, part: str) -> None:
    with asked_by(Person("ben", "ben", False)):
        run = make_run(services.store).id
    forged = [*QUESTIONS, {"run": run, "offset": 10**30}, {"run": run, "offset": -7}]
    number = element(ben.get("/config").json(), part)
    function = "poll_run" if part == "live-chart" else "fetch_page"
    for data in forged:
        body = {"component_id": number, "fn_name": function, "data": data, "session_hash": "s"}
        answer = ben.post("/gradio_api/component_server", content=as_json(body))
        assert answer.status_code in (200, 422), (data, answer.text)
        assert answer.status_code == 200 or answer.text.strip().endswith("."), "a sentence"


A_FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
VALUES: tuple[Any, ...] = (5, 1.5, True, "x", [], {}, [[1]], [None], {"a": 1}, A_FILE, "\ud800")


def an_event_with(browser: TestClient, kind: str, queued: bool) -> tuple[dict[str, Any], int]:
    """What the page sends with an event that brings the value of such a widget, and which of its values that is."""
    config = browser.get("/config").json()
    widgets = {each["id"]: each for each in config["components"]}
    for call in config["dependencies"]:
        kinds = [widgets[number]["type"] for number in call["inputs"]]
        if kind in kinds and call["queue"] == queued:
            data = [widgets[number]["props"].get("value") for number in call["inputs"]]
            body = {"fn_index": call["id"], "data": data, "session_hash": f"forged {kind}", "event_data": {}}
            return body, kinds.index(kind)
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", ["dropdown", "radio", "checkboxgroup", "textbox", "browserstate"])
def test_a_forged_value_is_refused_in_a_sentence(
    ben: TestClient, kind: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    event, place = an_event_with(ben, kind, queued=False)
    for value in VALUES:
        body = {**event, "data": [*event["data"][:place], value, *event["data"][place + 1 :]]}
        answer = ben.post("/gradio_api/run/predict", content=as_json(body), headers=JSON)
        refused = answer.status_code == 422 and answer.json()["error"] == FORGED
        assert refused or answer.status_code == 200, (value, answer.text)
        assert refused or value is not A_FILE
    assert "Traceback" not in capfd.readouterr().err
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("kind", ["file", "image", "dropdown"])
def test_a_forged_value_in_the_queue_is_refused_in_a_sentence(
    ben: TestClient, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    event, place = an_event_with(ben, kind, queued=True)
    body = {**event, "data": [*event["data"][:place], A_FILE, *event["data"][place + 1 :]]}
    assert ben.post("/gradio_api/queue/join", json=body).is_success
    told = ben.get("/gradio_api/queue/data", params={"session_hash": body["session_hash"]}).text
    assert FORGED in told and "passwd" not in told
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("body", [{"fn_index": "x"}, {"fn_index": 0, "data": []}, {"fn_index": 0, "data": "x"}])
def test_an_event_of_another_shape_is_refused_in_a_sentence(ben: TestClient, body: dict[str, Any]) -> None:
    answer = ben.post("/gradio_api/run/predict", json={**body, "session_hash": "s"})
    assert answer.status_code == 422 and FORGED in answer.text


@pytest.mark.parametrize("route", ["run/predict", "queue/join"])
def test_an_event_that_the_page_does_not_have(
    ben: TestClient, route: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    script = next(each["id"] for each in ben.get("/config").json()["dependencies"] if not each["backend_fn"])
    for number in (script, -1, 9999, None, True, 10**30):
        body = {"fn_index": number, "data": [], "session_hash": "none"}
        answer = ben.post(f"/gradio_api/{route}", json=body)
        assert answer.status_code == 422 and answer.text == f"{FORGED}\n", number
    assert "Traceback" not in capfd.readouterr().err
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("kind", ["textbox", "dropdown"])
def test_an_event_that_names_a_file_which_nobody_sent(
    ben: TestClient, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    event, _ = an_event_with(ben, kind, queued=False)
    answer = ben.post("/gradio_api/run/predict", json={**event, "event_data": {"path": "x"}})
    assert answer.status_code == 422 and answer.json()["error"] == FORGED
    assert "Traceback" not in capfd.readouterr().err


def test_a_mistake_of_the_studio_stays_one(ben: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    event, _ = an_event_with(ben, "textbox", queued=False)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    monkeypatch.setattr("gradio.Textbox.preprocess", full)
    answer = ben.post("/gradio_api/run/predict", json=event)
    assert answer.status_code == 500 and FORGED not in answer.text


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("number", [10**6, -1, "x", None, [], {}, 10**30])
def test_a_component_that_the_page_does_not_have(ben: TestClient, number: Any) -> None:
    body = {"component_id": number, "fn_name": "fetch_page", "data": {}, "session_hash": "s"}
    answer = ben.post("/gradio_api/component_server", json=body)
    assert answer.status_code == 404 and "no such part" in answer.text


@pytest.mark.parametrize("route", ["component_server", "queue/join", "run/predict", "cancel"])
@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b"1", b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_none_is_refused(ben: TestClient, route: str, body: bytes) -> None:
    answer = ben.post(f"/gradio_api/{route}", content=body)
    assert answer.status_code == 400 and "no JSON object" in answer.text


# --- what belongs to another's page -----------------------------------------------------------------


def join(ben: TestClient, session: str) -> str:
    """An event of ben's; its id."""
    config = ben.get("/config").json()
    target = [[element(config, "stepper"), "select"]]
    call = next(each for each in config["dependencies"] if each["targets"] == target)
    body = {"fn_index": call["id"], "data": ["0" * 24], "event_data": {"key": "runs"}, "session_hash": session}
    answer = ben.post("/gradio_api/queue/join", json=body)
    assert answer.is_success, answer.text
    return str(answer.json()["event_id"])


def test_the_answers_to_another_s_events_are_not_theirs(ben: TestClient, as_carl: dict[str, str]) -> None:
    join(ben, "bens")
    stolen = ben.get("/gradio_api/queue/data?session_hash=bens", headers=as_carl)
    assert stolen.status_code == 403 and "another page" in stolen.text
    told = ben.get("/gradio_api/queue/data?session_hash=bens").text
    assert "process_completed" in told, "they are still there for whom they belong to"


@pytest.mark.parametrize("session", ["bens-cancelled", "carls"])
def test_another_s_event_is_cancelled_by_nobody_else(
    ben: TestClient, as_carl: dict[str, str], session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, load = threading.Event(), Drafts.load
    monkeypatch.setattr(Drafts, "load", lambda self, draft_id: asked.wait(60) and load(self, draft_id))
    event = join(ben, "bens-cancelled")
    body = {"event_id": event, "session_hash": session, "fn_index": 0}
    for route in ("cancel", "run/predict"):
        refused = ben.post(f"/gradio_api/{route}", json={**body, "data": []}, headers=as_carl)
        assert refused.status_code == 403 and "another page" in refused.text
    asked.set()
    assert "process_completed" in ben.get("/gradio_api/queue/data?session_hash=bens-cancelled").text


def test_an_event_of_one_s_own_can_be_cancelled(ben: TestClient) -> None:
    event = join(ben, "own")
    assert ben.post("/gradio_api/cancel", json={"event_id": event, "session_hash": "own", "fn_index": 0}).is_success


def test_another_s_page_is_not_ended_and_nothing_is_put_into_it(ben: TestClient, as_carl: dict[str, str]) -> None:
    join(ben, "bens-page")
    body = {"fn_index": 0, "data": [], "session_hash": "bens-page", "component_id": 1, "fn_name": "x"}
    assert ben.get("/gradio_api/heartbeat/bens-page", headers=as_carl).status_code == 403
    assert ben.get("/gradio_api/heartbeat/bens-page/", headers=as_carl).status_code == 403
    for route in ("queue/join", "run/predict", "reset"):
        assert ben.post(f"/gradio_api/{route}", json=body, headers=as_carl).status_code == 403, route


def test_how_far_another_s_upload_is_stays_theirs(ben: TestClient, as_carl: dict[str, str]) -> None:
    files = {"files": ("a.csv", b"text,label\na,b\n")}
    assert ben.post("/gradio_api/upload?upload_id=bens", files=files).is_success
    told = ben.get("/gradio_api/upload_progress?upload_id=bens", headers=as_carl)
    assert told.status_code == 403 and "a.csv" not in told.text
    assert ben.post("/gradio_api/upload?upload_id=bens", files=files, headers=as_carl).status_code == 403


def test_only_so_many_marks_are_remembered(
    ben: TestClient, as_carl: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(for_gradio, "REMEMBERED", 3)

    def name(session: str, **more: Any) -> int:
        body = {"event_id": "x", "session_hash": session}
        return ben.post("/gradio_api/reset", json=body, **more).status_code

    assert [name(session) for session in ("m0", "m1", "m2", "m3")] == [200] * 4
    assert name("m3", headers=as_carl) == 403 and name("m0", headers=as_carl) == 200
