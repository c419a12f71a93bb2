"""studio clean: what takes room is listed, and nothing is removed before somebody has agreed."""

import io
import json
import sys
from pathlib import Path

import pytest
from logs import make_run

from studio.cli import main
from studio.paths import Home
from studio.store import Store


@pytest.fixture
def deleted(home: Home) -> Path:
    run = make_run(Store(home))
    (run.folder / "model.bin").write_bytes(b"x" * 2_000_000)
    Store(home).delete(run)
    return home.trash / run.id


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    terminal = io.StringIO(f"{answer}\n")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)


def test_what_takes_room(deleted: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("trash"))
    assert line.split()[1:] == ["2.0", "MB", "2.0", "MB", "Deleted", "runs", "and", "projects"]
    assert main(["clean", "--json", "--home", str(home.root)]) == 0
    kinds = {kind["name"]: kind for kind in json.loads(capsys.readouterr().out)}
    assert kinds["trash"]["removable_bytes"] > 2_000_000 and kinds["uploads"]["bytes"] == 0
    assert deleted.exists()


def test_why_something_stays(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.drafts.mkdir(parents=True)
    (home.drafts / "broken.json").write_text("{")
    assert main(["clean"]) == 0
    assert "uploads: All of it stays: " in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "stays"), [("", True), ("n", True), ("y", False), ("Yes", False)])
def test_it_asks(
    answer: str, stays: bool, deleted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch, answer)
    assert main(["clean", "trash", "uploads"]) == 0
    printed = capsys.readouterr()
    assert (
        "Deleted runs and projects. Once removed they cannot be restored" in printed.err
        and "  Uploads. Only files" in printed.err
    )
    assert "for good" in printed.err and "Go on? [y/N]" in printed.out
    assert deleted.exists() is stays
    assert ("Nothing was removed." in printed.err) is stays and ("2.0 MB are free again." in printed.out) is not stays


def test_without_a_terminal_it_wants_to_be_told(
    deleted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["clean", "trash"]) == 2
    assert "--yes" in capsys.readouterr().err and deleted.exists()
    assert main(["clean", "trash", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed_bytes"] > 2_000_000 and not deleted.exists()


@pytest.mark.parametrize(("kind", "says"), [("trahs", "Did you mean 'trash'?"), ("runs", "cannot be emptied")])
def test_what_cannot_be_emptied(kind: str, says: str, deleted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", "trash", kind, "--yes"]) == 2
    assert says in capsys.readouterr().err and deleted.exists()


def test_trouble_is_told(deleted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "It is open elsewhere")

    monkeypatch.setattr(Path, "rename", refuse)
    assert main(["clean", "trash", "--yes"]) == 1
    assert "It is open elsewhere" in capsys.readouterr().out
