"""Projects: a person's drafts, listed, opened, copied, named, deleted and brought back; nobody sees another's."""

import threading
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.app import projects, undo
from studio.app.access.person import Person, asked_by
from studio.app.clicks import Click
from studio.app.drafts import MOST_OF_A_GUEST, OWN, Draft
from studio.app.main import Shell
from studio.app.pages import Services, Wire
from studio.app.tabs import projects as tab
from studio.errors import StudioError
from studio.needed import needed_in

TASK = "text-classification"


def project(services: Services, number: int, **values: Any) -> Draft:
    config = {"task": TASK, "data": {"source": "mine.csv"}}
    return services.drafts.save(Draft(id=f"{number:024x}", **{"config": config, "title": "mine.csv", **values}))


def listed(services: Services, shown: str = "") -> dict[str, str]:
    return {each.id: each.name for each in projects.projects_in(services.home, shown)}


def press(services: Services, draft: Draft, key: str, to: str, **more: Any) -> Draft:
    return services.drafts.save(tab.press(services, draft, {"key": key, "to": to, **more}))


def test_a_project_is_called_after_its_data_and_task_until_somebody_names_it(services: Services) -> None:
    first, named = project(services, 1), project(services, 2, name="Complaints")
    demo = project(services, 3, demo="digits", config={"task": TASK, "data": {"source": "sample/handwritten-digits"}})
    empty = services.drafts.save(Draft(id="f" * 24))
    assert listed(services) == {
        first.id: "mine.csv · Sort texts",
        named.id: "Complaints",
        demo.id: "Read handwriting",
    }
    assert listed(services, empty.id)[empty.id] == "New project", "the open one is there, whatever it holds"
    press(services, first, first.id, "rename", name="  My own  ")
    renamed = press(services, named, first.id, "rename", name="  Mine  ")
    assert renamed == named and listed(services)[first.id] == "Mine"
    with pytest.raises(StudioError, match="needs a name"):
        press(services, first, first.id, "rename", name="  ")


def test_a_copy_has_the_same_choices_and_no_run(services: Services) -> None:
    first = project(services, 1, run="20200101-000000-abcd", demo=OWN)
    assert press(services, first, first.id, "copy") == first
    (copy,) = listed(services).keys() - {first.id}
    made = services.drafts.load(copy)
    assert made.config == first.config and made.run is None and made.name == "Copy of mine.csv · Sort texts"


def test_another_project_is_opened_where_there_is_something_to_do(services: Services, shell: Shell) -> None:
    open_one, other = project(services, 1, page=tab.PAGE), project(services, 2, page=tab.PAGE)
    page = shell.pages[tab.PAGE]
    (wire,) = [wire for wire in page.wires if wire.event and wire.opens]
    click = Click(shell, page, wire)
    event: Any = SimpleNamespace(_data={"key": other.id, "to": "open"})
    _, _, tabs, _, opened, *updates = click.handle(event, open_one.id)
    assert opened == other.id and tabs.selected == "data" and len(updates) == len(click.drawn)
    assert services.drafts.load(other.id).page == "data" and services.drafts.load(open_one.id) == open_one
    event._data = {"key": other.id, "to": "delete"}
    _, _, tabs, _, stays, *_ = click.handle(event, open_one.id)
    assert (
        stays == open_one.id and services.drafts.load(open_one.id).page == tab.PAGE and other.id not in listed(services)
    )
    event._data = {"key": "../../etc/passwd", "to": "open"}
    assert click.handle(event, open_one.id)[4] == open_one.id


def test_a_tab_that_has_a_project_open_does_not_bring_its_old_name_back(services: Services, shell: Shell) -> None:
    """It has read the project, and has not yet saved it, when another tab renames it."""
    open_one, other = project(services, 1, page=tab.PAGE), project(services, 2, page=tab.PAGE)
    has_read, goes_on = threading.Event(), threading.Event()

    def change(draft: Draft) -> Draft:
        has_read.set()
        assert goes_on.wait(60)
        return draft.change(search="rate")

    page = shell.pages[tab.PAGE]
    (renames,) = [wire for wire in page.wires if wire.event and wire.opens]
    slowly = Click(shell, page, Wire(SimpleNamespace(event_name="click"), change, redraw=False))
    nothing: Any = SimpleNamespace(_data={})
    event: Any = SimpleNamespace(_data={"key": other.id, "to": "rename", "name": "New"})
    threads = [
        threading.Thread(target=slowly.handle, args=(nothing, other.id)),
        threading.Thread(target=Click(shell, page, renames).handle, args=(event, open_one.id)),
    ]
    threads[0].start()
    assert has_read.wait(60)
    threads[1].start()
    threads[1].join(0.3)  # where it does not wait for the other, it is done by then
    goes_on.set()
    for thread in threads:
        thread.join(60)
    now = services.drafts.load(other.id)
    assert (now.name, now.search) == ("New", "rate")


