"""Jobs: progress, results, explained errors, Cancel, and processes that die."""

import sys
import threading
from pathlib import Path

import pytest

from studio.data.importing import Imported
from studio.errors import StudioError
from studio.jobs import Job, Progress, run_job
from studio.language import said
from studio.paths import Home

READ = "import json, sys, time\nrequest = json.loads(sys.stdin.read())\n"
REPORT = "report = lambda message: print(json.dumps(message), flush=True)\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Makes a module of this code that a job can name."""

    def make(code: str) -> str:
        (tmp_path / "job_of_a_test.py").write_text(READ + REPORT + code, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "job_of_a_test"

    return make


def test_progress_then_the_result(module) -> None:  # type: ignore[no-untyped-def]
    code = (
        'report({"progress": {"sentence": "Größe", "done": 1, "total": 2}})\n'
        'report({"progress": {"sentence": "then"}})\nreport({"result": request["wish"]})'
    )
    job = Job(module(code), {"wish": "ä"})
    assert list(job) == [Progress("Größe", 1, 2), Progress("then", 0, 0)]
    assert job.result == "ä" and not job.cancelled


def test_sentences_of_the_process_can_be_said_in_another_language(module) -> None:  # type: ignore[no-untyped-def]
    code = (
        "from studio.errors import StudioError\nfrom studio.language import _, packed\n"
        'report({"progress": {"sentence": packed(_("Data"))}})\n'
        'report({"error": StudioError(_("{page} cannot be opened yet.", page=_("Data"))).packed()})'
    )
    progress = iter(Job(module(code), {}))
    assert said(next(progress).sentence, "de") == "Daten"
    with pytest.raises(StudioError, match="Data cannot be opened yet") as caught:
        next(progress)
    assert said(caught.value.explanation.what, "de") == "Daten lässt sich noch nicht öffnen."


def test_without_showing_progress(module) -> None:  # type: ignore[no-untyped-def]
    assert run_job(module('report({"result": None})'), {}) is None


def test_an_explained_error_reaches_the_asker(module) -> None:  # type: ignore[no-untyped-def]
    code = 'report({"error": {"what": "It broke.", "why": "It was glass.", "what_to_do": "Glue it."}})'
    with pytest.raises(StudioError) as caught:
        run_job(module(code), {})
    assert caught.value.explanation.why == "It was glass."


@pytest.mark.parametrize(
    "code",
    ["sys.exit(3)", "sys.stdout.write('{\"resu'); sys.stdout.flush(); sys.exit(3)", "print('chatter'); sys.exit(3)"],
    ids=["without a word", "in the middle of a line", "after a word that is no message"],
)
def test_a_process_that_dies_is_explained(module, code: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StudioError) as caught:
        run_job(module(code), {})
    assert caught.value.explanation.what == "The work ended before it was done."
    assert "code 3" in caught.value.explanation.why


def test_a_module_that_does_not_start_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="ended before it was done"):
        run_job("studio.no_such_module", {"padding": "x" * 200_000})


def test_cancel_ends_the_process_and_nothing_is_raised(module) -> None:  # type: ignore[no-untyped-def]
    job = Job(module('report({"progress": {"sentence": "on it"}})\ntime.sleep(600)'), {})
    steps = iter(job)
    assert next(steps) == Progress("on it")
    threading.Timer(0.2, job.cancel).start()
    assert list(steps) == []
    assert job.cancelled and job.result is None and job.ended


def test_an_asker_that_goes_away_leaves_no_process(module) -> None:  # type: ignore[no-untyped-def]
    job = Job(module('report({"error": {"what": "No."}})\ntime.sleep(600)'), {})
    with pytest.raises(StudioError):
        list(job)
    assert job.ended, "the process of a job that failed went on"


def test_a_cancelled_import_leaves_nothing_that_counts(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "many.csv"
    source.write_text("text,label\n" + "".join(f"row {n},{n % 3}\n" for n in range(60_000)), encoding="utf-8")
    job = Job("studio.data.process", {"op": "import", "source": str(source), "home": str(home.root)})
    for _ in job:
        job.cancel()
    assert job.result is None
    folders = [folder for folder in home.datasets.iterdir() if folder.is_dir()] if home.datasets.is_dir() else []
    assert all(Imported.open(folder) is None for folder in folders)
    result = run_job("studio.data.process", {"op": "import", "source": str(source), "home": str(home.root)})
    assert result["rows"] == 60_000
    left = [folder for folder in home.datasets.iterdir() if folder.is_dir() and folder.name != "aliases"]
    assert left == [Path(result["folder"])]


def test_the_interpreter_is_this_one(module) -> None:  # type: ignore[no-untyped-def]
    assert run_job(module('report({"result": sys.executable})'), {}) == sys.executable
