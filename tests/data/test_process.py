"""The data process from outside: what it says, and what it never does."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.data import process
from studio.data.importing import Imported
from studio.language import unpacked
from studio.paths import Home
from studio.processes import python


def ask(request: dict[str, Any] | str, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    text = request if isinstance(request, str) else json.dumps(request)
    done = subprocess.run(
        [*(arguments or python("studio.data.process"))],
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def test_an_import(home: Home, images: Path) -> None:
    code, messages, _ = ask({"op": "import", "source": str(images), "home": str(home.root)})
    assert code == 0
    assert [set(message) for message in messages[:-1]] == [{"progress"}] * (len(messages) - 1)
    assert messages[0]["progress"].keys() == {"sentence", "done", "total"}
    result = messages[-1]["result"]
    imported = Imported.open(Path(result["folder"]))
    assert imported is not None
    assert imported.rows == result["rows"] == 40


def test_a_mistake_is_an_answer(home: Home) -> None:
    code, messages, _ = ask({"op": "import", "source": "nowhere.csv", "home": str(home.root)})
    assert code == 2
    assert messages[-1]["error"].keys() == {"what", "why", "what_to_do"}
    messages: list[dict[str, Any]] = []
    request = {"op": "import", "source": "x", "home": str(home.root), "limits": {"fiels": 3}}
    assert process.answer(request, messages.append) == 2
    assert "'files'" in unpacked(messages[-1]["error"]["why"])


def test_a_fault_is_an_answer_too(capsys: pytest.CaptureFixture[str]) -> None:
    messages: list[dict[str, Any]] = []
    assert process.answer({"op": "import"}, messages.append) == 1
    assert "KeyError" in messages[-1]["error"]["why"]
    assert "Traceback" in capsys.readouterr().err


def test_stray_prints_do_not_reach_the_answer(home: Home, reviews: Path) -> None:
    program = (
        "import os, sys\n"
        "from studio.data import process\n"
        "def noisy(request, progress):\n"
        "    print('stray'); os.write(1, b'stray below\\n'); os.system('echo stray child')\n"
        "    return 'fine'\n"
        "process.OPERATIONS['import'] = noisy\n"
        "sys.exit(process.main())\n"
    )
    code, messages, errors = ask({"op": "import"}, sys.executable, "-c", program)
    assert (code, messages) == (0, [{"result": "fine"}])
    assert "stray below" in errors


def test_torch_is_never_imported(home: Home, reviews: Path, images: Path) -> None:
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from studio.data.importing import import_source\n"
        "from studio.data.limits import Limits\n"
        "from studio.data.options import ReadingOptions\n"
        "from studio.paths import Home\n"
        "from studio.errors import StudioError\n"
        "for source in sys.argv[2:]:\n"
        "    try:\n"
        "        import_source(source, ReadingOptions(), Home(Path(sys.argv[1])), Limits())\n"
        "    except StudioError as error:\n"
        "        assert source.startswith('hub:'), error\n"
        "print(json.dumps({'heavy': sorted({'torch', 'transformers', 'peft'} & set(sys.modules))}))\n"
    )
    sources = [str(reviews), str(images), "sample/handwritten-digits", "hub:owner/name"]
    code, messages, errors = ask("", sys.executable, "-c", program, str(home.root), *sources)
    assert code == 0, errors
    assert messages == [{"heavy": []}]


KILLED = """
import json, os, signal, sys
from studio.data import process
def write(message):
    if "Looking" in json.dumps(message):
        os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
process.answer(json.load(sys.stdin), write)
"""


def test_a_killed_import_counts_for_nothing(home: Home, tmp_path: Path) -> None:
    import tiny

    request = {"op": "import", "source": str(tiny.write_images(tmp_path / "p.zip", 40)), "home": str(home.root)}
    code, messages, _ = ask(request, sys.executable, "-c", KILLED)
    assert code not in (0, 1) and messages == []
    folders = [path for path in home.datasets.iterdir() if path.name != "aliases"]
    assert [Imported.open(folder) for folder in folders] == [None]
    _, messages, _ = ask(request)
    assert messages[-1]["result"]["rows"] == 40


def test_progress_is_not_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call a millisecond makes ten messages a second."""
    clock = itertools.count(0.0, 0.0005)  # it is looked at twice in a call
    monkeypatch.setattr(process.time, "monotonic", lambda: next(clock))
    messages: list[dict[str, Any]] = []

    def busy(request: dict[str, Any], progress: Any) -> str:
        for n in range(5000):
            progress("Working", n, 5000)
        return "done"

    before = process.OPERATIONS["import"]
    process.OPERATIONS["import"] = busy
    try:
        assert process.answer({"op": "import"}, messages.append) == 0
    finally:
        process.OPERATIONS["import"] = before
    assert 25 < len(messages) < 60
    assert messages[-1] == {"result": "done"}
