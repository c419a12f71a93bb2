"""The page in the reader's language: what is served, what events and components answer, and choosing the language."""

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from served import app_with, ask_component, press, signed_in, somebody
from starlette.testclient import TestClient
from unspoken import pseudo_language, unspoken

from components.forms import Form
from components.notices import heading
from components.tables import PagedTable
from components.words import Speaker, drawn, escape, language, plural, speak, spoken
from components.words import _ as words
from studio import language as studio_language
from studio.app.access.person import Person, asked_by, speaker_of
from studio.app.speaking import SpeakingBlocks, said_config, said_update
from studio.language import _
from studio.paths import Home

GERMAN = {"accept-language": "de-CH,de;q=0.9"}
PROPER_NAMES = {"UTF-8", "UTF-16", "ASCII", "run.yaml"}
OURS = (_, studio_language.plural, studio_language.number)
SHOWN = {"label", "info", "placeholder", "value", "js_on_load", "choices"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return app_with(Home(tmp_path_factory.mktemp("speaking") / "home"))


@pytest.fixture(scope="module")
def browser(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1:7860") as running:
        running.headers["x-page"] = "speaking"
        yield running


def differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    assert type(one) is type(other), path
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for name in one:
            yield from differences(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for at, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}.{at}")
    elif one != other:
        yield path, one, other


# --- what is served -----------------------------------------------------------------------------------


def test_the_page_in_german_differs_in_words_alone(browser: TestClient) -> None:
    english, german = browser.get("/config").json(), browser.get("/config", headers=GERMAN).json()
    found = list(differences(english, german))
    assert ("Cancel", "Abbrechen") in [(one, other) for _path, one, other in found]
    assert {path.split(".")[4] for path, _one, _other in found if path.startswith(".components")} <= SHOWN
    assert {path.split(".")[-1] for path, _one, _other in found if ".choices." in path} == {"0"}, "values stay"
    assert all(path.startswith(".components") for path, _one, _other in found)
    assert all(isinstance(each, str) for _path, *pair in found for each in pair)


def test_every_language_is_served_as_often_as_asked_for(browser: TestClient) -> None:
    for _time in range(2):
        assert "Was möchten Sie tun?" in browser.get("/config", headers=GERMAN).text
        assert "What do you want to do?" in browser.get("/config").text


@pytest.mark.parametrize("packing", ["identity", "br, gzip"])
def test_the_html_says_its_language(browser: TestClient, packing: str) -> None:
    german = browser.get("/", headers={**GERMAN, "accept-encoding": packing})
    assert '<html\n\tlang="de"' in german.text and '"Dark": ["Dunkel"]' in german.text
    assert int(german.headers["content-length"]) == len(german.content)
    english = browser.get("/").text
    assert '<html\n\tlang="en"' in english and "window.studioWords = {};" in english
    assert browser.head("/").status_code == 200


def test_a_page_of_blocks_is_said_widget_by_widget() -> None:
    with SpeakingBlocks() as blocks:
        gr.HTML(drawn(heading, _("What to teach"), "x < y"), elem_id="page")
        gr.Radio([(_("Data"), "Data"), ("plain", "plain")], value="Data", label=_("Model"), elem_id="radio")
        gr.Dropdown([_("Test")], value="Test", elem_id="dropdown")
        Form(title=words("Share"), elem_id="form")
    with asked_by(Person(language="de")):
        page, radio, dropdown, form = properties(blocks)
    assert "<h2>Was gelehrt wird</h2><p>x &lt; y</p>" in page["value"]
    assert radio["choices"] == [("Daten", "Data"), ("plain", "plain")]
    assert (radio["value"], radio["label"]) == ("Data", "Modell")
    assert dropdown["choices"] == [("Test", "Test")] and dropdown["value"] == "Test"
    assert '"title": "Teilen"' in form["js_on_load"]
    assert '"title": "Share"' in properties(blocks)[-1]["js_on_load"]


def properties(blocks: gr.Blocks) -> list[dict[str, Any]]:
    """Of the widgets that have a name."""
    return [each["props"] for each in blocks.config["components"] if each["props"].get("elem_id")]


def test_values_that_are_chosen_stay_what_they_are() -> None:
    update = gr.update(choices=[(_("Data"), _("Data"))], value=_("Data"), label=_("Data"))
    with asked_by(Person(language="de")):
        said = said_update(gr.Dropdown(), update)
        assert said_update(gr.Textbox(), update)["value"] == "Daten"
        assert said_config({"title": _("Data"), "components": []}) == {"title": "Daten", "components": []}
    assert said["choices"] == [("Daten", "Data")] and said["value"] == "Data" and said["label"] == "Daten"


# --- what is answered ---------------------------------------------------------------------------------


def opened(browser: TestClient, **headers: str) -> str:
    """What loading the page brings."""
    config = browser.get("/config", headers=headers).json()
    call = next(each for each in config["dependencies"] if [target[1] for target in each["targets"]] == ["load"])
    body = {"fn_index": call["id"], "data": [None], "session_hash": browser.headers["x-page"]}
    return unescape(browser.post("/gradio_api/run/predict", json=body, headers=headers).text)


def test_events_are_answered_in_the_language_of_who_asks(browser: TestClient) -> None:
    german, english = opened(browser, **GERMAN), opened(browser)
    assert "Was möchten Sie tun?" in german and '"title":"Läufe"' in german and '"chosen":"de"' in german
    assert "What do you want to do?" in english and '"title":"Runs"' in english and '"chosen":"en"' in english


def test_the_queue_answers_in_the_language_of_who_asked(browser: TestClient) -> None:
    draft = json.loads(opened(browser))["data"][0]
    config = browser.get("/config").json()
    search = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "hub-found")
    call = next(each for each in config["dependencies"] if [search, "select"] in each["targets"])
    body = {"fn_index": call["id"], "data": [draft], "session_hash": "queued", "event_data": {"wrong": 1}}
    assert browser.post("/gradio_api/queue/join", json=body, headers=GERMAN).is_success
    told = browser.get("/gradio_api/queue/data?session_hash=queued", headers=GERMAN).text
    answered = [json.loads(line.removeprefix("data: ")) for line in told.splitlines() if line.startswith("data: ")]
    message = next(each for each in answered if each["msg"] == "process_completed")["output"]["data"][1]
    assert "Das war nicht zu verstehen." in message and "Die Seite hat kein „key“ gesendet." in message


def test_components_answer_in_the_language_of_who_asks(browser: TestClient) -> None:
    browser.headers["accept-language"] = "de"
    try:
        assert "Laden Sie die Seite neu." in ask_component(browser, "runs", "fetch_page", "no object")
    finally:
        browser.headers["accept-language"] = "en"
    assert "Load the page again." in ask_component(browser, "runs", "fetch_page", "no object")


def test_a_table_says_what_its_page_holds() -> None:
    with gr.Blocks():
        table = PagedTable(lambda query: {"rows": [{"title": _("Data"), "name": "Data"}]}, caption=_("Data"))
    with asked_by(Person(language="de")):
        assert table.fetch_page({}) == {"rows": [{"title": "Daten", "name": "Data"}]}


# --- choosing -----------------------------------------------------------------------------------------


def test_a_chosen_language_is_remembered(app: FastAPI) -> None:
    browser = somebody(app, headers={"accept-language": "sv,en"})
    assert 'lang="en"' in browser.get("/").text
    answer = browser.post("/language", data={"language": "de"})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("studio-language=de;") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert 'lang="de"' in browser.get("/").text
    browser.post("/language", data={"language": "en"})
    assert 'lang="en"' in browser.get("/", headers=GERMAN).text


@pytest.mark.parametrize("data", [{}, {"language": "xx"}, {"language": "de; Path=/x"}, {"other": "de"}])
def test_what_is_no_language_is_not_remembered(app: FastAPI, data: dict[str, str]) -> None:
    answer = somebody(app).post("/language", data=data)
    assert answer.status_code == 303 and "set-cookie" not in answer.headers


def test_another_site_chooses_no_language(app: FastAPI) -> None:
    answer = somebody(app).post("/language", data={"language": "de"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["studio-language=xx", "studio-language=", "studio-language=../de", ";;=\x01"])
def test_a_broken_cookie_chooses_nothing(app: FastAPI, cookie: str) -> None:
    assert 'lang="de"' in somebody(app).get("/", headers={**GERMAN, "cookie": cookie}).text


def test_whoever_signs_in_reads_their_language(tmp_path: Path) -> None:
    with pseudo_language():
        app = app_with(Home(tmp_path / "home"), auth=("ann:secret",), open_to_everyone=True)
        page = somebody(app).get("/login", headers=GERMAN)
        wrong = somebody(app).post("/login", data={"username": "ann", "password": "x"}, headers=GERMAN)
        refused = somebody(app).get("/config", headers=GERMAN)
    assert '<html lang="de">' in page.text
    assert set(unspoken(page.text)) == {"Fine-Tuning Studio", "· Fine-Tuning Studio"}
    assert "«The name or the password is wrong.»" in wrong.text
    assert refused.status_code == 401 and refused.text.startswith("«Nobody is signed in.")
    assert '<html lang="en">' in somebody(app).get("/login").text


def test_people_have_a_language_each(tmp_path: Path) -> None:
    app = app_with(Home(tmp_path / "home"), auth=("ann:se:cret ü", "ben:se:cret ü"))
    ann, ben = signed_in(app, "ann"), signed_in(app, "ben")
    ann.post("/language", data={"language": "de"})
    assert "Abmelden" in opened(ann) and "Sign out" in opened(ben)
    assert "Modell" in unescape(press(ann, "stepper", "select", ["0" * 32], event_data={"key": "model"}))


# --- components alone ---------------------------------------------------------------------------------


def test_components_speak_english_where_nobody_reads() -> None:
    assert language() == "en" and words("a {b}", b="c") == "a c" and escape("<") == "&lt;"
    assert plural("{n} row", "{n} rows", 1) == "1 row" and plural("{n} row", "{n} rows", 2) == "2 rows"
    assert spoken(["x", _("Data")]) == ["x", "Data"]


def test_components_say_what_they_are_told() -> None:
    with speak(speaker_of("de")):
        assert language() == "de" and words("Data") == "Daten" and escape(_("Data")) == "Daten"
        assert heading(_("Data")) == heading("Daten")
        assert plural("{n:,} row", "{n:,} rows", 2) == "2 Zeilen"
    kept = words("Data")
    with speak(Speaker("xx", lambda each, code: studio_language.all_said(each, "de"), *OURS)):
        assert spoken({"title": kept}) == {"title": "Daten"}
    assert kept == "Data"


# --- what is left -------------------------------------------------------------------------------------


def test_unwrapped_words_are_found() -> None:
    page = {
        "components": [
            {"type": "html", "props": {"value": "<p title='Left'>«all» <b>Bare</b> 12 %</p>"}},
            {"type": "button", "props": {"value": "«Press»", "label": None}},
            {"type": "dropdown", "props": {"value": "auto", "choices": [["Auto", "auto"], ["«one «two»»", "x"]]}},
            {"type": "textbox", "props": {"value": "data", "label": "Name", "info": "«x»"}},
        ]
    }
    assert unspoken(page) == ["Left", "Bare", "Auto", "Name"]
    assert unspoken([{"cards": [{"key": "x", "title": "«T»", "value": "v"}], "nothing": "None"}]) == ["None"]


def test_the_first_page_says_everything_but_proper_names(tmp_path: Path) -> None:
    with pseudo_language():
        browser = somebody(app_with(Home(tmp_path / "home")), headers=GERMAN)
        left = unspoken(browser.get("/config").json())
        assert "«What do you want to do?»" in browser.get("/config").text
    assert set(left) <= PROPER_NAMES
