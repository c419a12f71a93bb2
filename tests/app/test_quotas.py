"""What a guest may use: it is said, and what goes beyond it is refused before anything is done."""

import asyncio
import io
import os
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy
import pytest
from jobs_here import JobHere
from logs import NOW, at_work, make_run, planned, started, write
from PIL import Image
from served import press, services_with, somebody
from starlette.requests import Request
from starlette.types import Message

from studio.app import imports, packing
from studio.app.access import uploads
from studio.app.access.gate import guest
from studio.app.access.person import OWNER, asked_by
from studio.app.access.uploads import AROUND, Uploads
from studio.app.drafts import MOST_OF_A_GUEST, Draft
from studio.app.imports import import_source, import_upload
from studio.app.pages import Page, Services
from studio.app.quotas import is_of_a_guest, remove_forgotten
from studio.app.runs import start_run
from studio.app.sent import MOST_LETTERS
from studio.app.server import make_asgi, room_for_uploads
from studio.app.tabs import data, model
from studio.app.tabs.train import act
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.events import Finished, Paused
from studio.exporters import EXPORTERS
from studio.jobs import Job, Progress
from studio.paths import Home
from studio.predictor import Step
from studio.removal import used_bytes
from studio.runner import Supervisor
from studio.store import Run, Store

GUEST = guest("x" * 43)
MEGABYTE = 1024 * 1024


@pytest.fixture
def services(home: Home) -> Iterator[Services]:
    made = services_with(home, open_to_everyone=True, guest_megabytes=10, guest_rows=50, guest_runs=1, guest_minutes=1)
    with asked_by(GUEST):
        yield made
    made.workspaces.close()


def fill(home: Home, megabytes: int) -> None:
    home.uploads.mkdir(parents=True, exist_ok=True)
    with (home.uploads / "large").open("wb") as file:
        file.truncate(megabytes * MEGABYTE)


def test_limits_are_a_guest_s_alone(services: Services) -> None:
    assert (services.limits.rows, services.limits.upload_megabytes) == (50, 10)
    with asked_by(OWNER):
        assert services.quota is None and services.limits == services.server_limits


def drawn_texts(build: Callable[[Services], Page], services: Services, **chosen: Any) -> str:
    with gr.Blocks():
        page = build(services)
    return str(page.show(services.drafts.load(None).change(**chosen)))


def test_what_a_guest_may_use_is_said_on_the_first_page_and_where_data_come_in(services: Services) -> None:
    sentence = services.allowance
    for part in ("10 MB", "50 rows", "1 run at a time of up to 1 minute each", "alone for 30 days"):
        assert part in sentence
    pages = (
        partial(drawn_texts, model.build),
        partial(drawn_texts, data.build, config={"task": "text-classification"}),
    )
    for drawn in pages:
        assert sentence in drawn(services)
        with asked_by(OWNER):
            assert services.allowance == "" and "guest" not in drawn(services)


def test_a_full_workspace_takes_no_data_and_no_run(services: Services, tmp_path: Path, reviews: Path) -> None:
    fill(services.home, 10)
    draft = services.drafts.load(None).change(config={"task": "text-classification"})
    copy = tmp_path / "copy.csv"
    copy.write_bytes(reviews.read_bytes())
    with pytest.raises(StudioError, match="workspace is full"):
        list(import_upload(services, draft, str(copy)))
    config = {"task": "text-classification", "model": {"id": "starter/text"}, "data": {"source": "sample/films"}}
    with pytest.raises(StudioError, match="workspace is full"):
        start_run(services, draft.change(config=config))


