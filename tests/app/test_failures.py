"""Failures from end to end, through `studio train`: a plain sentence, the right exit code, and nothing lost."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from trained import Workers

from studio.cli import main
from studio.paths import Home
from studio.store import Run, Store

SIGNS_OF_A_BUG = ("Traceback", "unexpected error", "Error:")


@pytest.fixture
def write_run(tmp_path: Path, text_model: Path, reviews: Path) -> Any:
    def write(training: str, source: Path = reviews) -> Path:
        path = tmp_path / "run.yaml"
        path.write_text(
            f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{source}'}}\n"
            f"training: {{device: cpu, precision: fp32, batch_size: 8, {training}}}\n",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def studio(forked: None, capsys: pytest.CaptureFixture[str]) -> Any:
    """A command whose worker begins with its imports done: (exit code, JSON, stderr)."""

    def ask(*words: str) -> tuple[int, dict[str, Any], str]:
        code, printed = main([*words, "--json"]), capsys.readouterr()
        assert printed.out, printed.err
        return code, json.loads(printed.out.splitlines()[-1]), printed.err

    return ask


@pytest.fixture
def in_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Code that a worker runs before its own."""

    def write(code: str) -> None:
        lines = "".join(f"    {line}\n" for line in code.splitlines())
        only = f"import sys\nif 'studio.engine.worker' in ' '.join(sys.orig_argv):\n{lines}"
        (tmp_path / "sitecustomize.py").write_text(only, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))

    return write


def only_run(home: Home) -> Run:
    runs = list(Store(home))
    assert len(runs) == 1
    return runs[0]


def test_a_loss_that_is_no_number_any_more(
    home: Home, studio: Any, write_run: Any, text_model: Path, tmp_path: Path
) -> None:
    """Weights so large that their products overflow, as after far too long steps."""
    from safetensors.numpy import load_file, save_file

    huge = shutil.copytree(text_model, tmp_path / "huge")
    tensors = load_file(huge / "model.safetensors")
    name = next(name for name in tensors if name.endswith("attention.self.query.weight"))
    save_file({**tensors, name: tensors[name] * 1e38}, huge / "model.safetensors", {"format": "pt"})
    run_file = write_run("epochs: 4, learning_rate: 10")
    run_file.write_text(run_file.read_text(encoding="utf-8").replace(str(text_model), str(huge)), encoding="utf-8")
    code, result, stderr = studio("train", str(run_file))
    assert (code, result["status"]) == (2, "failed")
    words = " ".join(result["error"].values())
    assert "learning rate" in words and not any(sign in words + stderr for sign in SIGNS_OF_A_BUG)


def test_an_upload_that_is_deleted_while_the_run_waits(
    home: Home, studio: Any, workers: Workers, tmp_path: Path, write_run: Any
) -> None:
    source = tmp_path / "gone.csv"
    source.write_text("text,label\n" + "a good film,good\na bad film,bad\n" * 20, encoding="utf-8")
    run = Store(home).create(write_run("epochs: 1", source).read_text(encoding="utf-8"), "waiting")
    source.unlink()
    state = workers.work(run)
    assert state.status == "failed" and state.failure
    assert "gone.csv" in str(state.failure) and state.failure.what_to_do
    code, result, _ = studio("train", str(write_run("epochs: 1", source)))
    assert code == 2 and "gone.csv" in result["error"]["what"]


@pytest.mark.skipif(sys.platform != "linux", reason="only there so much memory is surely refused")
def test_too_little_memory(home: Home, studio: Any, write_run: Any, in_the_worker: Any) -> None:
    in_the_worker(
        "import studio.engine.loop as loop, torch\n"
        "step = loop.Loop._step\n"
        "def hungry(self, rows):\n"
        "    if self.state.step == 3:\n"
        "        self.kept = torch.empty(2**60, dtype=torch.uint8)\n"
        "    return step(self, rows)\n"
        "loop.Loop._step = hungry\n"
    )
    code, result, stderr = studio("train", str(write_run("epochs: 4")))
    assert (code, result["status"], result["error"]["what"]) == (2, "failed", "The memory is full.")
    assert "batch size" in result["error"]["what_to_do"] and "Traceback" not in stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no bound on the size of files")
def test_a_full_disk_loses_nothing_and_the_run_goes_on_from_it(
    home: Home, studio: Any, write_run: Any, in_the_worker: Any
) -> None:
    """No file may grow beyond a few kB: checkpoints do not fit, the log does."""
    in_the_worker(
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))"
    )
    code, result, _ = studio("train", str(write_run("epochs: 2, checkpoint_seconds: 0")))
    assert (code, result["status"]) == (2, "failed")
    assert result["error"]["what"] == "The disk is full." and "Traceback" not in str(result["error"])
    run = only_run(home)
    assert run.state().resumable
    in_the_worker("pass")
    code, result, stderr = studio("resume", run.id)
    assert code == 0, stderr
    assert result["status"] == "completed"
    steps = [point[0] for point in run.state().train]
    assert steps == sorted(set(steps)) and run.state().has_model
