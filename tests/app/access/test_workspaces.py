"""What belongs to one person is seen, changed and fetched by nobody else."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from logs import make_run
from served import PASSWORD, ask_component, press, services_with, signed_in, somebody
from starlette.testclient import TestClient

from studio.app import workspaces
from studio.app.access.gate import guest
from studio.app.access.person import OWNER, Person, asked_by, current_person
from studio.app.drafts import OWN, Draft, Drafts
from studio.app.live import Pace
from studio.app.pages import Services
from studio.app.repeating import command_line
from studio.app.run_list import run_page
from studio.app.runs import start_run
from studio.app.server import make_asgi
from studio.app.sharing import share
from studio.app.tabs.model import choose_card, choose_folder, take
from studio.app.tabs.runs import start_from
from studio.app.tabs.train import watch
from studio.app.under_way import Question
from studio.app.workspaces import Workspaces
from studio.config import RunConfig
from studio.errors import StudioError
from studio.files import replace_text
from studio.paths import Home
from studio.store import Run

ANNA, BEN, CARL = Person("anna", "", True), Person("ben", "ben", False), Person("carl", "carl", False)
EVERYBODY = (ANNA, BEN, CARL, guest("x" * 43))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    accounts = tuple(f"{name}:{PASSWORD}" for name in ("anna", "ben", "carl"))
    made = services_with(Home(tmp_path_factory.mktemp("people") / "home"), auth=accounts)
    yield made
    made.workspaces.close()


@pytest.fixture(scope="module")
def runs(services: Services) -> dict[Person, Run]:
    """One run of each."""
    found = {}
    for person in EVERYBODY:
        with asked_by(person):
            found[person] = make_run(services.store, f"of {person.workspace or 'the server'}")
    return found


@pytest.fixture(scope="module")
def app(services: Services) -> FastAPI:
    return make_asgi(services)


def test_nobody_asks_until_somebody_does() -> None:
    assert current_person() == OWNER
    with asked_by(BEN):
        assert current_person() == BEN
    assert current_person() == OWNER


def test_each_sees_their_own_runs_alone(services: Services, runs: dict[Person, Run]) -> None:
    for person, own in runs.items():
        with asked_by(person):
            assert [row["id"] for row in run_page(services, {"count": 50})["rows"]] == [own.id]
            assert services.store.find(own.id) == own
            for other in (run for run in runs.values() if run != own):
                assert services.store.find(other.id) is None
                assert watch(services, Pace(), other.id, 0)["status_title"] == "No such run"


def test_each_has_drafts_of_their_own(services: Services) -> None:
    with asked_by(BEN):
        draft = services.drafts.save(services.drafts.load(None).change(title="of ben"))
    with asked_by(CARL):
        assert services.drafts.load(draft.id).title == ""
    with asked_by(BEN):
        assert services.drafts.load(draft.id).title == "of ben"


def test_the_supervisor_knows_the_runs_of_everybody(services: Services, runs: dict[Person, Run]) -> None:
    for run in runs.values():
        run.enqueue()
    assert {run.id for run in services.supervisor.queue()} == {run.id for run in runs.values()}
    for run in runs.values():
        run.dequeue()


def test_folders_of_the_server_are_named_by_administrators_alone(services: Services, text_model: Path) -> None:
    for person in EVERYBODY:
        with asked_by(person):
            draft = services.drafts.load(None).change(config={"task": "text-classification"})
            if person.is_admin:
                assert choose_folder(services, draft, str(text_model)).model == str(text_model)
                continue
            for way in (choose_folder, take):
                with pytest.raises(StudioError, match="cannot be used here"):
                    way(services, draft, str(text_model))


@pytest.mark.parametrize("folder", [".", "absent", "file"])
def test_who_only_visits_learns_of_no_folder_whether_it_is_there(
    services: Services, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").touch()
    with asked_by(BEN), pytest.raises(StudioError, match="cannot be used here"):
        draft = services.drafts.load(None).change(config={"task": "text-classification"})
        list(choose_card(services, draft, {"key": str(tmp_path / folder)}))


def test_a_run_names_nothing_of_the_server_or_of_others(
    services: Services, text_model: Path, tmp_path: Path, reviews: Path
) -> None:
    """Whatever a draft holds, and however it came there."""
    with asked_by(CARL):
        carls = services.home
    with asked_by(BEN):
        own = services.home.uploads / "1" / "reviews.csv"
        copied, link = carls.runs / "x" / "model", services.home.uploads / "1" / "link.csv"
    for file in (own, tmp_path / "outside.csv", carls.uploads / "1" / "reviews.csv"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(reviews.read_bytes())
    link.symlink_to(carls.uploads / "1" / "reviews.csv")
    shutil.copytree(text_model, copied)
    starter, of_ben = "starter/text", {"source": str(own)}
    refused = {
        "a folder of the machine": (str(text_model), of_ben),
        "another's model": (str(copied), of_ben),
        "another's data": (starter, {"source": str(carls.uploads / "1" / "reviews.csv")}),
        "a file of the machine": (starter, {"source": str(tmp_path / "outside.csv")}),
        "a way out": (starter, {"source": f"{own.parent}/../../../carl/uploads/1/reviews.csv"}),
        "a link out": (starter, {"source": str(link)}),
        "files outside": (starter, {**of_ben, "files": str(tmp_path)}),
    }
    rest = {"task": "text-classification", "strategy": {"name": "full"}}
    for what, (model, data) in refused.items():
        for person in (BEN, guest("x" * 43)):
            with asked_by(person), pytest.raises(StudioError, match="cannot be used here"):
                draft = services.drafts.load(None).change(config={**rest, "model": {"id": model}, "data": data})
                start_run(services, draft)
                pytest.fail(what)
    with asked_by(BEN):
        config = {**rest, "model": {"id": starter}, "data": of_ben}
        started = start_run(services, services.drafts.load(None).change(config=config)).run
        run = services.store.find(str(started))
    assert run is not None, "what he brought himself is used"
    run.dequeue()


def test_settings_of_a_shared_run_come_without_a_model_of_the_server(services: Services, text_model: Path) -> None:
    with asked_by(ANNA):
        data = {"source": "sample/films"}
        config = {"task": "text-classification", "model": {"id": str(text_model)}, "data": data}
        run = services.store.create(RunConfig.read({**config, "strategy": {"name": "full"}}, "test").to_text(), "annas")
        share(run, everybody=True, by_link=False)
    with asked_by(BEN):
        draft = start_from(services, services.drafts.load(None).change(picked=run.id))
        assert draft.model is None and draft.strategy["name"] == "full" and not draft.source


def test_who_only_visits_is_told_no_path_of_the_server(services: Services, runs: dict[Person, Run]) -> None:
    for person, run in runs.items():
        with asked_by(person):
            assert (str(services.home.root) in command_line(run, services.home)) == person.is_admin


# --- over the network -------------------------------------------------------------------------------


def stored(services: Services, person: Person) -> dict[str, Path]:
    with asked_by(person):
        home = services.home
    files = {
        "image": home.datasets / "some-data-set" / "thumbnails" / "1.png",
        "download": home.downloads / "model.zip",
        "draft": home.drafts / "draft.json",
        "upload": home.uploads / "abc" / "a.csv",
        "run": home.runs / "20260101-000000-abcd" / "run.yaml",
    }
    for file in files.values():
        replace_text(file, f"of {person.workspace}")
    return files


@pytest.mark.parametrize("route", ["/gradio_api/file=", "/gradio_api/file/", "/file=", "/file/"])
def test_files_are_fetched_by_their_owner_alone(services: Services, app: FastAPI, route: str) -> None:
    browsers = {person: signed_in(app, person.name) for person in (ANNA, BEN, CARL)}
    files = {person: stored(services, person) for person in browsers}
    reached = route == "/gradio_api/file="
    for person, browser in browsers.items():
        for owner, theirs in files.items():
            for kind, file in theirs.items():
                allowed = kind in ("image", "download") and (owner == person or person.is_admin)
                for way in (file, file.parent / ".." / file.parent.name / file.name):
                    answer = browser.get(f"{route}{way}")
                    assert answer.is_success == (allowed and reached), (person.name, owner.name, kind)


@pytest.mark.parametrize("address", ["https://studio.example/a.png", "http://127.0.0.1:1/a.png"])
def test_nothing_is_fetched_from_elsewhere(app: FastAPI, address: str) -> None:
    answer = signed_in(app, ANNA.name).get(f"/gradio_api/file={address}")
    assert (answer.status_code, answer.text) == (404, "There is no such file.\n")


@pytest.mark.parametrize("kind", ["datasets", "downloads"])
def test_a_link_in_one_s_own_folder_leads_nowhere_else(services: Services, app: FastAPI, kind: str) -> None:
    carls, servers = stored(services, CARL), stored(services, ANNA)
    with asked_by(BEN):
        own = getattr(services.home, kind) / "link"
    own.mkdir(parents=True)
    ben = signed_in(app, "ben")
    for number, secret in enumerate((carls["image"], carls["download"], servers["draft"], Path("/etc/passwd"))):
        link = own / f"{number}.png"
        link.symlink_to(secret)
        assert not ben.get(f"/gradio_api/file={link}").is_success, secret
    (own / "folder").symlink_to(carls["image"].parent)
    assert not ben.get(f"/gradio_api/file={own}/folder/1.png").is_success


def test_what_the_page_asks_for_in_another_s_name_is_not_there(
    services: Services, app: FastAPI, runs: dict[Person, Run]
) -> None:
    """The live chart and the list of runs, as the browser asks for them; and a click on another's draft."""
    with asked_by(BEN):
        draft = services.drafts.save(services.drafts.load(None).change(title="of ben", run=runs[BEN].id))
    seen = {person: asked(signed_in(app, person.name), runs[BEN], draft.id) for person in (BEN, CARL)}
    assert "No such run" not in seen[BEN]["chart"] and runs[BEN].id in seen[BEN]["list"]
    assert "No such run" in seen[CARL]["chart"] and runs[BEN].id not in seen[CARL]["list"]
    assert "of ben" in seen[BEN]["page"] and "of ben" not in seen[CARL]["page"]


