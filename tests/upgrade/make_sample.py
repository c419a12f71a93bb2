"""Make the sample of what this version writes to disk, which every later version must be able to go on with.

    PYTHONPATH=tests uv run python tests/upgrade/make_sample.py tests/upgrade/samples/v2

SAMPLE/ home/        a STUDIO_HOME: runs (completed, paused in the middle, failed), drafts, imported data, uploads
        base/        the tiny pretrained model that the runs began with
        sample.json  what a later version must find in it, written down as this version saw it

Run it before a change of what lies on disk is released; a sample is never made anew afterwards. Paths of this machine
are replaced by a placeholder, in the place of which `upgrade_samples` puts those of the machine that reads it.
"""

import platform
import re
import shutil
import socket
import sys
import tempfile
from getpass import getuser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tiny
from trained import Inference, Workers, far_enough, state_of, wait_for_end
from upgrade_samples import PLACEHOLDER, is_text

from studio.app.demos import set_aside
from studio.app.drafts import OWN, Draft, Drafts
from studio.config import RunConfig
from studio.data.cleaning import CleaningOptions
from studio.data.importing import Imported, import_source, keep_upload
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.splitting import SplitOptions
from studio.files import replace_json
from studio.paths import Home
from studio.store import Run, Store

PACKAGES = ("torch", "transformers", "peft", "accelerate", "gradio", "pydantic")
QUESTIONS = ["a great film", "the story was awful", "very very happy music"]
NOT_KEPT = ("home/locks", "home/cache")  # of this machine
PRINTED = ("worker.log", "worker.lock")  # nothing reads them again

SMALLER: dict[str, Any] = {
    "hidden_size": 8,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 24,
}
SMALLER |= {"initializer_range": 0.3}  # it learns within a few steps, so that a loss says where training stands

# Between them, the paused runs hold the state of every callback that has one.
# kept: whether the undisturbed run stays in the sample; of the others its numbers are enough.
RUNS: dict[str, dict[str, Any]] = {
    "whole": {
        "kept": True,
        "strategy": {"name": "full"},
        "training": {
            **{"schedule": "reduce-on-plateau", "plateau_patience": 0, "plateau_factor": 0.9, "learning_rate": 0.02},
            **{"averaging": "ema", "ema_decay": 0.9, "l1": 1e-5, "gradient_noise": 1e-4, "early_stopping": 50},
        },
    },
    "stages": {
        "kept": False,
        "strategy": {"name": "gradual", "every": "steps", "amount": 15, "rewarm": 4},
        "training": {"averaging": "swa", "swa_start": 0.2, "schedule": "cosine", "l2_sp": 0.01},
    },
    "adapter": {
        "kept": True,
        "strategy": {"name": "adalora", "r": 4},
        "training": {"learning_rate": 0.03},
    },
}
LEARNING = {"epochs": 5, "batch_size": 4, "learning_rate": 0.01, "evaluations_per_epoch": 2, "precision": "fp32"}
PAUSED_BEHIND = 22  # steps of 60


