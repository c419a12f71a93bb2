"""Signing in with Hugging Face on a Space, against a provider on this machine."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from logs import make_run
from provider import FakeHub, fake_hub
from served import PASSWORD, app_with, ask_component, press, services_with, somebody
from starlette.requests import Request
from starlette.testclient import TestClient

from studio.app.access import hugging_face
from studio.app.access.gate import guest
from studio.app.access.hub_people import HubPeople, hub_account, hub_name
from studio.app.access.hugging_face import (
    AT_ONCE,
    AWAY,
    BEGIN,
    CALLBACK,
    DENIED,
    MOST_BYTES,
    NOT_BEGUN,
    SECONDS,
    UNKNOWN,
    HuggingFace,
    NotSignedInError,
    User,
    provider_of,
)
from studio.app.access.person import asked_by
from studio.app.access.sign_in import machine_of
from studio.app.quotas import is_a_guest_s, quota_of, remove_forgotten
from studio.app.server import make_asgi, refuse_open_door
from studio.paths import Home
from studio.server_settings import ServerSettings
from studio.store import Store

MEMBERS = ("Carl",)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeHub, Home, FastAPI]]:
    """A Space with accounts, of a provider, a home and a server."""
    home = Home(tmp_path_factory.mktemp("space") / "home")
    with fake_hub() as hub, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in hub.environment.items():
            monkeypatch.setenv(name, value)
        yield hub, home, app_with(home, host="0.0.0.0", auth=(f"ben:{PASSWORD}", f"dora:{PASSWORD}"), members=("carl",))


@pytest.fixture
def hub(space: tuple[FakeHub, Home, FastAPI]) -> FakeHub:
    space[0].answers.clear()
    return space[0]


@pytest.fixture
def app(space: tuple[FakeHub, Home, FastAPI]) -> FastAPI:
    return space[2]


@pytest.fixture
def people(space: tuple[FakeHub, Home, FastAPI]) -> Path:
    return space[1].people


def sent_away(browser: TestClient) -> str:
    answer = browser.get(BEGIN)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_in(app: FastAPI, hub: FakeHub, username: str, subject: str = "") -> TestClient:
    browser = somebody(app)
    answer = browser.get(hub.allow(sent_away(browser), username, subject))
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    return browser


def who(browser: TestClient) -> str:
    """What the bar across the top says of the person."""
    told: str = json.dumps(json.loads(press(browser, "stepper", "select", ["0" * 24], event_data={"key": "runs"})))
    return told


def test_the_page_offers_it_beside_what_else_there_is(
    app: FastAPI, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = somebody(app).get("/login").text
    assert "Sign in with Hugging Face" in page and BEGIN in page and 'type="password"' in page
    assert "guest" not in page and "_blank" not in page
    monkeypatch.setenv("SPACE_ID", "anna/studio")  # in a frame of huggingface.co, which shows itself in none
    open_page = somebody(app_with(home, open_to_everyone=True)).get("/login").text
    assert "Sign in with Hugging Face" in open_page and "as a guest" in open_page and "password" not in open_page
    assert 'target="_blank"' in open_page
    monkeypatch.delenv("OPENID_PROVIDER_URL")
    elsewhere = app_with(home, host="0.0.0.0", auth=(f"ben:{PASSWORD}",))
    assert "Hugging Face" not in somebody(elsewhere).get("/login").text
    assert somebody(elsewhere).get(BEGIN).status_code == 404


def test_who_is_confirmed_comes_in_under_a_name_that_is_nobody_else_s(app: FastAPI, hub: FakeHub, people: Path) -> None:
    browser = come_in(app, hub, "ben")
    assert browser.get("/config").status_code == 200 and '"name": "ben"' in who(browser)
    assert "studio-signing-in" not in browser.cookies
    folders = [folder.name for folder in people.iterdir()]
    assert len(folders) == 1 and folders[0].startswith("hf~ben~"), "not the folder of the account that is named so"
    assert browser.post("/logout").status_code == 303
    assert browser.get("/config").status_code == 401


def test_the_owner_of_the_space_is_administrator_and_nobody_else(app: FastAPI, hub: FakeHub, people: Path) -> None:
    run = make_run(Store(Home(people.parent)), "of the server")
    told = {
        name: ask_component(come_in(app, hub, name), "runs", "fetch_page", {"count": 20}) for name in ("anna", "carl")
    }
    assert run.id in told["anna"] and run.id not in told["carl"]


def test_a_name_that_was_given_up_opens_nothing_of_its_former_owner(app: FastAPI, hub: FakeHub, people: Path) -> None:
    for subject in ("1", "2"):
        who(come_in(app, hub, "fay", subject))
    assert len(list(people.glob("hf~fay~*"))) == 2


@pytest.mark.parametrize(
    ("name", "is_admin", "is_guest"), [("anna", True, False), ("carl", False, False), ("eve", False, True)]
)
def test_what_each_may_do(name: str, is_admin: bool, is_guest: bool, tmp_path: Path) -> None:
    people = HubPeople("Anna", MEMBERS, tmp_path)
    account = people.account(User(sub="1", preferred_username=name))
    person = people.person(account, "s", "")
    assert person and (person.is_admin, person.is_guest) == (is_admin, is_guest)
    assert (quota_of(person, ServerSettings()) is not None) == is_guest
    assert is_admin or is_a_guest_s(person.workspace, MEMBERS) == is_guest


@pytest.mark.parametrize("name", ["anna", "carl"])
def test_a_name_with_rights_belongs_to_whoever_first_signed_in_with_it(
    app: FastAPI, hub: FakeHub, people: Path, name: str
) -> None:
    owner = come_in(app, hub, name)
    for taken in (name, name.swapcase()):
        refused(thief := somebody(app), hub.allow(sent_away(thief), taken, "another"), "belongs to another user")
    assert come_in(app, hub, name).get("/config").status_code == 200
    file = people.parent / "hub-names" / f"{name.lower()}.json"
    file.write_text("damaged")
    refused(nobody := somebody(app), hub.allow(sent_away(nobody), name), f"delete hub-names/{file.name}")
    file.unlink()  # as the administrator does
    assert come_in(app, hub, name, "another").get("/config").status_code == 200
    assert owner.get("/config").status_code == 401, "the name is not theirs any more"
    file.unlink()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a~b", "~", "ä", "x" * 97, "a b", "-a", "a\n"])
def test_names_that_hugging_face_gives_to_nobody(name: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        hub_account(name, "1")


def test_other_people_s_names_are_none_of_theirs(tmp_path: Path) -> None:
    people = HubPeople("Anna", MEMBERS, tmp_path)
    for name in ("anna", "guest-0123", "hf~anna", "hf~a~b~c", guest("x" * 43).workspace):
        assert hub_name(name) is None and people.person(name, "s", "") is None


# --- what goes wrong is said on the page to sign in -------------------------------------------------


def refused(browser: TestClient, path: str, words: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (401, 502) and words in answer.text and "Sign in with" in answer.text, answer.text
    assert "studio-session" not in browser.cookies and browser.get("/config").status_code == 401


def test_an_answer_counts_once_in_the_browser_that_asked(app: FastAPI, hub: FakeHub) -> None:
    ben, eve = somebody(app), somebody(app)
    bens = hub.allow(sent_away(ben), "ben")
    refused(eve, bens, NOT_BEGUN)
    sent_away(eve)
    refused(eve, bens, NOT_BEGUN)
    refused(somebody(app), f"{CALLBACK}?code=x", NOT_BEGUN)
    stolen = bens.split("&")[0] + "&" + hub.allow(sent_away(eve), "eve").split("&")[1]
    refused(eve, stolen, UNKNOWN)  # another's code under one's own state: the verifier is missing
    assert ben.get(bens).status_code == 401, "and the code is spent"
    again = somebody(app)
    address = hub.allow(sent_away(again), "ben")
    assert again.get(address).status_code == 303
    assert again.get(address).status_code == 401


def test_who_does_not_allow_it_is_not_signed_in(app: FastAPI, hub: FakeHub) -> None:
    browser = somebody(app)
    state = hub.allow(sent_away(browser), "ben").split("state=")[1]
    refused(browser, f"{CALLBACK}?error=access_denied&error_description=<b>&state={state}", DENIED)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/userinfo"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [(500, AWAY), (403, UNKNOWN), ("<html>", AWAY), ("{}", AWAY), ("[]", AWAY)],
)
def test_a_provider_that_does_not_answer_as_it_should(
    app: FastAPI, hub: FakeHub, path: str, answer: int | str, words: str
) -> None:
    browser = somebody(app)
    address = hub.allow(sent_away(browser), "ben")
    hub.answers[path] = answer
    refused(browser, address, words)


@pytest.mark.parametrize("token", ["", "é", "a\nb"])
def test_a_token_that_is_none_is_refused(app: FastAPI, hub: FakeHub, token: str) -> None:
    browser = somebody(app)
    address = hub.allow(sent_away(browser), "ben")
    hub.answers["/oauth/token"] = json.dumps({"access_token": token})
    refused(browser, address, AWAY)


def test_an_answer_without_end_is_not_read(app: FastAPI, hub: FakeHub) -> None:
    browser = somebody(app)
    address = hub.allow(sent_away(browser), "ben")
    hub.answers["/oauth/token"] = json.dumps({"access_token": "x"}) + " " * MOST_BYTES
    refused(browser, address, AWAY)


def test_a_name_that_would_lead_elsewhere_is_not_believed(app: FastAPI, hub: FakeHub) -> None:
    browser = somebody(app)
    refused(browser, hub.allow(sent_away(browser), "../../anna"), UNKNOWN)


def asking(hub: FakeHub, **environment: str) -> HuggingFace:
    provider = provider_of({**hub.environment, **environment})
    assert provider
    return HuggingFace(provider)


async def address(url: str, hub: FakeHub) -> str:
    return await asking(hub, OPENID_PROVIDER_URL=url).address("x" * 43, "here")


def test_a_provider_that_does_not_describe_itself(hub: FakeHub) -> None:
    described = "/.well-known/openid-configuration"
    asked = asking(hub)
    for answer in (503, 404, "<html>", "{}"):
        hub.answers[described] = answer
        with pytest.raises(NotSignedInError):
            asyncio.run(asked.address("x" * 43, "here"))
    hub.answers.clear()
    assert asyncio.run(asked.address("x" * 43, "here")), "it is asked again"


def test_a_provider_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, hub: FakeHub) -> None:
    monkeypatch.setattr(hugging_face, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NotSignedInError, match=AWAY):
            asyncio.run(address(url, hub))
    for nobody in (url, "nonsense", "http://[", "http://"):
        with pytest.raises(NotSignedInError, match=AWAY):
            asyncio.run(address(nobody, hub))


def test_only_what_was_begun_here_in_time_and_for_the_first_time_is_asked_about(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = asking(hub), asking(hub, OAUTH_CLIENT_SECRET="another")
    secret, now = "x" * 43, time.time()
    right = here.state(secret, now)
    made_up = ("", "x", f"{now:.0f}-", f"{now:.0f}", "-", "²-x", f"{'9' * 5000}-x", f"{right}\ud800")
    wrong = (elsewhere.state(secret, now), here.state("y" * 43, now), here.state(secret, now - SECONDS - 1), *made_up)
    asked: list[str] = []

    async def ask(*_: Any, **__: Any) -> None:
        asked.append("asked")
        raise NotSignedInError(UNKNOWN)

    monkeypatch.setattr(here, "_ask", ask)
    for state, words in (*((each, NOT_BEGUN) for each in wrong), (right, UNKNOWN), (right, NOT_BEGUN)):
        with pytest.raises(NotSignedInError, match=words):
            asyncio.run(here.user({"state": state, "code": "made up"}, secret, "here"))
    assert asked == ["asked"], "once, for the one that is right"


def test_one_machine_leaves_places_for_the_others(monkeypatch: pytest.MonkeyPatch, hub: FakeHub) -> None:
    monkeypatch.setattr(hugging_face, "ANSWER_SECONDS", 300)

    async def many(silent: str) -> None:
        asked = asking(hub, OPENID_PROVIDER_URL=silent)
        waiting = [asyncio.create_task(asked.address("x" * 43, "one machine")) for _ in range(AT_ONCE)]
        await asyncio.sleep(0.05)
        asked._provider = replace(asked._provider, url=hub.url)
        assert await asked.address("x" * 43, "another")
        assert not any(each.done() for each in waiting), "while all those wait"
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(many(f"http://127.0.0.1:{silent.getsockname()[1]}"))


@pytest.mark.parametrize(
    ("forwarded", "machine"),
    [({}, "192.0.2.1"), ({"x-forwarded-for": "made up, 203.0.113.7"}, "203.0.113.7")],
)
def test_a_machine_is_what_the_proxy_says(forwarded: dict[str, str], machine: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in forwarded.items()]
    assert machine_of(Request({"type": "http", "headers": headers, "client": ("192.0.2.1", 5)})) == machine


# --- where it is the only way in, and where it is none of several -----------------------------------


def test_alone_it_closes_the_page_to_everybody_else(hub: FakeHub, home: Home) -> None:
    refuse_open_door(ServerSettings(host="0.0.0.0"))
    app = app_with(home, host="0.0.0.0")
    assert somebody(app).get("/config").status_code == 401
    assert come_in(app, hub, "eve").get("/config").status_code == 200


def test_a_guest_is_shown_the_way_in_and_keeps_what_is_theirs(hub: FakeHub, home: Home) -> None:
    services = services_with(home, host="0.0.0.0", open_to_everyone=True)
    app = make_asgi(services)
    browser = somebody(app)
    browser.get("/")
    assert "Sign in" in who(browser)
    person = guest(browser.cookies["studio-guest"])
    with asked_by(person):
        run = make_run(services.store, "a guest's")
    assert run.id in ask_component(browser, "runs", "fetch_page", {"count": 20})
    assert run.id not in ask_component(come_in(app, hub, "eve"), "runs", "fetch_page", {"count": 20})


def test_without_any_way_in_a_guest_is_shown_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_HOST", raising=False)
    browser = somebody(app_with(home, host="0.0.0.0", open_to_everyone=True))
    browser.get("/")
    assert "Sign in" not in who(browser)


def test_what_is_no_member_s_is_removed_as_a_guest_s(home: Home) -> None:
    for name in ("hf~carl~00000000", "hf~eve~00000000", "ben"):
        home.of_person(name).root.mkdir(parents=True)
    remove_forgotten(home, 0, MEMBERS)
    assert sorted(folder.name for folder in home.people.iterdir()) == ["ben", "hf~carl~00000000"]
