"""What takes room in a home: each kind is measured and removed for good, and what is needed stays."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from logs import at_work, make_run, planned, started, step, write
from upgrade_samples import open_sample

from studio import removal
from studio.config import read_run_file
from studio.disk_space import KINDS, Found, empty, sweep, used_by
from studio.errors import StudioError
from studio.events import Finished
from studio.files import mark_complete, replace_json
from studio.needed import needed_in
from studio.paths import Home
from studio.removal import A_DAY
from studio.store import Run, Store

UPLOAD, DATASET = "0123456789abcdef", "0123456789abcdef01234567"
SAMPLES = Path(__file__).parent / "upgrade" / "samples"


@pytest.fixture
def store(home: Home) -> Store:
    home.root.mkdir()
    return Store(home)


def put(file: Path, size: int = 1000, days: float = 2.0) -> Path:
    """A file of this size that nobody has changed for so many days, in a folder that is as old."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    for path in (file, file.parent):
        age(path, days)
    return file


def age(path: Path, days: float) -> None:
    then = time.time() - days * A_DAY
    os.utime(path, (then, then))


def put_upload(home: Home, name: str = UPLOAD, days: float = 2.0) -> Path:
    return put(home.uploads / name / "reviews.csv", days=days)


def put_dataset(home: Home, name: str = DATASET, days: float = 2.0) -> Path:
    table = put(home.datasets / name / "table.parquet", days=days)
    mark_complete(table.parent)
    for path in (table.parent / "COMPLETE", table.parent):
        age(path, days)
    return table


def found(home: Home, name: str) -> Found:
    return KINDS[name].find(home)


def run_with(store: Store, upload: str = UPLOAD, dataset: str = "") -> Run:
    source = store.home.uploads / upload / "reviews.csv"
    config = f"task: text-classification\nmodel: {{id: starter/text}}\ndata: {{source: '{source.as_posix()}'}}\n"
    run = make_run(store, config=config)
    if dataset:
        run.annotate(dataset=dataset)
    return run


def put_draft(home: Home, **values: Any) -> Path:
    file = home.drafts / f"{'a' * 24}.json"
    replace_json(file, {"version": 2, **values})
    return file


# --- each kind ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("trash", "trash/20200101-000000-abcd/model/model.safetensors"),
        ("datasets", f"datasets/{DATASET}/table.parquet"),
        ("uploads", f"uploads/{UPLOAD}/reviews.csv"),
        ("downloads", "downloads/20200101-000000-abcd/a-run-folder.zip"),
        ("activations", "activations/0123/4567/input-0.bin"),
        ("caches", "cache/architectures/architecture-1.json"),
        ("temporary", "temporary/0123/reviews.csv"),
    ],
)
def test_a_kind_is_measured_and_removed_for_good(name: str, file: str, store: Store) -> None:
    home = store.home
    path, others = put(home.root / file), [put(home.root / other) for other in ("other/file", "runs/x/run.bin")]
    assert (found(home, name).bytes, found(home, name).removable_bytes) == (1000, 1000)
    done = empty(home, [name])
    assert (done.bytes, done.troubles) == (1000, ()) and done.sentence == "0.0 MB are free again."
    assert not path.exists() and all(other.exists() for other in others)
    assert found(home, name).bytes == 0 and not list(home.removed.iterdir())


def test_activations_stay_with_runs_that_use_them_and_while_they_are_put_down(store: Store) -> None:
    kept = put(store.home.activations / "0123" / "4567" / "input-0.bin")
    new = put(store.home.activations / "0123" / ".89ab.tmp" / "input-0.bin", days=0)
    used = store.home.runs / "x" / "cache" / "input-0.bin"
    used.parent.mkdir(parents=True)
    os.link(kept, used)
    empty(store.home, ["activations"])
    assert not kept.exists() and new.exists() and used.read_bytes() == b"x" * 1000