def make(target: Path) -> None:
    """Write the sample into the new folder `target`."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve() / "sample"
        home = Home(root / "home")
        tiny.write_text_model(root / "base", **SMALLER)
        expected = {"versions": {name: version(name) for name in PACKAGES}, "machine": platform.machine()}
        workers = Workers()
        try:
            reviews = upload(home, tiny.write_reviews(root.parent / "reviews.csv", 60))
            expected |= {"runs": make_runs(home, root / "base", reviews, workers)}
        finally:
            workers.close()
        expected |= {"datasets": make_datasets(home, root.parent), "drafts": make_drafts(home, root / "base", reviews)}
        replace_json(root / "sample.json", expected)
        forget_this_machine(root)
        shutil.copytree(root, target)


def upload(home: Home, file: Path) -> Path:
    """Kept as the page keeps what a browser sends."""
    return keep_upload(file, file.name, home, Limits())


# --- runs -------------------------------------------------------------------------------------------


def make_runs(home: Home, base: Path, reviews: Path, workers: Workers) -> dict[str, Any]:
    """By id. Each way of training, once undisturbed and once paused in the middle; and a run that failed."""
    seen: dict[str, Any] = {}
    for name, settings in RUNS.items():
        whole = create(home, name, base, reviews, settings)
        workers.work(whole)
        undisturbed = as_seen(whole)
        if settings["kept"]:
            seen[whole.id] = {**undisturbed, "answers": answers(whole)}
        else:
            shutil.rmtree(whole.folder)
        paused = create(home, f"{name}, paused", base, reviews, settings)
        pause_in_the_middle(paused, workers)
        if settings["kept"]:  # one of the paused runs is enough to show that there are several
            for older in sorted(paused.checkpoints.glob("step-*"))[:-1]:
                shutil.rmtree(older)
        seen[paused.id] = {**as_seen(paused), "undisturbed": undisturbed}
    failed = create(home, "failed", base, reviews.with_name("gone.csv"), RUNS["whole"])
    workers.work(failed)
    seen[failed.id] = as_seen(failed)
    return seen


def pause_in_the_middle(run: Run, workers: Workers) -> None:
    worker = workers.start(run)
    far_enough(run, lambda: worker.is_alive, False, PAUSED_BEHIND)
    run.command("pause")
    wait_for_end(worker)
    assert state_of(run).status == "paused", run.worker_log.read_text(encoding="utf-8")


def create(home: Home, name: str, base: Path, source: Path, settings: dict[str, Any]) -> Run:
    """As the page creates a run: its file holds every setting."""
    config = {
        "task": "text-classification",
        "model": {"id": str(base)},
        "data": {"source": str(source), "columns": {"text": "text", "label": "label"}},
        "strategy": settings["strategy"],
        "training": {**LEARNING, **settings["training"]},
    }
    run = Store(home).create(RunConfig.read(config).to_text(), name)
    run.annotate(data="reviews", preset="custom")
    return run


def as_seen(run: Run) -> dict[str, Any]:
    """What this version shows of a run."""
    state = run.state()
    return {
        "name": run.name,
        "status": state.status,
        "resumable": state.resumable,
        "train": state.train,
        "validation": [[event.step, event.metrics, event.best] for event in state.validation],
        "test": state.test.metrics if state.test else None,
        "best_step": state.finished.best_step if state.finished else None,
        "total_steps": state.plan.total_steps if state.plan else None,
        "failure": state.failure.what if state.failure else None,
        "notes": [note.text for note in state.notes],
    }


def answers(run: Run) -> dict[str, dict[str, dict[str, float]]]:
    """What the tuned model and the one before training say to each question: the probability of each class."""
    process = Inference()
    try:
        return {
            which: dict(zip(QUESTIONS, process.predict(run, QUESTIONS, which), strict=True))
            for which in ("tuned", "before")
        }
    finally:
        process.close()


# --- data and drafts --------------------------------------------------------------------------------


def make_datasets(home: Home, folder: Path) -> dict[str, Any]:
    """The imported texts of the runs, messy rows read in a way of their own, and pictures."""
    messy = folder / "messy.csv"
    messy.write_text("what;kind\ngood film;good\n;bad\nsad story;bad\ntoo;many;cells\n", encoding="latin-1")
    reading = ReadingOptions(delimiter=";", encoding="latin-1", header=True)
    import_source(str(upload(home, messy)), reading, home, Limits())
    pictures = upload(home, tiny.write_images(folder / "pictures.zip", 6))
    import_source(str(pictures), ReadingOptions(), home, Limits())
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


def make_drafts(home: Home, base: Path, reviews: Path) -> dict[str, Any]:
    """Every choice made, none of them the usual; and the same set aside while a demo is shown."""
    runs = [run.id for run in Store(home)]
    own = Draft(
        id="0123456789abcdef01234567",
        page="strategy",
        demo=OWN,
        task="text-classification",
        model=str(base),
        folders=(str(base),),
        source=str(reviews),
        title="reviews",
        reading=ReadingOptions(delimiter=",", encoding="utf-8", header=True),
        dataset=next(run.dataset for run in Store(home) if run.dataset),
        columns={"text": "text", "label": "label"},
        cleaning=CleaningOptions(copies="drop", contradictions="drop", labels={"god": "good"}),
        limit=50,
        split=SplitOptions(train=0.6, validation=0.25, test=0.15, stratify=False, seed=11, keep=False),
        preset="custom",
        strategy={"name": "lora", "r": 4, "alpha": 12, "dropout": 0.2, "rslora": True},
        training={
            **{"epochs": 9, "batch_size": 16, "accumulation": 2, "seed": 3, "learning_rate": 0.002},
            **{"optimizer": "lion", "schedule": "cosine", "warmup": 0.2, "weight_decay": 0.03, "early_stopping": 4},
            **{"loss": "focal", "focal_gamma": 1.5, "class_weights": "balanced", "averaging": "swa"},
        },
        options={"max_length": 48},
        search="rate",
        cell=(0, 1),
        picked=runs[0],
        deleting=True,
        compared=tuple(runs[:2]),
        run=runs[-1],
    )
    sample = {"source": "sample/support-messages", "title": "Support messages", "columns": {"text": "message"}}
    aside = Draft(
        id="89abcdef0123456789abcdef",
        page="data",
        demo="messages",
        own=set_aside(own),
        task="text-classification",
        model="starter/text",
        **sample,
    )
    drafts = Drafts(home)
    return {drafts.save(draft).id: draft_as_seen(draft) for draft in (own, aside)}


def draft_as_seen(draft: Draft) -> dict[str, Any]:
    """The run file that it makes, the one of the choices set aside, and where the person is."""
    where = draft.model_dump(mode="json", include={"page", "demo", "title", "dataset", "preset", "run", "picked"})
    where |= draft.model_dump(mode="json", include={"folders", "compared", "search", "cell", "deleting"})
    own = Draft.model_validate({**draft.own, "id": draft.id}).config().model_dump(mode="json") if draft.own else None
    return {"config": draft.config().model_dump(mode="json"), "own": own, "where": where}


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
        elif is_text(content):
            path.write_bytes(content.replace(str(root).encode(), PLACEHOLDER.encode()))
            assert not names.search(path.read_bytes()), f"{path} names this machine, or whose it is"
        assert str(root).encode() not in content or is_text(content), f"{path} holds a path of this machine"


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(f"made {sys.argv[1]}: {sum(p.stat().st_size for p in Path(sys.argv[1]).rglob('*') if p.is_file()):,} bytes")