def asked(browser: TestClient, run: Run, draft: str) -> dict[str, str]:
    return {
        "chart": ask_component(browser, "live-chart", "poll_run", {"run": run.id, "offset": 0}),
        "list": ask_component(browser, "runs", "fetch_page", {"start": 0, "count": 20}),
        "page": press(browser, "stepper", "select", [draft], event_data={"key": "train"}),
    }


def test_guests_do_not_see_each_other(tmp_path: Path) -> None:
    services = services_with(Home(tmp_path / "home"), host="0.0.0.0", open_to_everyone=True)
    app = make_asgi(services)
    browsers = [somebody(app), somebody(app)]
    for browser in browsers:
        browser.get("/")
    people = [guest(browser.cookies["studio-guest"]) for browser in browsers]
    assert len({person.workspace for person in people}) == 2
    with asked_by(people[0]):
        run = make_run(services.store, "a guest's")
    told = [asked(browser, run, "0" * 24) for browser in browsers]
    assert run.id in told[0]["list"] and run.id not in told[1]["list"]
    assert "No such run" not in told[0]["chart"] and "No such run" in told[1]["chart"]
    services.workspaces.close()


def test_what_is_sent_through_the_queue_is_answered_for_the_same_person(tmp_path: Path) -> None:
    """Also events that our page sends directly: whoever asks chooses the route."""
    services = services_with(Home(tmp_path / "home"), auth=tuple(f"{name}:{PASSWORD}" for name in ("anna", "ben")))
    secret = make_run(services.store, "the secret run")
    own = services.server.of_person("ben")
    with signed_in(make_asgi(services), "ben") as ben:
        calls = [call for call in ben.get("/config").json()["dependencies"] if not call["queue"]]
        assert len(calls) > 20
        for number, call in enumerate(calls):
            body = {
                "fn_index": call["id"],
                "data": ["0" * 24, *[None] * (len(call["inputs"]) - 1)][: len(call["inputs"])],
                "event_data": {"key": "runs", "row": {"id": secret.id}, "name": "task", "value": "x"},
                "session_hash": f"s{number}",
            }
            if ben.post("/gradio_api/queue/join", json=body).is_success:
                told = ben.get(f"/gradio_api/queue/data?session_hash=s{number}").text
                assert secret.id not in told and "the secret run" not in told, call["targets"]
    assert own.drafts.is_dir() and not services.server.drafts.exists(), "every draft is his"
    assert secret.exists and secret.name == "the secret run" and secret.pending_command is None


