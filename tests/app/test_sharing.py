"""A run is seen by others only as its owner wants, and changed by its owner alone."""

from collections.abc import Iterator
from functools import partial

import pandas
import pytest
from logs import make_run
from served import PASSWORD, ask_component, press, services_with, signed_in
from starlette.testclient import TestClient

from studio.app.access.files import may_fetch
from studio.app.access.person import Person, asked_by
from studio.app.labels import write
from studio.app.pages import Services
from studio.app.server import make_asgi
from studio.app.sharing import Share, find_shared, share, share_of, shared_with
from studio.app.tabs import runs as runs_tab
from studio.app.tabs.train import act
from studio.errors import StudioError
from studio.paths import Home
from studio.store import Run

BEN, CARL = Person("ben", "ben", False), Person("carl", "carl", False)


@pytest.fixture
def services(home: Home) -> Iterator[Services]:
    made = services_with(home, auth=tuple(f"{name}:{PASSWORD}" for name in ("anna", "ben", "carl")))
    yield made
    made.workspaces.close()


@pytest.fixture
def run(services: Services) -> Run:
    """Ben's."""
    with asked_by(BEN):
        return make_run(services.store, "of ben")


def seen_by_carl(services: Services, run: Run) -> bool:
    with asked_by(CARL):
        return services.store.find(run.id) is not None


def test_nobody_else_sees_a_run_until_its_owner_wants_it(services: Services, run: Run) -> None:
    assert not seen_by_carl(services, run) and share_of(run) == Share()
    share(run, everybody=True, by_link=False)
    assert seen_by_carl(services, run)
    with asked_by(CARL):
        assert [each.id for each in shared_with(services.home)] == [run.id]
    with asked_by(BEN):
        assert not list(shared_with(services.home)), "one's own are no runs of others"
    share(run, everybody=False, by_link=False)
    assert not seen_by_carl(services, run)


def test_a_link_shows_it_to_who_has_opened_it(services: Services, run: Run) -> None:
    secret = share(run, everybody=False, by_link=True).secret
    assert len(secret) >= 32 and not seen_by_carl(services, run)
    for wrong in ("", "x", secret + "x", secret[:-1], "\u00fc"):
        services.workspaces.open_link(CARL, run.id, wrong)
        assert not seen_by_carl(services, run)
    services.workspaces.open_link(CARL, run.id, secret)
    assert seen_by_carl(services, run) and share(run, everybody=False, by_link=True).secret == secret
    share(run, everybody=False, by_link=False)
    assert not seen_by_carl(services, run)
    assert share(run, everybody=False, by_link=True).secret != secret, "an old link opens nothing any more"


def test_only_the_owner_changes_it(services: Services, run: Run) -> None:
    share(run, everybody=True, by_link=False)
    with asked_by(CARL):
        draft = services.drafts.load(None).change(picked=run.id, run=run.id)
        for change in (
            lambda: runs_tab.delete_run(services, draft),
            lambda: write(services, partial(runs_tab.picked, services), draft, "mine now", "", ""),
            lambda: act(services, "stop", draft),
            lambda: act(services, "resume", draft),
        ):
            with pytest.raises(StudioError, match="belongs to somebody else"):
                change()
    assert run.exists and run.name == "of ben" and run.pending_command is None


IMAGES = "task: image-classification\nmodel: {id: starter/image}\ndata: {source: images.zip}\n"


def test_the_images_of_its_examples_come_along_and_nothing_else(services: Services) -> None:
    with asked_by(BEN):
        run = make_run(services.store, "of ben", IMAGES)
    run.annotate(dataset="0123456789abcdef")
    run.test_rows_file.parent.mkdir(parents=True)
    pandas.DataFrame({"row": [1], "image": ["a/1.png"]}).to_parquet(run.test_rows_file)
    folder = run.home.datasets / "0123456789abcdef"
    shown = folder / "files" / "a" / "1.png", folder / "thumbnails" / "a" / "1.png.jpg"
    hidden = [folder / name for name in ("table.parquet", "about.json", "files/a/2.png", "thumbnails/a/1.png", "files")]
    others = run.home.datasets / "another" / "thumbnails" / "1.png", run.home.downloads / "0123456789abcdef" / "a.zip"
    assert not any(may_fetch(CARL, str(image), services.server) for image in shown)
    share(run, everybody=True, by_link=False)
    assert all(may_fetch(CARL, str(image), services.server) for image in shown)
    assert not any(may_fetch(CARL, str(other), services.server) for other in (*hidden, *others, run.config_file))
    run.test_rows_file.write_bytes(b"damaged")
    assert not may_fetch(CARL, str(shown[0]), services.server)


def test_its_settings_come_without_its_data(services: Services, run: Run) -> None:
    share(run, everybody=True, by_link=False)
    with asked_by(CARL):
        draft = services.drafts.load(None).change(picked=run.id)
        assert runs_tab.start_from(services, draft).source is None
    with asked_by(BEN):
        assert runs_tab.start_from(services, services.drafts.load(None).change(picked=run.id)).source


@pytest.mark.parametrize("owner", ["..", "../..", "ben/../carl", "nobody", 3, None])
def test_a_damaged_share_shows_nothing(services: Services, run: Run, owner: object) -> None:
    from studio.files import replace_json

    replace_json(services.server.shared / f"{run.id}.json", {"owner": owner, "everybody": True, "secret": ""})
    assert not seen_by_carl(services, run)
    assert find_shared(services.server, "../../etc/passwd") is None


def test_the_link_opens_the_run_on_the_page(services: Services, run: Run) -> None:
    secret, app = share(run, everybody=False, by_link=True).secret, make_asgi(services)
    carl: TestClient = signed_in(app, "carl")
    assert carl.get(f"/shared/{run.id}/{secret}").headers["location"] == "/"
    with asked_by(CARL):
        assert services.workspaces.current.opening == [run.id]


def test_an_administrator_looks_into_other_workspaces_and_nobody_else_does(services: Services, run: Run) -> None:
    app = make_asgi(services)
    people = {name: signed_in(app, name) for name in ("anna", "carl")}
    for name, browser in people.items():
        press(browser, "stepper", "select", ["0" * 24], event_data={"key": "runs"})
        press(browser, "workspace", "input", ["ben"])
        rows = ask_component(browser, "runs", "fetch_page", {"start": 0, "count": 9})
        assert (run.id in rows) == (name == "anna")
