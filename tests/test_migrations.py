"""Files of earlier versions are upgraded step by step; those of newer ones are refused in one plain sentence."""

from pathlib import Path
from typing import Any

import pytest
from logs import CONFIG

from studio import migrations
from studio.app.draft_versions import DRAFT
from studio.app.drafts import Draft, Drafts
from studio.config import RunConfig
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.files import mark_complete, read_json, replace_json
from studio.migrations import IMPORTED, RESOLVED, RUN_FILE, VERSION, Format, Values
from studio.paths import Home
from studio.store import Run
from studio.tasks.former_results import SCORES
from studio.tasks.results import stored_scores

FORMATS = [DRAFT, SCORES, *(value for value in vars(migrations).values() if isinstance(value, Format))]
NEWER = {VERSION: 99}


def rename(values: Values) -> Values:
    return {"length" if key == "len" else key: value for key, value in values.items()}


def to_text(values: Values) -> Values:
    return {**values, "length": str(values["length"])} if "length" in values else values


RULER = Format("ruler", (rename, to_text))


@pytest.mark.parametrize(
    "written", [{"len": 3}, {VERSION: 1, "len": 3}, {VERSION: 2, "length": 3}, {VERSION: 3, "length": "3"}]
)
def test_every_version_becomes_the_newest(written: Values) -> None:
    before = dict(written)
    assert RULER.upgrade(written) == {"length": "3"} and written == before
    assert RULER.stamp({"length": "3"}) == {"version": 3, "length": "3"}
    assert RULER.upgrade(RULER.stamp({"length": "3"})) == {"length": "3"}


def test_a_part_of_a_file_is_upgraded_too() -> None:
    assert RULER.upgrade({}) == {} and RULER.upgrade({"colour": "red"}) == {"colour": "red"}


def test_a_newer_file_is_refused_with_what_to_do() -> None:
    with pytest.raises(StudioError, match="The ruler was written by a newer version of the studio") as caught:
        RULER.upgrade({VERSION: 4, "length": "3"})
    assert "version 4" in caught.value.explanation.why and "Update" in caught.value.explanation.what_to_do


@pytest.mark.parametrize("wrong", [0, -1, "2", 1.0, True, None, [1]])
def test_a_version_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(StudioError, match="no version that there is"):
        RULER.upgrade({VERSION: wrong})


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.title)
def test_no_format_leaves_out_a_version(kind: Format) -> None:
    assert kind.stamp({}) == {VERSION: kind.version} and kind.upgrade({VERSION: kind.version, "a": 1}) == {"a": 1}


# --- each kind of file, from its writer to its reader -------------------------------------------------


def test_a_run_file_says_its_version() -> None:
    config = RunConfig.from_text(CONFIG)
    text = config.to_text()
    assert text.startswith(f"version: {RUN_FILE.version}\n") and RunConfig.from_text(text) == config


def test_a_newer_run_file_is_refused_before_its_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(f"version: 99\nno such setting: 1\n{CONFIG}", encoding="utf-8")
    with pytest.raises(StudioError, match="newer version") as caught:
        RunConfig.from_file(path)
    assert "no such setting" not in str(caught.value)


def test_a_former_run_file_is_upgraded_before_it_is_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if today's `task` had been called `job` in version 1."""

    def job_is_task(values: Values) -> Values:
        return {"task" if key == "job" else key: value for key, value in values.items()}

    monkeypatch.setattr("studio.config.RUN_FILE", Format("run file", (job_is_task,)))
    config = RunConfig.from_text(CONFIG.replace("task:", "job:"))
    assert config.task == "text-classification" and config.to_text().startswith("version: 2\ntask:")


def test_a_draft_says_its_version_and_a_newer_one_stays_as_it_is(home: Home) -> None:
    drafts = Drafts(home)
    draft = drafts.save(Draft(id="0" * 24, title="reviews"))
    file = home.drafts / f"{draft.id}.json"
    assert read_json(file)[VERSION] == DRAFT.version and drafts.load(draft.id) == draft
    newer = {**read_json(file), **NEWER}
    replace_json(file, newer)
    with pytest.raises(StudioError, match="newer version"):
        drafts.load(draft.id)
    assert read_json(file) == newer


def test_a_newer_import_or_score_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    replace_json(run.scores_file, {**NEWER, "test": {}})
    with pytest.raises(StudioError, match="newer version"):
        stored_scores(run)
    replace_json(tmp_path / "data" / "about.json", NEWER)
    mark_complete(tmp_path / "data")
    with pytest.raises(StudioError, match="newer version"):
        Imported.open(tmp_path / "data")


def test_problems_of_an_import_are_upgraded_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a problem's `what` had been called `wrong` in version 1."""

    def wrong_is_what(values: Values) -> Values:
        problems = [{"row": each["row"], "what": each["wrong"]} for each in values.get("problems", ())]
        return {**values, "problems": problems}

    about = {"title": "", "format": "CSV", "kind": "text", "reading": {}, "columns": [], "rows": 0, "profiles": []}
    replace_json(tmp_path / "about.json", IMPORTED.stamp(about))
    replace_json(tmp_path / "problems.json", [{"row": 3, "wrong": "It has a cell too many."}])
    mark_complete(tmp_path)
    monkeypatch.setattr("studio.data.importing.IMPORTED", Format("imported data set", (wrong_is_what,)))
    imported = Imported.open(tmp_path)
    assert imported is not None and [problem.what for problem in imported.problems] == ["It has a cell too many."]


def test_what_a_run_computes_with_says_its_version(tmp_path: Path) -> None:
    from studio.engine.resolved_settings import FILE, ResolvedSettings

    resolved = ResolvedSettings("cpu", 2, "fp32", 8)
    resolved.write(tmp_path)
    assert read_json(tmp_path / FILE)[VERSION] == RESOLVED.version and ResolvedSettings.read(tmp_path) == resolved
    replace_json(tmp_path / FILE, NEWER)
    with pytest.raises(StudioError, match="newer version"):
        ResolvedSettings.read(tmp_path)
