"""The command line: flags, listings, plain-word mistakes, and a run from its file to its prediction."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from interrupting import ctrl_c_means
from logs import NOW, checked, make_run, planned, started, write
from trained import Workers, new_run, wait_until

from studio.cli import build_parser, main
from studio.commands import train as training
from studio.commands.listing import LISTS, _place
from studio.commands.train import with_changes
from studio.commands.ui import settings_from
from studio.config import RunConfig
from studio.errors import StudioError
from studio.events import Finished
from studio.hardware import probe
from studio.models.starters import STARTERS
from studio.pace import ratio
from studio.paths import Home
from studio.server_settings import ServerSettings
from studio.store import Store
from studio.strategies import STRATEGIES
from studio.tasks import TASKS

SMALL = "training: {epochs: 1, batch_size: 8, learning_rate: 0.003}\n"


@pytest.fixture
def run_file(tmp_path: Path, reviews: Path, text_model: Path) -> Path:
    path = tmp_path / "reviews.yaml"
    path.write_text(
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{reviews}'}}\n{SMALL}",
        encoding="utf-8",
    )
    return path


def settings_of(*words: str) -> ServerSettings:
    return settings_from(build_parser().parse_args(words))


# --- flags ------------------------------------------------------------------------------------


def test_alone_it_is_ui_with_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_AUTH", raising=False)
    assert settings_of() == settings_of("ui") == ServerSettings()
    assert settings_of().host == "127.0.0.1"


@pytest.mark.parametrize("before", [(), ("ui",)])
def test_every_server_setting_has_a_flag(before: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_AUTH", raising=False)
    flags = "--host 0.0.0.0 --port 80 --home /h --no-browser --auth a:b --trust-remote-code"
    flags += " --upload-limit 5 --activations-limit 6"
    flags += " --concurrent-runs 2 --no-warm-start --users u --members m --open-to-everyone"
    flags += " --guest-megabytes 11 --guest-rows 12 --guest-minutes 13 --guest-runs 14 --guest-days 15"
    settings = settings_of(*before, *flags.split())
    defaults = ServerSettings().model_dump()
    assert {name for name, value in settings.model_dump().items() if value != defaults[name]} == set(defaults)
    assert settings.port == 80 and settings.upload_megabytes == 5 and settings.concurrent_runs == 2


def test_the_login_comes_from_the_environment_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_AUTH", "me:secret")
    assert settings_of("ui").auth == ("me:secret",) and "secret" not in repr(settings_of("ui"))
    assert settings_of("ui", "--auth", "x:y").auth == ("x:y",)
    assert settings_of("ui", "--auth", "x:y", "--auth", "z:w").auth == ("x:y", "z:w")
    monkeypatch.setenv("STUDIO_AUTH", "nocolon")
    with pytest.raises(StudioError, match="name:password"):
        settings_of("ui")


def test_the_largest_upload_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_UPLOAD_LIMIT", "12")
    assert settings_of("ui").upload_megabytes == 12 and settings_of("--upload-limit", "5").upload_megabytes == 5


def test_the_home_may_stand_before_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(Home(tmp_path)).create("task: x\n", "mine")
    assert main(["--home", str(tmp_path), "runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "mine"


# --- listings -----------------------------------------------------------------------------------


def test_damaged_runs_are_listed_with_what_can_be_done(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    run = Store(home).create("task: nothing\n", "mine")
    run.meta_file.write_bytes(b"")
    main(["runs", "--home", str(home.root)])
    printed = capsys.readouterr()
    assert f"{run.id}  damaged" in printed.out and "Rename the run" in printed.err
    main(["runs", "--home", str(home.root), "--json"])
    assert "meta.json" in json.loads(capsys.readouterr().out)[0]["damage"]


def test_runs_are_found_by_words_tags_and_status_and_sorted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(home)
    for name, score, tags in (("b", 0.5, ["old"]), ("a", 0.9, ["old", "best so far"])):
        run = write(make_run(store, name), started(), planned(9), checked(9, score, best=True))
        write(run, Finished(reason="completed", best_step=9, seconds=1.0, time=NOW + 9)).annotate(
            tags=tags, notes="May"
        )
    make_run(store, "waits").enqueue()

    def found(*words: str) -> list[str]:
        assert main(["runs", "--json", *words]) == 0
        return [row["name"] for row in json.loads(capsys.readouterr().out)]

    assert found("--sort", "name") == ["a", "b", "waits"] == found("--sort", "name", "--reverse")[::-1]
    assert found("may", "old", "--sort", "metric") == ["a", "b"] == found("--tag", "old", "--sort", "name")
    assert (
        found("--status", "queued") == ["waits"] and found("--task", "nothing") == found("so far", "--tag", "new") == []
    )
    main(["runs", "--json", "--sort", "name"])
    rows = json.loads(capsys.readouterr().out)
    assert [row["best"] for row in rows] == [True, False, False] and all(row["bytes"] > 0 for row in rows)
    main(["runs", "far"])
    assert capsys.readouterr().out.rstrip().endswith("a     old, best so far")


@pytest.mark.parametrize("what", sorted(LISTS))
def test_lists(what: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", what, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows and all(row["name"] and row["title"] for row in rows)
    assert main(["list", what]) == 0
    assert rows[0]["name"] in capsys.readouterr().out


def test_models_that_need_no_network_come_first(home: Home) -> None:
    there = [row["on_this_machine"] for row in LISTS["models"]() if row.get("tasks")]
    assert there == sorted(there, reverse=True) and there[0]
    here = {row["name"] for row in LISTS["models"]() if row["on_this_machine"]}
    assert _place({"on_this_machine": False, "download_bytes": 0}) == "[not installed] "
    assert _place({"on_this_machine": False, "download_bytes": 5_000_000}) == "[5 MB] "
    assert here >= {starter.id for starter in STARTERS if not starter.extra}  # an extra may be installed or not


def test_models_say_whether_they_are_here(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "models"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "[here]" in lines["starter/image"] and "[268 MB]" in lines["distilbert/distilbert-base-uncased"]
    assert "[here]" in lines["starter/gpt"]


def test_lists_are_the_registries(home: Home) -> None:
    assert [row["name"] for row in LISTS["tasks"]()] == list(TASKS.names)
    assert [row["name"] for row in LISTS["strategies"]()] == list(STRATEGIES.names)


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "/none.yaml"], "cannot be read"),
        (["predict", "20260101-000000-abcd", "x"], "no run"),
        (["stop", "20260101-000000-abcd"], "no run"),
        (["check", "/none.csv", "--task", "text-classification"], "/none.csv"),
        (["check", "/none.csv", "--task", "text-clasification"], "Did you mean 'text-classification'?"),
        (["check", "x.csv", "--task", "text-classification", "--column", "text"], "ROLE=NAME"),
        (["check", "x.csv"], "--task NAME"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_mistake_exits_2_in_plain_words(
    words: list[str], sentence: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and "Traceback" not in printed.err and printed.out == ""
    assert main([*words, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert sentence in " ".join(error.values()) and error["what_to_do"]


def test_no_traceback_reaches_a_person(home: Home) -> None:
    command = [sys.executable, "-m", "studio", "train", "/none.yaml"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert ended.returncode == 2 and "Traceback" not in ended.stderr and "/none.yaml" in ended.stderr


def test_settings_can_be_changed_on_the_way() -> None:
    text = "task: text-classification\nmodel: {id: a}\ndata: {source: b}\n"
    changed = RunConfig.from_text(with_changes(text, {"training.epochs": 9, "strategy.name": "lora", "strategy.r": 4}))
    assert changed.training.epochs == 9 and changed.strategy["name"] == "lora" and changed.strategy["r"] == 4
    with pytest.raises(StudioError, match="epoch"):
        RunConfig.from_text(with_changes(text, {"training.epoch": 9}))


def test_a_change_without_a_value_is_refused(run_file: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(run_file), "--set", "epochs"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err


def test_a_column_that_is_missing_is_reported_before_a_run_is_made(
    run_file: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(run_file), "--set", "data.columns={label: labl}"]) == 2
    assert "Did you mean 'label'?" in capsys.readouterr().err
    assert list(Store(home)) == []


def test_a_missing_source_is_told_with_the_mistakes_of_the_settings(
    run_file: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--set", "data.source=/none.csv", "--set", "training.epochs=0"]
    assert main(["train", str(run_file), *wrong]) == 2
    said = capsys.readouterr().err
    assert "'training.epochs' must be at least 1" in said and "'data.source': There is no file /none.csv." in said
    assert main(["train", str(run_file), *wrong[2:]]) == 2
    assert "data.source" not in capsys.readouterr().err


# --- data -----------------------------------------------------------------------------------------


def test_data_is_checked_row_by_row(tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "messy.csv"
    rows = [f"a good line number {n},{'yes' if n % 2 else 'no'}" for n in range(20)]
    data.write_text("\n".join(["text,label", *rows, ",yes", "no label here,"]), encoding="utf-8")
    assert main(["check", str(data), "--task", "text-classification", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] == 22 and report["used"] == 20 and report["dropped"] == 2
    assert {problem["row"] for problem in report["problems"] if problem["drops"]} == {21, 22}
    assert sum(report["splits"].values()) == 20 and set(report["classes"]) == {"no", "yes"}
    assert main(["check", str(data), "--task", "text-classification"]) == 0
    assert "row 21: The text is empty. (left out)\n" in capsys.readouterr().out
    run_file = tmp_path / "run.yaml"
    run_file.write_text(
        "task: text-classification\nmodel: {id: a/b}\ndata: {source: messy.csv, limit: 16}\n", encoding="utf-8"
    )
    assert main(["check", str(run_file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["used"] == 16, "the data settings of the run file count"
    long = f"{'many words ' * 200},yes"
    data.write_text("\n".join(["text,label", *rows, rows[3], "a last line,yes?", long]), encoding="utf-8")
    assert main(["check", str(data), "--task", "text-classification"]) == 0
    said = capsys.readouterr().out
    assert "1 copy (leave out)." in said
    assert "row 23: Very long text: It has 2,200 characters; many models read only the beginning. (used)\n" in said


def test_data_moves_no_cursor_of_a_terminal(tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"a line number {n},{('yes', 'no')[n % 2]}" for n in range(20)]
    data = tmp_path / "odd.csv"
    data.write_text("\n".join(["text,label", *rows, "another,\x1b[2Jyes\u202e"]), encoding="utf-8")
    assert main(["check", str(data), "--task", "text-classification"]) == 0
    said = capsys.readouterr().out
    assert "\\x1b[2Jyes\\u202e" in said and "\x1b" not in said and "\u202e" not in said
    assert main(["check", "gone\x1b[2J.csv", "--task", "text-classification"]) == 2
    said = capsys.readouterr().err
    assert "gone\\x1b[2J.csv" in said and "\x1b" not in said and "pload" not in said


def test_what_the_model_does_not_see_of_the_texts_is_said(
    tmp_path: Path, text_model: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{'good film ' * 10}{number},{'good' if number % 2 else 'bad'}" for number in range(100)]
    (tmp_path / "long.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    run_file = tmp_path / "run.yaml"
    choices = f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: long.csv}}\n"
    run_file.write_text(choices + "options: {max_length: 8}\n", encoding="utf-8")
    assert main(["check", str(run_file)]) == 0
    said = capsys.readouterr().out
    assert "All texts are cut after 8 tokens." in said and "  In the run file: options.max_length: 32\n" in said
    assert main(["check", str(run_file), "--json"]) == 0
    (found,) = [each for each in json.loads(capsys.readouterr().out)["unseen"] if each["settings"]]
    assert found["settings"] == {"options.max_length": 32} and found["what"] in said


def test_what_is_doubtful_about_the_data_is_said_before_it_is_trained_on(
    tmp_path: Path, text_model: Path, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(several: int) -> None:
        labels = [["late", "urgent"] if row < several else [("late", "lost")[row % 2]] for row in range(40)]
        lines = [json.dumps({"text": f"parcel number {row}", "labels": each}) for row, each in enumerate(labels)]
        (tmp_path / "tickets.jsonl").write_text("\n".join(lines), encoding="utf-8")

    write(10)
    run_file = tmp_path / "run.yaml"
    run_file.write_text(
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: tickets.jsonl}}\n", encoding="utf-8"
    )
    monkeypatch.setattr(training, "_work_on", lambda run, home, arguments, known: print(json.dumps(known)) or 0)
    assert main(["train", str(run_file)]) == 0
    printed = capsys.readouterr()
    (found,) = json.loads(printed.out)["doubts"]
    asked = (
        f"Is this right? {found['sentence']}\n  To settle it, write into the run file: "
        'data.columns.label: "labels" | task: "text-labels"\n'
    )
    assert asked in printed.err and "30 of 40 rows can be used; `studio check" in printed.err
    assert main(["check", str(run_file)]) == 0
    assert asked in capsys.readouterr().out
    assert main(["train", str(run_file), "--set", "data.columns.label=labels"]) == 0
    assert "Is this right?" not in capsys.readouterr().err
    write(40)
    for command in ("train", "check"):
        assert main([command, str(run_file), "--json"]) == 2
        printed = capsys.readouterr()
        assert asked in printed.err and json.loads(printed.out)["error"], "often the reason why no row can be used"


# --- a run ----------------------------------------------------------------------------------------


def test_from_a_run_file_to_a_prediction(
    run_file: Path,
    home: Home,
    forked: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = "--set=options.max_length=8"
    assert (
        main(["train", str(run_file), "--name", "tiny", "--tag", "try", "--tag", "Try", "--notes", "n", "--json", cut])
        == 0
    )
    printed = capsys.readouterr()
    result = json.loads(printed.out.splitlines()[-1])
    assert result["status"] == "completed" and Path(result["dir"]).is_dir()
    assert 0 <= result["metrics"]["test"]["accuracy"] <= 1 and "f1_macro" in result["metrics"]["validation"]
    assert "validation at step" in printed.err and "% (95% interval)" in printed.err
    assert "of" in result["intervals"]["test"]["accuracy"]["counted"] and result["remarks"]["test"][0] in printed.err
    assert all(found["what"] in printed.err for found in result["unseen"]) and result["unseen"]
    assert "  In the run file: options.max_length: " in printed.err
    run_id = result["run"]

    assert main(["runs"]) == 0
    assert run_id in (listed := capsys.readouterr().out) and "completed" in listed and "tiny" in listed
    run = Store(home).get(run_id)
    assert (run.tags, run.notes) == (("try",), "n")
    assert ratio(run.meta.get("expected"), run.state(), probe()), "later estimates learn from it"
    assert re.search(r"\d% accuracy", listed)

    assert main(["predict", run_id, "a great lovely film", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["value"] in ("good", "bad")
    assert sum(answer["details"]["probabilities"].values()) == pytest.approx(1, abs=1e-3)

    many = run_file.parent / "many.csv"
    many.write_text("text\na good film\na bad film\n", encoding="utf-8")
    output = run_file.parent / "answers.csv"
    assert main(["predict", run_id, str(many), "--output", str(output)]) == 0
    header, *rows = csv.reader(output.read_text(encoding="utf-8-sig").splitlines())
    assert header == ["text", "predicted", "confidence", "p_bad", "p_good", "problem"]
    assert [row[0] for row in rows] == ["a good film", "a bad film"]
    capsys.readouterr()

    assert main(["export", run_id, "--format", "folder", "--to", str(run_file.parent / "out"), "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["path"]).exists()
    assert main(["export", run_id, "--format", "foldr", "--to", "x"]) == 2
    assert main(["resume", run_id]) == 2 and main(["pause", run_id]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as POSIX does")
def test_ctrl_c_stops_the_run_and_keeps_its_model(run_file: Path, home: Home, forked: None) -> None:
    """More of it in test_following.py."""
    command = [sys.executable, "-m", "studio", "train", str(run_file), "--json", "--set", "training.epochs=1000"]
    pipe, folder = subprocess.PIPE, Path(__file__).parent.parent
    with ctrl_c_means(signal.default_int_handler):
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder)

    def is_training() -> bool:
        assert process.poll() is None, "it ended before anybody pressed Ctrl-C"
        return any(run.state().step > 0 for run in Store(home))

    wait_until(is_training)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate()
    result = json.loads(out.splitlines()[-1])
    assert process.returncode == 0 and result["status"] == "stopped" and Path(result["model"]).is_dir()
    assert "Stopping" in err and "Traceback" not in err


def test_pause_and_resume_from_the_command_line(
    home: Home,
    text_model: Path,
    reviews: Path,
    workers: Workers,
    forked: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = new_run(home, "text-classification", text_model, reviews, training={"epochs": 1000})
    workers.start(run)
    wait_until(lambda: run.state().step > 0)
    assert main(["pause", run.id]) == 0 and run.state().status == "paused"
    paused_at = run.state().step

    def stop_further_on() -> None:
        wait_until(lambda: run.state().step > paused_at)
        run.command("stop")

    watching = threading.Thread(target=stop_further_on)
    watching.start()
    capsys.readouterr()
    assert main(["resume", run.id, "--json"]) == 0
    watching.join()
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["status"] == "stopped"
    steps = [step for step, _ in run.state().train]
    assert steps == sorted(set(steps)) and steps[-1] > paused_at > 0


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = "import sys; from studio.cli import main; sys.exit(main(['list', 'strategies']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait() == 141 and process.stderr.read() == b""
    process.stderr.close()
