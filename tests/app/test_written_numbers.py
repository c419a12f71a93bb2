"""Numbers on the screen as the reader's language writes them: every page of a finished run, drawn in French,
which writes no point in any number: 1 234,5."""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
import yaml
from drawn_pages import reading_quickly
from logs import NOW, planned, started, step, write
from unspoken import shown_in

from components.words import spoken
from studio import language
from studio.app.access.person import Person, asked_by
from studio.app.answers.base import Asked
from studio.app.asking import Asking
from studio.app.drafts import Draft
from studio.app.live import poll
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.results import rows_page
from studio.app.run_list import run_page
from studio.app.tabs.model import choose_folder, choose_task
from studio.events import Evaluated, Finished, RateTest
from studio.files import replace_json
from studio.language import Catalog
from studio.store import Run
from studio.tasks import TASKS
from studio.tasks.base import Answer
from studio.tasks.classes import ClassScorer
from studio.tasks.former_results import SCORES
from studio.tasks.numbers import NumberScorer

WITH_A_POINT = re.compile(r"\d\.\d")
WITH_A_COMMA = re.compile(r"\d,\d")
OF_A_SENTENCE = re.compile(r"(\{[^}]*\})|\d")
KEYS = ("mark", "chosen", "cells", "points")  # what is not shown as it is
NAMES = re.compile(
    r"\S+\.(csv|zip|yaml|md|safetensors|json)|\d{8}-\d{6}-\w+|[vV]?\d+\.\d+\.\d+|-2\.0"
)  # files, runs, licences


def texts(part: Any) -> Iterator[str]:
    """What people read of a page's updates; not code, which is the same in every language."""
    if isinstance(part, dict) and part.keys() == {"label", "text"}:
        return
    if isinstance(part, dict):
        for name, value in part.items():
            yield from texts(value) if name not in KEYS else ()
    elif isinstance(part, (list, tuple)):
        for each in part:
            yield from texts(each)
    elif isinstance(part, str) and not part.startswith("{"):  # a table's query
        yield from shown_in(part)


@pytest.fixture(autouse=True)
def translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence is, and holds no numbers but those in its places."""
    bare = Catalog(lambda one: [OF_A_SENTENCE.sub(lambda found: found[1] or "", one)], lambda n: 0)
    english = language.catalog_of("en")
    monkeypatch.setattr(language, "catalog_of", lambda code: english if code == "en" else bare)


def answered(task: str) -> tuple[Any, list[Answer], list[dict[str, Any]]]:
    """A scorer, answers that are right and wrong, and the rows with what is right."""
    draw = random.Random(5)
    if task == "text-regression":
        right = [draw.uniform(0, 4000) for _row in range(30)]
        answers = [Answer(value + draw.gauss(0, 0.731), {"distribution": right}) for value in right]
        return NumberScorer("number", 1.2), answers, [{"number": value} for value in right]
    labels = [draw.choice(("good", "bad")) for _row in range(30)]
    shares = [draw.uniform(0.5, 1) for _label in labels]
    answers = [
        Answer("good" if at % 3 else "bad", {"probabilities": {"good": share, "bad": 1 - share}})
        for at, share in enumerate(shares)
    ]
    return ClassScorer(("bad", "good")), answers, [{"label": label} for label in labels]


def finished_run(services: Services, draft: Draft) -> Run:
    """As a worker leaves it, in what the pages read of it."""
    run = services.store.create(yaml.safe_dump(draft.config), "a run")
    task = TASKS[str(draft.task)]
    scorer, answers, right = answered(task.name)
    marks, scores = scorer.add(answers, right), scorer.scores()
    replace_json(run.scores_file, SCORES.stamp({name: scores.as_dict() for name in ("validation", "test")}))
    table = {
        **{"row": range(1, len(right) + 1), "text": [f"text {row}" for row in range(len(right))]},
        **{name: [str(row[name]) for row in right] for name in right[0]},
        **{"answer": [json.dumps(each.as_dict()) for each in answers], "marks": [list(each) for each in marks]},
    }
    pandas.DataFrame(table).to_parquet(run.test_rows_file)
    checks = [
        Evaluated(split="validation", step=at, epoch=at / 25, metrics={**scores.metrics, "loss": 1.2345}, time=NOW + at)
        for at in (0, 50, 100)
    ]
    best = checks[1].model_copy(update={"best": True})
    test = checks[2].model_copy(update={"split": "test"})
    plan = planned(1500).model_copy(update={"headline_metric": task.headline, "epochs": 4})
    trial = RateTest(rates=(1e-5, 2.5e-3), losses=(0.71, 0.65), chosen=1.5e-4, time=NOW)
    steps = [step(number, 2.345 / number) for number in range(1, 60)]
    done = Finished(reason="completed", best_step=50, seconds=75.5, time=NOW + 200)
    write(run, started(), plan, trial, *steps, checks[0], best, checks[2], test, done)
    return run


@pytest.fixture(params=["text-classification", "text-regression"])
def draft(
    request: pytest.FixtureRequest,
    services: Services,
    upload: Callable[[Draft, Path], Draft],
    text_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Draft:
    reading_quickly(monkeypatch, str(text_model))
    task = request.param
    file = tiny.write_lengths(tmp_path / "data.csv", 120) if "regression" in task else None
    made = choose_task(services, services.drafts.load(None), {"key": task})
    made = choose_folder(services, made, str(text_model))
    made = upload(made, file or tiny.write_reviews(tmp_path / "data.csv", 120))
    return made.configure(
        {"strategy": {"name": "lora", "r": 4, "dropout": 0.15}, "training.learning_rate": 0.00123}
    ).change(preset="custom")


def test_every_page_of_a_finished_run_writes_numbers_in_the_readers_language(
    services: Services, shell: Shell, draft: Draft
) -> None:
    run = finished_run(services, draft)
    other = finished_run(services, draft.configure({"training.learning_rate": 0.05}))
    task = TASKS[str(draft.task)]
    scorer, answers, right = answered(task.name)
    found: dict[str, list[str]] = {}
    with asked_by(Person(language="fr")):
        asked = Asked(
            task.columns, {"text": "a"}, {name: str(value) for name, value in right[0].items()}, ("bad", "good")
        )
        for page in shell.pages:
            mark = scorer.add(answers, right)[1][-1]
            there = draft.change(run=run.id, compared=(run.id, other.id), mark=mark, example=1)
            services.answers[draft.id] = Asking(run.id, task.answer_kind, asked, answers[0], answers[1], "")
            updates = shell.pages[page].show(shell.settled(there.change(page=page)))
            found[page] = list(texts(spoken(updates)))
        live = poll(services.store, services.states, run.id, 0)
        found["live"] = list(texts(spoken([live[name] for name in ("phase", "reading", "stats", "log", "notice")])))
        found["mistakes"] = list(texts(spoken(rows_page(services.store, {"run": run.id, "ranked": True})["rows"])))
        found["list"] = list(texts(spoken(run_page(services, {})["rows"])))
    assert [(page, text) for page in found for text in found[page] if WITH_A_POINT.search(NAMES.sub("", text))] == []
    for page in ("model", "strategy", "live", "test", "list", "runs"):
        assert any(WITH_A_COMMA.search(text) for text in found[page]), f"{page} shows numbers"