def test_checkpoints_of_finished_runs(store: Store) -> None:
    finished, paused, busy = (write(make_run(store), started(), planned(), step(1)) for _ in range(3))
    for run in (finished, busy):
        write(run, Finished(reason="completed", best_step=1, seconds=1.0))
    at_work(busy)
    kept = [put(run.checkpoints / "step-1" / "weights") for run in (finished, paused, busy)]
    assert found(store.home, "checkpoints").bytes == 1000
    assert found(store.home, "runs").bytes >= 2000
    assert empty(store.home, ["checkpoints"]).bytes == 1000
    assert [file.exists() for file in kept] == [False, True, True] and finished.events_file.exists()


def test_a_run_in_the_trash_that_is_still_at_work_stays(store: Store) -> None:
    run = make_run(store)
    store.delete(run)
    at_work(Run(store.home.trash / run.id))
    assert empty(store.home, ["trash"]).bytes == 0 and next(store.deleted()).id == run.id


def test_what_is_being_written_stays(store: Store) -> None:
    download = put(store.home.downloads / "a" / ".model.zip.123.tmp", days=0)
    cached = put(store.home.cache / ".speed.json.123.tmp", days=0)
    index = put(store.home.run_index)
    sent = put(store.home.temporary / "new" / "reviews.csv", days=0)
    assert empty(store.home, ["downloads", "caches", "temporary"]).bytes == 0
    assert all(path.exists() for path in (download, cached, index, sent))


def test_what_browsers_sent_goes_after_a_day(store: Store) -> None:
    bens = store.home.of_person("ben").sent
    old, new = put(bens / "1" / "hash" / "reviews.csv"), put(bens / "2" / "hash" / "reviews.csv", days=0)
    age(old.parent.parent, days=2)
    sweep(store.home)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_person_s_home_has_no_caches(store: Store) -> None:
    put(store.home.cache / "speed.json")
    ben = store.home.of_person("ben")
    assert {"caches", "temporary"}.isdisjoint(kind.name for kind, _ in used_by(ben))
    with pytest.raises(StudioError, match="cannot be emptied"):
        empty(ben, ["trash", "caches"])
    assert (store.home.cache / "speed.json").exists()


@pytest.mark.parametrize("name", ["runs", "nothing", None])
def test_what_cannot_be_emptied(name: Any, store: Store) -> None:
    run = make_run(store)
    put(store.home.trash / "x" / "file")
    with pytest.raises(StudioError):
        empty(store.home, ["trash", name])
    assert run.exists and (store.home.trash / "x").exists(), "refused before anything is removed"


# --- what is needed -------------------------------------------------------------------------------


def a_draft(store: Store) -> None:
    source = str(store.home.uploads / UPLOAD / "reviews.csv")
    put_draft(store.home, config={"data": {"source": source}}, dataset=DATASET)


def a_draft_on_windows(store: Store) -> None:
    put_draft(store.home, config={"data": {"source": rf"C:\studio\uploads\{UPLOAD}\reviews.csv"}}, dataset=DATASET)


def a_draft_set_aside(store: Store) -> None:
    source = str(store.home.uploads / UPLOAD / "reviews.csv")
    put_draft(store.home, config={}, own={"config": {"data": {"source": source}}, "dataset": DATASET})


def a_run(store: Store) -> None:
    run_with(store, dataset=DATASET)


def a_run_of_the_command_line(store: Store) -> None:
    replace_json(run_with(store).dataset_file, {"dataset": DATASET})


def a_queued_run(store: Store) -> None:
    run_with(store, dataset=DATASET).enqueue()


def a_deleted_run(store: Store) -> None:
    store.delete(run_with(store, dataset=DATASET))