def test_what_takes_long_keeps_the_name_that_the_project_got_meanwhile(services: Services, shell: Shell) -> None:
    draft = project(services, 1, page=tab.PAGE)

    def change(before: Draft) -> Generator[str, None, Draft]:
        yield "at work"
        return before.change(search="rate")

    slow = Click(shell, shell.pages[tab.PAGE], Wire(SimpleNamespace(event_name="click"), change, redraw=False))
    nothing: Any = SimpleNamespace(_data={})
    work = slow.handle_slowly(nothing, draft.id)
    next(work)
    services.drafts.save(draft.change(name="New"))
    list(work)
    now = services.drafts.load(draft.id)
    assert (now.name, now.search) == ("New", "rate")


def test_a_deleted_project_comes_back_and_its_data_is_kept_meanwhile(services: Services) -> None:
    dataset = "0123456789abcdef01234567"
    first, other = project(services, 1, dataset=dataset, page=tab.PAGE), project(services, 2, name="Other")
    left = press(services, first, other.id, "delete")
    assert left.id == first.id and (said := undo.offered(left, tab.PAGE)) and said.said == "'Other' was deleted."
    back = undo.undo_last(tab.PAGE, lambda draft, key: tab.restore(services, draft, key), left)
    assert back.change(undo=None) == first and other.id in listed(services)
    new = press(services, first, first.id, "delete")
    assert new.id != first.id and new.page == tab.PAGE and dataset in needed_in(services.home).names
    assert tab.deleted(services) == [("mine.csv · Sort texts", first.id)]
    assert tab.restore(services, new, first.id).id == first.id and first.id in listed(services)
    with pytest.raises(StudioError, match="no such deleted project"):
        tab.restore(services, new, first.id)


def test_what_a_second_page_began_under_the_id_of_a_deleted_project_replaces_nothing(services: Services) -> None:
    first, other = project(services, 1, name="First", page=tab.PAGE), project(services, 2)
    press(services, other, first.id, "delete")
    again = project(services, 1, name="Again")  # a page that still shows it goes on
    tab.restore(services, other, first.id)
    assert sorted(listed(services).values()) == ["Again", "First", "mine.csv · Sort texts"]
    for key in listed(services).keys() - {other.id}:
        press(services, other, key, "delete")
    back = project(services, 1, name="Once more")
    left = press(services, other, back.id, "delete")
    assert sorted(name for name, _key in tab.deleted(services)) == ["Again", "First", "Once more"]
    undone = undo.undo_last(tab.PAGE, lambda draft, key: tab.restore(services, draft, key), left)
    assert undone.id == other.id and "Once more" in listed(services).values() and again.id == first.id


@pytest.mark.parametrize("to", ["open", "copy", "rename"])
def test_a_project_that_another_tab_has_deleted_is_said_to_be_gone(services: Services, to: str) -> None:
    first, other = project(services, 1), project(services, 2)
    press(services, first, other.id, "delete")
    with pytest.raises(StudioError, match="not there any more"):
        press(services, first, other.id, to, name="New")
    assert listed(services).keys() == {first.id} and not services.drafts.file(other.id).exists()


def test_a_name_is_one_short_line_that_can_be_seen(services: Services) -> None:
    first = project(services, 1)
    press(services, first, first.id, "rename", name="a\nb\0\t" + "c" * 10_000)
    assert listed(services)[first.id] == "a b" + " " + "c" * 116
    with pytest.raises(StudioError, match="needs a name"):
        press(services, first, first.id, "rename", name="\u200b\u202e\u2066")


def test_a_new_project_begins_beside_the_others(services: Services) -> None:
    first = project(services, 1, folders=("/models/mine",))
    new = services.drafts.save(tab.begin(services, first))
    assert new.id != first.id and new.config == {} and new.folders == first.folders and first.id in listed(services)
    assert tab.begin(services, new).id == new.id, "an empty one is new enough"


@pytest.mark.parametrize("content", [b"{", b'{"config": {"limit": 1}, "version": 3}', b'{"version": 99}', b'"x"', None])
def test_a_damaged_project_is_shown_as_damaged_and_the_others_are_there(
    services: Services, content: bytes | None
) -> None:
    first, file = project(services, 1), services.home.drafts / f"{'e' * 24}.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    found = {each.id: each.trouble for each in projects.projects_in(services.home, first.id)}
    assert found[first.id] == "" and found[file.stem].endswith(".")
    press(services, first, file.stem, "delete")
    assert listed(services).keys() == {first.id}
    tab.restore(services, first, file.stem)
    assert file.is_dir() if content is None else file.read_bytes() == content


def test_a_guest_has_so_many_projects_and_sees_no_other_s(services: Services) -> None:
    mine = project(services, 1)
    guest = Person(workspace="guest-abcdef", is_admin=False, is_guest=True)
    with asked_by(guest):
        assert listed(services) == {}
        assert press(services, Draft(id="9" * 24), mine.id, "delete").undo is None
        drafts = [project(services, number) for number in range(10, 10 + MOST_OF_A_GUEST)]
        for change in (
            lambda: tab.begin(services, drafts[0]),
            lambda: press(services, drafts[0], drafts[1].id, "copy"),
        ):
            with pytest.raises(StudioError, match="no room for another project"):
                change()
        for draft in drafts[:2]:
            press(services, drafts[2], draft.id, "delete")
        tab.restore(services, drafts[2], drafts[0].id)
        assert len(listed(services)) == MOST_OF_A_GUEST - 1
    assert listed(services).keys() == {mine.id}
    assert Path(services.home.drafts / f"{mine.id}.json").is_file()
