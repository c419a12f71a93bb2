"""Device slots: who trains, who waits, and on which GPU."""

from pathlib import Path

import pytest

from studio.engine import slots
from studio.engine.reporting import Interrupted, Reporter
from studio.engine.slots import Slots, acquire_slots, bind_gpus, slots_here
from studio.errors import StudioError
from studio.hardware import Gpu, Machine
from studio.store import Run
from studio.training import TrainingOptions
from studio.training.computing import check_processes
from studio.training.needs import unused_here

CARD = Gpu("A card", 8 * 1024**3)


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with four."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(slots, "nvidia_gpus", lambda: [CARD] * 4)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(slots, "nvidia_gpus", lambda: [])


def acquire(folder: Path, count: int, needed: int = 1) -> Slots:
    """One that leaves instead of waiting."""
    run = Run(folder / "run")
    run.folder.mkdir(exist_ok=True)
    run.command("stop")
    return acquire_slots(folder / "locks", count, needed, Reporter(run))


def test_as_many_at_once_as_there_are_slots(tmp_path: Path, no_gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_CONCURRENT_RUNS", raising=False)
    assert slots_here() == 1
    monkeypatch.setenv("STUDIO_CONCURRENT_RUNS", "3")
    assert slots_here() == 3
    one = acquire(tmp_path, 2)
    two = acquire(tmp_path, 2)
    with pytest.raises(Interrupted):
        acquire(tmp_path, 2)
    one.release()
    assert acquire(tmp_path, 2).numbers == one.numbers == (0,)
    two.release()


def test_a_run_on_several_devices_holds_all_or_none(tmp_path: Path, no_gpu: None) -> None:
    together = acquire(tmp_path, 1, needed=2)
    assert together.numbers == (0, 1)
    with pytest.raises(Interrupted):
        acquire(tmp_path, 1)
    together.release()
    single = acquire(tmp_path, 2)
    with pytest.raises(Interrupted):
        acquire(tmp_path, 2, needed=2)
    assert acquire(tmp_path, 2).numbers == (1,)  # was not kept by the one that found too few
    single.release()


def test_it_takes_the_devices_that_are_free(tmp_path: Path, gpus: None) -> None:
    single = acquire(tmp_path, 4)
    assert acquire(tmp_path, 4, needed=2).numbers == (1, 2)
    single.release()


def test_no_two_of_its_slots_are_the_same_gpu(tmp_path: Path, gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    single = acquire(tmp_path, 4)
    assert acquire(tmp_path, 4, needed=2).numbers == (1, 2)  # slot 3 is the second GPU again, as slot 1 is
    single.release()


@pytest.mark.parametrize(
    ("there", "numbers", "seen"),
    [
        (None, (2,), "2"),
        (None, (5,), "1"),
        (None, (0, 3), "0,3"),
        ("GPU-7,GPU-9", (1,), "GPU-9"),
        ("3", (1,), "3"),
        ("", (1,), ""),
    ],
)
def test_a_slot_is_a_gpu(
    there: str | None, numbers: tuple[int, ...], seen: str, gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if there is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", there)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "gone after the test")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    bind_gpus(numbers)
    assert slots.os.environ["CUDA_VISIBLE_DEVICES"] == seen


def test_without_several_gpus_nothing_is_bound(no_gpu: None) -> None:
    bind_gpus((0,))
    assert "CUDA_VISIBLE_DEVICES" not in slots.os.environ


@pytest.mark.parametrize(
    ("gpus", "device", "processes", "refused"),
    [(2, "auto", 2, False), (2, "auto", 3, True), (2, "cuda", 3, True), (2, "cpu", 3, False), (0, "auto", 3, False)],
)
def test_more_devices_than_there_are(gpus: int, device: str, processes: int, refused: bool) -> None:
    machine = Machine(4, 16 * 1024**3, (CARD,) * gpus)
    options = TrainingOptions.read({"device": device, "processes": processes})
    if not refused:
        check_processes(options, machine)
        return
    with pytest.raises(StudioError) as caught:
        check_processes(options, machine)
    assert "does not have 3 GPUs" in str(caught.value) and "Set processes to 2" in str(caught.value)


def test_how_many_is_only_asked_where_there_are_several() -> None:
    plain = TrainingOptions()
    assert unused_here(plain, Machine(4, 1, (CARD,))) == unused_here(plain, Machine(4, 1, ())) == {"processes"}
    assert not unused_here(plain, Machine(4, 1, (CARD, CARD)))
    assert not unused_here(TrainingOptions(processes=2), Machine(4, 1, ()))  # what is set is shown