@pytest.mark.parametrize(
    "need",
    [
        a_draft,
        a_draft_on_windows,
        a_draft_set_aside,
        a_run,
        a_run_of_the_command_line,
        a_queued_run,
        a_deleted_run,
    ],
)
def test_what_is_needed_stays(need: Any, store: Store) -> None:
    home = store.home
    needed = [put_upload(home, days=99), put_dataset(home, days=99)]
    others = [put_upload(home, "f" * 16, days=99), put_dataset(home, "f" * 24, days=99)]
    need(store)
    assert [found(home, name).removable_bytes > 0 for name in ("uploads", "datasets")] == [True, True]
    empty(home, ["datasets", "uploads"])
    assert all(file.exists() for file in needed) and not any(file.exists() for file in others)


def test_with_the_deleted_run_goes_its_data(store: Store) -> None:
    upload, table = put_upload(store.home), put_dataset(store.home)
    a_deleted_run(store)
    empty(store.home, ["uploads", "trash", "datasets"])
    assert upload.exists() and not table.exists(), "in the order in which they are named"
    empty(store.home, ["uploads"])
    assert not upload.exists()


@pytest.mark.parametrize("text", ["", '{"config": {"data"', "[]", "\xff"])
@pytest.mark.parametrize("file", ["drafts/0.json", "runs/a/run.yaml", "runs/a/data/dataset.json", "trash/a/meta.json"])
def test_a_damaged_file_keeps_everything(file: str, text: str, store: Store) -> None:
    home = store.home
    kept = [put_upload(home), put_dataset(home)]
    path = home.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="latin-1")
    assert needed_in(home).damaged == (path,)
    assert str(path) in found(home, "uploads").kept and "All of it stays" in found(home, "datasets").kept
    assert empty(home, ["uploads", "datasets"]).bytes == 0 and all(each.exists() for each in kept)
    path.unlink()
    path.mkdir()
    assert needed_in(home).damaged == (path,), "a folder in its place"


def test_a_run_file_that_was_cut_off_keeps_everything(store: Store) -> None:
    put_upload(store.home)
    make_run(store, config="task: text-classification\nmodel: {id: starter/text}\n")
    assert found(store.home, "uploads").removable == ()


def test_wherever_a_run_file_is_cut_off_its_data_stays(store: Store) -> None:
    """Its source is so long that it takes several lines."""
    folder = store.home.uploads / UPLOAD
    values = {"task": "x", "data": {"source": f"/{'long name ' * 20}/uploads/{folder.name}/a.csv", "limit": 3}}
    text = yaml.safe_dump(values | {"strategy": {"name": "full"}}, sort_keys=False, width=100)
    assert text.count("\n") > 6
    run = make_run(store, config=text)
    assert needed_in(store.home).damaged == ()
    for end in range(len(text)):
        run.config_file.write_text(text[:end], encoding="utf-8")
        assert needed_in(store.home).keeps(folder.name), text[:end]


def test_what_was_just_brought_stays(store: Store) -> None:
    home = store.home
    upload, table = put_upload(home, days=0), put_dataset(home, days=0)
    assert empty(home, ["uploads", "datasets"]).bytes == 0 and upload.exists() and table.exists()


def test_an_import_at_work_keeps_the_uploads(store: Store) -> None:
    upload, table = put_upload(store.home), put(store.home.datasets / DATASET / "table.parquet", days=0.5)
    assert "being read" in found(store.home, "uploads").kept
    assert empty(store.home, ["uploads", "datasets"]).bytes == 0 and upload.exists() and table.exists()
    for path in (table, table.parent):
        age(path, 2.0)
    empty(store.home, ["uploads", "datasets"])
    assert not upload.exists() and not table.exists()


def test_what_is_used_again_meanwhile_stays(store: Store) -> None:
    upload = put_upload(store.home)
    before = found(store.home, "uploads").removable
    os.utime(upload.parent)
    assert removal.remove(store.home, before).bytes == 0 and upload.exists()


@pytest.mark.parametrize("version", sorted(path.name for path in SAMPLES.iterdir()))
def test_homes_of_every_version_can_be_read(version: str, tmp_path: Path) -> None:
    home = open_sample(version, tmp_path / "sample").home
    needed = needed_in(home)
    sources = {read_run_file(run.config_file) for run in Store(home)}
    uploads = {folder.name for folder in home.uploads.iterdir() if any(folder.name in text for text in sources)}
    assert needed.damaged == () and uploads and uploads <= needed.names
    assert all(run.dataset in needed.names for run in Store(home) if run.dataset)


