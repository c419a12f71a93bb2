"""Make the sample of what this version writes to disk, which every later version must be able to go on with.

    PYTHONPATH=tests uv run python tests/upgrade/make_sample.py tests/upgrade/samples/v2

SAMPLE/ home/        a STUDIO_HOME: runs (of every task; completed, paused in the middle, failed, waiting, deleted),
                     drafts, imported data, uploads
        text/ image/ detection/   the tiny pretrained models that the runs began with
        sample.json  what a later version must find in it, written down as this version saw it

Run it before a change of what lies on disk is released; a sample is never made anew afterwards. Paths of this machine
are replaced by a placeholder, in the place of which `upgrade_samples` puts those of the machine that reads it.
"""

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from getpass import getuser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas
import tiny
from other_settings import other_run, other_values
from trained import Inference, Workers, fork_server, pause_held, state_of
from upgrade_samples import PLACEHOLDER, is_text

from studio.app.demos import set_aside
from studio.app.drafts import OWN, Draft, Drafts
from studio.app.results import rows_page
from studio.config import RunConfig
from studio.data.importing import Imported, import_source, keep_upload
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.files import replace_json
from studio.migrations import RUN_FILE
from studio.paths import Home
from studio.store import Run, Store
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.tasks.results import stored_scores

PACKAGES = ("torch", "transformers", "peft", "accelerate", "gradio", "pydantic")
TEXTS = ["a great film", "the story was awful", "very very happy music"]
NOT_KEPT = ("home/locks", "home/cache")  # of this machine
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}  # as in the tests, which resume the runs
PRINTED = ("worker.log", "worker.lock")  # nothing reads them again
ALL = 1000  # rows of a page

