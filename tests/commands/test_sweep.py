"""studio sweep: from a run file whose settings vary to the best of its trials."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from logs import planned, started, step

from studio.cli import main
from studio.commands import sweep as command
from studio.events import Evaluated, Finished
from studio.files import replace_json
from studio.paths import Home
from studio.store import Run
from studio.sweeps import driver
from studio.sweeps.driver import Driver
from studio.sweeps.folder import Sweep


class Trainer:
    """Trains at once; the more epochs the better."""

    def enqueue(self, run: Run) -> None:
        epochs = yaml.safe_load(run.config_file.read_text())["training"]["epochs"]
        for event in (started(), planned(), step(1)):
            run.append(event)
        run.append(Evaluated(split="validation", step=1, epoch=1, metrics={"accuracy": epochs / 10}, best=True))
        run.append(Finished(reason="completed", best_step=1, seconds=2.0))

    resume = stop = enqueue


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    (tmp_path / "reviews.csv").write_text("text,label\ngood,a\nbad,b\n", encoding="utf-8")
    values: dict[str, Any] = {
        "task": "text-classification",
        "model": {"id": "starter/text"},
        "data": {"source": "reviews.csv"},
        "training": {"epochs": {"low": 1, "high": 5}},
    }
    file = tmp_path / "search.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver does all of its work when it is started."""

    def work(sweep: Sweep, environment: dict[str, str]) -> int:
        replace_json(sweep.ended_file, {"why": Driver(sweep, Trainer()).work()})
        return 0

    monkeypatch.setattr(driver, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(command, "start_driver", work)


def test_the_best_trial_is_told(
    run_file: Path, home: object, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", str(run_file), "--method", "grid", "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out.splitlines()[-1])
    assert (found["name"], found["status"], found["metric"]) == ("search", "ended", "accuracy")
    best = found["trials"][found["best"]]
    assert (best["parameters"], best["value"], len(found["trials"])) == ({"training.epochs": 5}, 0.5, 5)
    assert "Best: trial" in told.err and "training.epochs=5" in told.err
    assert main(["sweeps"]) == 0
    listed = capsys.readouterr().out
    assert found["sweep"] in listed and "50.0%" in listed
    assert main(["sweep", found["sweep"], "--json"]) == 0, "it has ended, and is told once more"
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == found
    run = Run(Path(found["dir"]).parent.parent / "runs" / best["run"])
    assert yaml.safe_load(run.config_file.read_text())["data"]["source"] == str(run_file.parent / "reviews.csv")


@pytest.mark.parametrize(
    ("change", "flags", "why"),
    [
        ({"training": {"epochs": 3}}, [], "No setting is a range or has choices."),
        ({"training": {"epochs": {"low": 9, "high": 3}}}, [], "low is above high"),
        ({"model": {"id": "starter/none"}}, [], "no starter model named 'none'"),
        ({}, ["--method", "guess"], "'gp', 'cma-es' or 'auto'"),
        ({}, ["--trials", "0"], "at least 1"),
        ({"sweep": [1]}, [], "is a section of settings"),
    ],
)
def test_mistakes_are_told_before_anything_begins(
    run_file: Path, home: object, capsys: pytest.CaptureFixture[str], change: Any, flags: list[str], why: str
) -> None:
    run_file.write_text(yaml.safe_dump(yaml.safe_load(run_file.read_text()) | change))
    assert main(["sweep", str(run_file), *flags]) == 2
    assert why in capsys.readouterr().err
    assert main(["sweeps", "--json"]) == 0 and json.loads(capsys.readouterr().out) == []


def test_no_such_sweep(home: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "../runs"]) == 2 and "There is no sweep" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["", "[", "task: x", "a: &a [*a]"])
def test_a_damaged_sweep_hides_no_other(
    written: str, run_file: Path, home: object, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", str(run_file), "--trials", "1", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out.splitlines()[-1])
    damaged = Path(whole["dir"]).parent / "20200101-000000-abcd"
    damaged.mkdir()
    (damaged / "sweep.yaml").write_text(written)
    assert main(["sweeps", "--json"]) == 0
    assert [each["status"] for each in json.loads(capsys.readouterr().out)] == ["ended", "damaged"]
    assert main(["sweeps"]) == 0 and damaged.name in capsys.readouterr().out
    assert main(["sweep", damaged.name]) == 2 and capsys.readouterr().err


def test_too_large_a_grid_is_told_at_once(run_file: Path, home: object, capsys: pytest.CaptureFixture[str]) -> None:
    large = {"training": {"seed": {"low": 0, "high": 1_000_000}}, "sweep": {"method": "grid"}}
    run_file.write_text(yaml.safe_dump(yaml.safe_load(run_file.read_text()) | large))
    assert main(["sweep", str(run_file)]) == 2
    assert "The grid is too large." in capsys.readouterr().err


def test_why_its_process_ended_is_told(
    run_file: Path, home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(sweep: Sweep, environment: dict[str, str]) -> None:
        sweep.driver_log.write_text("12:00 begun\n12:01 The disk is full.\n")

    monkeypatch.setattr(command, "start_driver", die)
    assert main(["sweep", str(run_file)]) == 1
    assert "12:01 The disk is full." in capsys.readouterr().err


def test_a_full_disk_is_told_and_leaves_nothing(
    run_file: Path, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill(*_words: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio.sweeps.folder.replace_text", fill)
    assert main(["sweep", str(run_file), "--json"]) == 2
    told = capsys.readouterr()
    assert "The disk is full." in told.err and "The disk is full." in json.loads(told.out)["error"]["why"]
    assert not list(home.sweeps.iterdir())