# --- removing -------------------------------------------------------------------------------------


def test_no_link_is_followed(store: Store, tmp_path: Path) -> None:
    home, outside = store.home, put(tmp_path / "outside" / "precious")
    home.trash.mkdir()
    (home.trash / "link").symlink_to(outside.parent)
    put(home.trash / "20200101-000000-abcd" / "file")
    (home.trash / "20200101-000000-abcd" / "inner").symlink_to(outside.parent)
    assert found(home, "trash").bytes < 2000
    empty(home, ["trash"])
    assert outside.exists() and not list(home.trash.iterdir()) and not list(home.removed.iterdir())


def test_a_folder_that_lies_elsewhere_is_left_alone(store: Store, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "run" / "precious")
    store.home.trash.symlink_to(tmp_path / "outside")
    assert empty(store.home, ["trash"]).bytes == 0 and outside.exists()


def test_a_crash_leaves_nothing_half_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(store)
    store.delete(run)

    def crash(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", crash)
        empty(store.home, ["trash"])
    assert not list(store.deleted()) and len(list(store.home.removed.iterdir())) == 1
    empty(store.home, ["trash"])
    assert len(list(store.home.removed.iterdir())) == 1, "another process may be removing it just now"
    [left] = store.home.removed.iterdir()
    left.rename(left.with_name("1000-0123"))
    empty(store.home, ["trash"])
    assert not list(store.home.removed.iterdir())


def test_a_run_that_was_never_made_goes_once_nobody_is_making_it(store: Store) -> None:
    """A kill in `Store.create` leaves a folder without a run file, which no list shows."""
    runs = store.home.runs
    killed = put(runs / "20260101-120000-0001" / "meta.json")
    empty_one = runs / "20260101-120000-0002"
    empty_one.mkdir()
    age(empty_one, 2)
    being_made = put(runs / "20260101-120000-0003" / "run.yaml.tmp", days=0.01)
    with_a_model = put(runs / "20260101-120000-0004" / "model" / "model.safetensors")
    age(with_a_model.parent.parent, 2)
    no_run = put(runs / "notes" / "meta.json")
    run = make_run(store)
    for file in run.folder.iterdir():
        age(file, 2)
    age(run.folder, 2)
    sweep(store.home)
    assert not killed.parent.exists() and not empty_one.exists()
    assert being_made.exists() and with_a_model.exists() and no_run.exists() and run.exists
    age(being_made, 2)
    age(being_made.parent, 2)
    empty(store.home, ["downloads"])
    assert not being_made.parent.exists()


def test_what_cannot_be_removed_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store.home.trash / "x" / "file")

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "It is open elsewhere")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        done = empty(store.home, ["trash"])
    assert done.bytes == 0 and done.troubles == ("x could not be removed: It is open elsewhere.",)
    assert (store.home.trash / "x" / "file").exists()


def test_what_nobody_has_needed_for_long_goes_by_itself(store: Store) -> None:
    home = store.home
    old = [put_upload(home, "e" * 16, days=31), put_dataset(home, "e" * 24, days=31)]
    kept = [put_upload(home, "f" * 16, days=29), put_dataset(home, "f" * 24, days=29), put_upload(home, days=31)]
    kept += [put(home.trash / "x" / "file", days=99), put(home.downloads / "x" / "file", days=99)]
    a_draft(store)
    sweep(home)
    assert not any(file.exists() for file in old) and all(file.exists() for file in kept)


def test_all_kinds_of_an_empty_home(home: Home) -> None:
    assert {kind.name: found.bytes for kind, found in used_by(home)} == dict.fromkeys(KINDS.names, 0)
    assert empty(home, [kind.name for kind in KINDS if kind.can_be_emptied]).bytes == 0
