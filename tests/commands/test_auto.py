"""studio auto: from a plain run file to the best of several ways of training."""

import json
from pathlib import Path

import pytest
import yaml
from families import structure_of
from logs import planned, started, step

from studio.cli import main
from studio.commands import auto as command
from studio.events import Evaluated, Finished
from studio.files import replace_json
from studio.hardware import GIGABYTE, Machine
from studio.models import speed
from studio.store import Run
from studio.sweeps import driver
from studio.sweeps.candidates import Auto, Subject
from studio.sweeps.driver import Driver
from studio.sweeps.folder import Sweep


class Trainer:
    """Trains at once; layer-wise rates are best."""

    def enqueue(self, run: Run) -> None:
        value = 0.95 if "layerwise" in run.config_file.read_text() else 0.6
        for event in (started(), planned(), step(100)):
            run.append(event)
        run.append(Evaluated(split="validation", step=100, epoch=1, metrics={"accuracy": value}, best=True))
        run.append(Finished(reason="completed", best_step=100, seconds=2.0, time=started().time + 2))

    resume = stop = enqueue


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    rows = "".join(f"good {n},a\nbad {n},b\n" for n in range(30))
    (tmp_path / "reviews.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    values = {
        "task": "text-classification",
        "model": {"id": "starter/text"},
        "data": {"source": "reviews.csv"},
    }
    file = tmp_path / "best.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


def test_the_best_way_is_told_with_its_reason(
    run_file: Path, home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(sweep: Sweep, environment: dict[str, str]) -> None:
        replace_json(sweep.ended_file, {"why": Driver(sweep, Trainer()).work()})

    about = Subject(structure_of("bert"), {}, {"train": 48, "validation": 40, "test": 6}, 9.0, {"a": 24, "b": 24})
    monkeypatch.setattr(driver, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(command, "start_driver", work)
    monkeypatch.setattr(command, "subject", lambda *known: about)
    monkeypatch.setattr(command, "probe", lambda: Machine(cores=2, memory_bytes=16 * GIGABYTE, gpus=()))
    monkeypatch.setattr(speed, "measure", lambda cores: speed.Speed(1e11, 1e10, rough=False))
    assert main(["auto", str(run_file), "--minutes", "9", "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out.splitlines()[-1])
    best = found["trials"][found["best"]]
    assert (best["parameters"], best["value"]) == ({"candidate": "layerwise"}, 0.95)
    assert found["why_best"].startswith("Chosen because") and found["why_best"] in told.err
    saved = yaml.safe_load((Path(found["dir"]) / "sweep.yaml").read_text())
    assert saved["sweep"]["minutes"] == 9 and saved["data"]["source"] == str(run_file.parent / "reviews.csv")
    assert len(found["trials"]) == len(Auto.read(saved["auto"]).candidates)


@pytest.mark.parametrize("minutes", ["0", "-3", "nan"])
def test_minutes_are_more_than_none(run_file: Path, home: object, minutes: str) -> None:
    assert main(["auto", str(run_file), "--minutes", minutes]) == 2