LAYERS = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 24}
SMALLER: dict[str, Any] = {**LAYERS, "initializer_range": 0.3}  # it learns within a few steps
SMALLER_DETECTION: dict[str, Any] = {
    **{"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "num_queries": 4, "init_std": 0.5},
    **{"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8},
}


@dataclass(frozen=True)
class Sampled:
    """A way of training, to be kept completed, and paused behind the step `paused` (None: it is not)."""

    task: str
    strategy: Mapping[str, Any]
    training: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = "text"
    paused: int | None = 22


LEARNING = {"epochs": 5, "batch_size": 4, "learning_rate": 0.01, "evaluations_per_epoch": 2, "precision": "fp32"}

# Every task, and between them the paused runs hold the state of every callback that has one.
RUNS: dict[str, Sampled] = {
    "whole": Sampled(
        "object-detection",
        {"name": "full"},
        {"epochs": 4, "optimizer": "sgd", "momentum": 0.0, "batch_norm": "updated", "early_stopping": 50},
        {"image_size": 32, "augment": True},
        model="detection",
        paused=7,
    ),
    "stages": Sampled(
        "text-regression",
        {"name": "gradual", "every": "steps", "amount": 15, "rewarm": 4},
        {"averaging": "swa", "swa_start": 0.2, "schedule": "cosine", "l2_sp": 0.01},
    ),
    "ranks": Sampled(
        "token-classification", {"name": "adalora", "r": 4}, {"optimizer": "schedule-free-adamw", "learning_rate": 0.03}
    ),
    "adapters": Sampled(
        "text-classification",
        {"name": "adapter", "place": "houlsby", "width": 4},
        {
            **{"schedule": "reduce-on-plateau", "plateau_patience": 0, "plateau_factor": 0.9, "learning_rate": 0.03},
            **{"averaging": "ema", "ema_decay": 0.9, "l1": 1e-5, "gradient_noise": 1e-4, "loss": "focal"},
        },
        {"pooling": "mean"},
    ),
    "head": Sampled(
        "image-classification", {"name": "freeze"}, {"epochs": 2, "learning_rate": 0.05}, model="image", paused=None
    ),
}


def make(target: Path) -> None:
    """Write the sample into the new folder `target`."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve() / "sample"
        home = Home(root / "home")
        tiny.write_text_model(root / "text", **SMALLER)
        tiny.write_image_model(root / "image")
        tiny.write_detection_model(root / "detection", **SMALLER_DETECTION)
        expected = {"versions": {name: version(name) for name in PACKAGES}, "machine": platform.machine()}
        sources = upload_sources(home, root.parent)
        os.environ |= ENVIRONMENT
        with fork_server() as variables:
            expected |= {"runs": make_runs(home, root, sources, variables)}
        expected |= make_others(home, root, sources)
        expected |= {"datasets": make_datasets(home, root.parent), "drafts": make_drafts(home, root, sources)}
        replace_json(root / "sample.json", expected)
        forget_this_machine(root)
        shutil.copytree(root, target)


def upload_sources(home: Home, folder: Path) -> dict[str, Path]:
    """By task, kept as the page keeps what a browser sends."""
    files = {
        "text-classification": tiny.write_reviews(folder / "reviews.csv", 60),
        "text-regression": tiny.write_lengths(folder / "lengths.csv", 60),
        "token-classification": tiny.write_marked_words(folder / "marked.jsonl", 60),
        "image-classification": tiny.write_images(folder / "pictures.zip", 10),
        "object-detection": tiny.write_boxes(folder / "boxes.zip", 16),
    }
    return {task: keep_upload(file, file.name, home, Limits()) for task, file in files.items()}


# --- runs -------------------------------------------------------------------------------------------


def make_runs(home: Home, root: Path, sources: Mapping[str, Path], variables: dict[str, str]) -> dict[str, Any]:
    """By id. Each way of training, once undisturbed and once paused in the middle; and a run that failed."""
    workers = Workers(variables)
    inference = Inference(variables)
    seen: dict[str, Any] = {}
    for name, sampled in RUNS.items():
        whole = create(home, name, root, sources[sampled.task], sampled)
        assert workers.work(whole).status == "completed", whole.worker_log.read_text(encoding="utf-8")
        seen[whole.id] = {**as_seen(whole, home), "answers": answers(whole, home, inference)}
        if sampled.paused is None:
            continue
        paused = create(home, f"{name}, paused", root, sources[sampled.task], sampled)
        pause_held(paused, workers.start_and_hold(paused, sampled.paused))
        assert state_of(paused).status == "paused", paused.worker_log.read_text(encoding="utf-8")
        for older in sorted(paused.checkpoints.glob("step-*"))[:-1]:
            shutil.rmtree(older)
        seen[paused.id] = {**as_seen(paused, home), "undisturbed": whole.id}
    inference.close()
    task = RUNS["stages"].task
    failed = create(home, "failed", root, sources[task].with_name("gone.csv"), RUNS["stages"])
    workers.work(failed)
    return {**seen, failed.id: as_seen(failed, home)}


def make_others(home: Home, root: Path, sources: Mapping[str, Path]) -> dict[str, Any]:
    """A run that waits for its turn, and one that was deleted."""
    waiting, deleted = (
        create(home, name, root, sources[RUNS["ranks"].task], RUNS["ranks"]) for name in ("waiting", "deleted")
    )
    waiting.enqueue()
    others = {"queue": {waiting.id: as_seen(waiting, home)}, "deleted": {deleted.id: deleted.name}}
    Store(home).delete(deleted)
    return others


def create(home: Home, name: str, root: Path, source: Path, sampled: Sampled) -> Run:
    """As the page creates a run: its file holds every setting."""
    run = Store(home).create(run_config(root, source, sampled).to_text(), name)
    run.annotate(data=source.stem, preset="custom")
    return run


def run_config(root: Path, source: Path, sampled: Sampled) -> RunConfig:
    return RunConfig.read(
        {
            "task": sampled.task,
            "model": {"id": str(root / sampled.model)},
            "data": {"source": str(source)},
            "strategy": dict(sampled.strategy),
            "training": {**LEARNING, **sampled.training},
            "options": dict(sampled.options),
        }
    )


def as_seen(run: Run, home: Home) -> dict[str, Any]:
    """What this version shows of a run."""
    state = run.state()
    seen = {
        "name": run.name,
        "data": run.meta["data"],
        "model": Path(RunConfig.from_file(run.config_file).model.id).name,
        "status": state.status,
        "resumable": state.resumable,
        "train": list(state.train),
        "validation": [[event.step, event.metrics, event.best] for event in state.validation],
        "test": state.test.metrics if state.test else None,
        "best_step": state.finished.best_step if state.finished else None,
        "total_steps": state.plan.total_steps if state.plan else None,
        "failure": state.failure.what if state.failure else None,
        "notes": [note.text for note in state.notes],
    }
    if state.test:
        page = rows_page(Store(home), {"run": run.id, "count": ALL})
        seen["examples"] = [[row["row"], row["cells"]] for row in page["rows"]]
        seen["scores"] = {split: found["metrics"] for split, found in stored_scores(run).items()}
    return seen


def answers(run: Run, home: Home, inference: Inference) -> dict[str, Any]:
    """Rows that were asked about, and what the tuned model and the one before training say to them."""
    (column,) = RunConfig.from_file(run.config_file).chosen_task.inputs
    asked = TEXTS if column.kind == "text" else image_files(run, home)
    rows = [{column.name: cell} for cell in asked]
    said = {
        which: inference.ask(op="predict", run_dir=run.folder, which=which, rows=rows) for which in ("tuned", "before")
    }
    return {"rows": rows, **said}


def image_files(run: Run, home: Home) -> list[str]:
    folder = home.datasets / str(run.dataset) / "files"
    return [str(folder / name) for name in pandas.read_parquet(run.test_rows_file)["image"]][: len(TEXTS)]


# --- data and drafts --------------------------------------------------------------------------------


def make_datasets(home: Home, folder: Path) -> dict[str, Any]:
    """What the runs imported, and messy rows read in a way of their own."""
    messy = folder / "messy.csv"
    messy.write_text("what;kind\ngood film;good\n;bad\nsad story;bad\ntoo;many;cells\n", encoding="latin-1")
    reading = ReadingOptions(delimiter=";", encoding="latin-1", header=True)
    import_source(str(keep_upload(messy, messy.name, home, Limits())), reading, home, Limits())
    opened = [Imported.open(path) for path in sorted(home.datasets.iterdir())]
    return {
        imported.folder.name: {
            **{"title": imported.title, "format": imported.format, "kind": imported.kind, "rows": imported.rows},
            **{"columns": imported.columns, "reading": imported.reading.model_dump()},
            "problems": [problem.what for problem in imported.problems],
            "first": imported.page(0, 1).to_dict("records")[0],
        }
        for imported in opened
        if imported is not None
    }


def make_drafts(home: Home, root: Path, sources: Mapping[str, Path]) -> dict[str, Any]:
    """Every choice made, none of them the usual; the same set aside while a demo is shown; and the settings of every
    strategy and task, none of them the usual either."""
    runs = [run.id for run in Store(home)]
    task, source = "text-classification", sources["text-classification"]
    data = {
        **other_values(DataOptions),
        **{"source": str(source), "columns": {"text": "text", "label": "label"}, "limit": 50},
        "reading": {"delimiter": ",", "encoding": "utf-8", "header": True},
    }
    own = Draft(
        id="0123456789abcdef01234567",
        config={**other_run(TASKS[task], STRATEGIES["lora"]), "model": {"id": str(root / "text")}, "data": data},
        page="strategy",
        demo=OWN,
        folders=(str(root / "text"),),
        title=source.stem,
        dataset=next((run.dataset for run in Store(home) if run.dataset), None),
        preset="custom",
        search="rate",
        mark="good",
        picked=runs[0],
        compared=tuple(runs[:2]),
        run=runs[-1],
    )
    demo = {"task": task, "model": {"id": "starter/text"}, "data": {"source": "sample/support-messages"}}
    aside = Draft(
        id="89abcdef0123456789abcdef",
        config={**demo, "data": {**demo["data"], "columns": {"text": "message"}}},
        page="data",
        demo="messages",
        own=set_aside(own),
        title="Support messages",
    )
    several = max(len(STRATEGIES), len(TASKS))
    settings = [
        Draft(
            id=f"{number:024x}",
            config={
                **{"task": task.name, "model": other["model"], "data": {"source": other["data"]["source"]}},
                **{"strategy": other["strategy"], "options": other["options"]},
            },
        )
        for number in range(several)
        for task in [list(TASKS)[number % len(TASKS)]]
        for other in [other_run(task, list(STRATEGIES)[number % len(STRATEGIES)])]
    ]
    drafts = Drafts(home)
    return {drafts.save(draft).id: draft_as_seen(draft) for draft in (own, aside, *settings)}


def draft_as_seen(draft: Draft) -> dict[str, Any]:
    """The run file that it makes, the one of the choices set aside, and where the person is."""
    own = Draft.model_validate({**draft.own, "id": draft.id}).config if draft.own else None
    return {
        "config": RUN_FILE.stamp(draft.config),
        "own": RUN_FILE.stamp(own) if own else None,
        "where": draft.model_dump(mode="json", exclude={"id", "config", "own"}, exclude_defaults=True),
    }


# --- nothing of this machine ------------------------------------------------------------------------


def forget_this_machine(root: Path) -> None:
    """Put PLACEHOLDER for the sample's path; refuse to keep what names this machine or its folders otherwise."""
    for folder in NOT_KEPT:
        shutil.rmtree(root / folder, ignore_errors=True)
    files = [path for path in root.rglob("*") if path.is_file()]
    names = re.compile(rb"\b(%s)\b" % b"|".join(re.escape(name.encode()) for name in (socket.gethostname(), getuser())))
    for path in files:
        content = path.read_bytes()
        if path.name in PRINTED:
            path.unlink()
            continue
        if is_text(content):
            content = content.replace(str(root).encode(), PLACEHOLDER.encode())
            path.write_bytes(content)
            assert not names.search(content), f"{path} names this machine, or whose it is"
        elif path.suffix == ".parquet":  # compressed
            content = pandas.read_parquet(path).to_csv().encode()
        assert str(root.parent).encode() not in content, f"{path} holds a path of this machine"


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(f"made {sys.argv[1]}: {sum(p.stat().st_size for p in Path(sys.argv[1]).rglob('*') if p.is_file()):,} bytes")