def test_two_tabs_of_one_draft_lose_nothing_of_each_other(
    services: Services, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of them changes stays while the other changes something else, however their requests meet."""
    with asked_by(BEN):
        draft = services.drafts.save(services.drafts.load(None).change(demo=OWN))
        file = services.home.drafts / f"{draft.id}.json"
    load = Drafts.load

    def slow_load(drafts: Drafts, draft_id: str | None) -> Draft:
        found = load(drafts, draft_id)
        time.sleep(0.02)
        return found

    monkeypatch.setattr(Drafts, "load", slow_load)
    secret = signed_in(app, "ben").cookies["studio-session"]

    def work(element: str, keys: tuple[str, ...]) -> list[str]:
        tab, seen = somebody(app, cookies={"studio-session": secret}), []
        for key in keys * 4:
            press(tab, element, "select", [draft.id], event_data={"key": key})
            now = json.loads(file.read_text())  # never half of it
            seen.append(now["page"] if element == "stepper" else now["config"]["task"])
        return seen

    choices = {"tasks": ("text-classification", "image-classification"), "stepper": ("runs", "share")}
    with ThreadPoolExecutor(2) as pool:
        tabs = [pool.submit(work, *each) for each in choices.items()]
    assert [tab.result() for tab in tabs] == [list(keys * 4) for keys in choices.values()]


def test_strangers_push_nobody_s_work_out_of_memory(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "REMEMBERED", 3)
    made = Workspaces(home)
    at_work, looking, left = made.named("ben"), made.named("carl"), made.named("dora")
    question = Question("0" * 24, is_single=False)
    at_work.questions.add(question)
    looking.shown_runs["1" * 24] = None
    for number in range(5):
        made.named(f"guest-{number}")
    assert made.named("ben") is at_work and made.named("carl") is looking and made.named("dora") is not left
    at_work.questions.discard(question)
    for name in "xyz":
        made.named(name).shown_runs["2" * 24] = None
    assert made.named("ben") is not at_work and len(made._others) == 3
    made.close()