def test_what_reads_data_gets_the_room_that_is_left_and_nobody_else_meanwhile(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(services.home, 7)
    asked: list[dict[str, Any]] = []

    class Reading(Job):
        def __init__(self, module: str, request: dict[str, Any]) -> None:
            asked.append(request)
            self.result = None

        def __iter__(self) -> Iterator[Progress]:
            yield Progress("Reading")

        def cancel(self) -> None: ...

    monkeypatch.setattr(imports, "Job", Reading)
    draft = services.drafts.load(None)
    first, second = (import_source(services, draft, "sample/films", "Films", ReadingOptions()) for _ in range(2))
    next(first)
    assert asked[0]["limits"]["unpacked_megabytes"] == 3
    assert asked[0]["limits"]["rows"] == services.server_limits.rows > services.limits.rows, "what comes along fits"
    with pytest.raises(StudioError, match="in use at the moment"):
        next(second)
    first.close()
    next(import_source(services, draft, "sample/films", "Films", ReadingOptions()))


def test_a_full_workspace_takes_no_export(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(services.store)
    write(run, started(), planned(), Finished(reason="completed", best_step=1, seconds=1.0))
    monkeypatch.setattr(EXPORTERS["folder"], "why_not", lambda run: None)
    exported: list[int | None] = []

    def export(*_: Any) -> Iterator[Step]:
        exported.append(_[-1])
        yield Step()

    monkeypatch.setattr(services.predictor, "export_archive", export)
    draft = services.drafts.save(services.drafts.load(None).change(run=run.id))
    list(packing.export(services, draft, {"key": "folder"}))
    assert exported[0] and 9 * MEGABYTE < exported[0] < 10 * MEGABYTE
    fill(services.home, 10)
    with pytest.raises(StudioError, match="workspace is full"):
        list(packing.export(services, draft, {"key": "folder"}))


def test_an_upload_without_room_is_refused_before_it_begins(services: Services) -> None:
    app = make_asgi(services)
    browser = somebody(app)
    browser.get("/")
    with asked_by(guest(browser.cookies["studio-guest"])):
        assert room_for_uploads(services) == 10 * MEGABYTE
    body = b"x" * (10 * MEGABYTE + AROUND + 1)
    answer = browser.post("/gradio_api/upload", content=body)
    assert answer.status_code == 413 and "room for 10 MB" in answer.text
    unsized = browser.post("/gradio_api/upload", content=iter([b"x"]))
    assert unsized.status_code == 411
    small = browser.post("/gradio_api/upload", files={"files": ("a.csv", b"text,label\na,b\n")})
    assert small.status_code == 200 and small.json()


def test_what_was_sent_counts_before_it_is_imported(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(services.server.temporary))  # as `serve` does
    browser = somebody(make_asgi(services))
    browser.get("/")
    file = {"files": ("a.csv", b"x" * (6 * MEGABYTE))}
    (path,) = browser.post("/gradio_api/upload", files=file).json()
    refused = browser.post("/gradio_api/upload", files=file)
    assert refused.status_code == 413 and "room for 4 MB" in refused.text
    with asked_by(guest(browser.cookies["studio-guest"])):
        assert services.quota and "(6 MB are in use)" in services.quota.sentence(services.home)
    assert browser.get(f"/gradio_api/file={path}").status_code == 200
    other = somebody(browser.app)
    other.get("/")
    assert other.get(f"/gradio_api/file={path}").status_code == 404
    Path(path).unlink()  # as an import does
    assert browser.post("/gradio_api/upload", files=file).is_success


BOUNDARY = b"--x\r\n"
FORM = BOUNDARY + b'Content-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n' + b"x" * 6 * MEGABYTE


def sending(size: int, first: bytes, then: Callable[[], Awaitable[Message]]) -> Request:
    """An upload of so many bytes as it is said: the first ones come at once, the rest as `then` gives it."""
    headers = [(b"content-length", str(size).encode()), (b"content-type", b"multipart/form-data; boundary=x")]
    unread: list[Message] = [{"type": "http.request", "body": first, "more_body": True}]

    async def receive() -> Message:
        return unread.pop() if unread else await then()

    return Request({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive)


def receiver_into(folder: Path, services: Services) -> Uploads:
    room = partial(room_for_uploads, services)
    return Uploads(room, lambda: folder, 10 * MEGABYTE, set(), services.workspaces.promised)


async def gone_at_once() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("first", [b"", FORM[: 5 * MEGABYTE]], ids=["nothing", "the most of it"])
def test_two_uploads_at_once_do_not_both_take_the_same_room(services: Services, first: bytes) -> None:
    folder = services.home.sent
    receiver = Uploads(
        partial(room_for_uploads, services), lambda: folder, 10 * MEGABYTE, set(), services.workspaces.promised
    )

    async def both() -> list[int]:
        asked, goes_on = asyncio.Event(), asyncio.Event()

        async def gone() -> Message:
            asked.set()
            await goes_on.wait()
            return {"type": "http.disconnect"}

        waiting = asyncio.create_task(receiver.receive(sending(len(FORM), first, gone)))
        await asked.wait()
        while_it_comes = [await receiver.receive(sending(size * MEGABYTE, b"", gone_at_once)) for size in (6, 3)]
        goes_on.set()
        await waiting
        assert not list(folder.iterdir()), "nothing stays of what was broken off"
        afterwards = await receiver.receive(sending(6 * MEGABYTE, b"", gone_at_once))
        return [answer.status_code for answer in (*while_it_comes, afterwards)]

    assert asyncio.run(both()) == [413, 400, 400]


def test_an_upload_ends_where_more_comes_than_was_announced(services: Services) -> None:
    folder = services.home.sent
    receiver = Uploads(
        partial(room_for_uploads, services), lambda: folder, 10 * MEGABYTE, set(), services.workspaces.promised
    )

    async def more() -> Message:
        raise AssertionError("it is read on")

    async def send() -> list[int]:
        first = await receiver.receive(sending(10, FORM, more))
        again = await receiver.receive(sending(10 * MEGABYTE, b"", gone_at_once))  # its room is free again
        return [first.status_code, again.status_code]

    assert asyncio.run(send()) == [413, 400]
    assert not list(folder.iterdir())


def test_an_upload_that_states_two_lengths_is_refused(services: Services) -> None:
    browser = somebody(make_asgi(services))
    browser.get("/")
    headers = {"transfer-encoding": "chunked", "content-length": "10"}
    assert browser.post("/gradio_api/upload", content=b"x" * 10, headers=headers).status_code == 400


def test_a_mistake_while_a_form_is_read_is_none_of_the_person(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: Any, **__: Any) -> None:
        raise TypeError("a mistake")

    monkeypatch.setattr(uploads, "upload_fn", mistaken)
    browser = somebody(make_asgi(services))
    browser.get("/")
    answer = browser.post("/gradio_api/upload", files={"files": ("a.csv", b"a,b")})
    assert answer.status_code == 500 and "files alone" not in answer.text


@pytest.mark.parametrize(
    ("sent", "kept"), [("a\u202egnp.csv", "agnp.csv"), ("a\x85b.csv", "ab.csv"), ("\u200f", "upload")]
)
def test_the_name_of_an_upload_turns_no_words_round(services: Services, sent: str, kept: str) -> None:
    browser = somebody(make_asgi(services))
    browser.get("/")
    (path,) = browser.post("/gradio_api/upload", files={"files": (sent, b"text,label")}).json()
    assert Path(path).name == kept and Path(path).read_bytes() == b"text,label"


def test_a_form_that_brings_no_file_is_refused(services: Services) -> None:
    browser = somebody(make_asgi(services))
    browser.get("/")
    for query in ("", "?upload_id=x"):
        answer = browser.post(f"/gradio_api/upload{query}", files={"files": (None, b"no file")})
        assert answer.status_code == 400 and answer.text == "An upload brings files alone.\n"


def test_images_of_a_webcam_that_fill_the_room_are_refused_and_leave_it_free(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come as one ZIP; what is made of it, the images and their thumbnails, needs its room beside it."""
    monkeypatch.setattr(imports, "Job", JobHere)
    draft = services.drafts.save(services.drafts.load(None).change(config={"task": "image-classification"}))

    def send(images: int) -> dict[str, Any]:
        file = services.home.sent / "a" / "My images.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        noise = numpy.random.default_rng(0)
        with zipfile.ZipFile(file, "w") as archive:
            for number in range(images):
                photo = io.BytesIO()
                pixels = noise.integers(0, 256, (256, 256, 3), dtype="uint8")
                Image.fromarray(pixels).save(photo, "PNG")
                archive.writestr(f"{('Cup', 'Pen')[number % 2]}/{number}.png", photo.getvalue())
        return {"path": str(file)}

    fill(services.home, 1)
    before = used_bytes(services.home)
    with pytest.raises(StudioError, match="takes more than"):
        list(imports.import_sent(services, draft, send(40)))
    assert used_bytes(services.home) < before + MEGABYTE / 10, "neither the ZIP nor what was made of it stays"
    assert services.drafts.load(draft.id) == draft
    list(imports.import_sent(services, draft, send(8)))
    assert before < used_bytes(services.home) < 10 * MEGABYTE
    used = used_bytes(services.home)
    (services.home.activations / "0123" / "4567").mkdir(parents=True)
    (services.home.activations / "0123" / "4567" / "input-0.bin").write_bytes(bytes(MEGABYTE))
    assert used_bytes(services.home) == used, "what is kept to save time has a limit of its own"


def test_only_the_newest_drafts_of_a_guest_are_kept(services: Services) -> None:
    for place in range(MOST_OF_A_GUEST + 2):
        services.drafts.save(Draft(id=f"{place:024x}"))
        os.utime(services.home.drafts / f"{place:024x}.json", (place, place))
    kept = sorted(int(file.stem, 16) for file in services.home.drafts.glob("*.json"))
    assert kept == list(range(2, MOST_OF_A_GUEST + 2))


def test_a_text_longer_than_any_field_takes_is_refused(services: Services) -> None:
    browser = somebody(make_asgi(services))
    browser.get("/")
    assert "too long" not in press(browser, "find-setting", "change", ["0" * 24, "x" * MOST_LETTERS])
    for odd in ("x" * (MOST_LETTERS + 1), [0] * (MOST_LETTERS + 1)):
        assert "This text is too long." in press(browser, "find-setting", "change", ["1" * 24, odd])
    with asked_by(guest(browser.cookies["studio-guest"])):
        assert [file.stem for file in services.home.drafts.iterdir()] == ["0" * 24]


def test_as_many_runs_as_a_guest_may_have(services: Services) -> None:
    assert services.quota
    services.quota.check_turn(services.home, services.supervisor)
    make_run(services.store).enqueue()
    with pytest.raises(StudioError, match="may have 1 run"):
        services.quota.check_turn(services.home, services.supervisor)


def test_resuming_is_a_turn_too(services: Services) -> None:
    make_run(services.store).enqueue()
    paused = make_run(services.store)
    write(paused, started(), Paused(step=1, time=NOW + 1))
    with pytest.raises(StudioError, match="may have 1 run"):
        act(services, "resume", services.drafts.load(None).change(run=paused.id))


def test_a_run_over_its_time_is_stopped(services: Services) -> None:
    long, short = (at_work(make_run(services.store)) for _ in range(2))
    write(long, started(time.time() - NOW - 61))
    write(short, started(time.time() - NOW - 5))
    assert is_of_a_guest(long, ())
    services.supervisor.stop_those_over_time()
    assert long.pending_command == "stop" and short.pending_command is None


def test_what_a_guest_has_left_behind_is_removed(services: Services) -> None:
    fill(services.home, 1)
    assert used_bytes(services.home) >= MEGABYTE
    remove_forgotten(services.server, 30, ())
    assert services.home.root.is_dir()
    for file in services.home.root.rglob("*"):
        os.utime(file, (1, 1))
    kept = services.server.of_person("ben")
    make_run(Store(kept))
    remove_forgotten(services.server, 30, ())
    assert not services.home.root.exists() and kept.root.is_dir()


def test_people_take_turns(home: Home) -> None:
    """One who queues many runs does not keep the others waiting."""
    stores = [Store(home), Store(home.of_person("ben")), Store(home.of_person("carl"))]
    supervisor = Supervisor(stores[0], stores=lambda: stores)
    names: dict[str, str] = {}

    def queue(store: Store, name: str) -> Run:
        run = make_run(store, name)
        run.enqueue()
        time.sleep(0.01)
        names[run.id] = name
        return run

    for name in ("a1", "a2", "a3"):
        queue(stores[0], name)
    queue(stores[1], "b1")
    queue(stores[2], "c1")
    queue(stores[1], "b2")
    assert [names[run.id] for run in supervisor.queue()] == ["a1", "b1", "c1", "a2", "b2", "a3"]
    at_work(queue(stores[2], "c0")).dequeue()
    assert [names[run.id] for run in supervisor.queue()] == ["a1", "b1", "a2", "c1", "b2", "a3"]
    at_work(queue(stores[0], "a0")).dequeue()
    assert [names[run.id] for run in supervisor.queue()][:2] == ["b1", "a1"]
