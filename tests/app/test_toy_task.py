"""A task that only the tests know, on every page: from its card to what its finished run found out."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import toy_task
from trained import in_this_process, state_of

from studio.app.drafts import Draft
from studio.app.main import BUILDERS
from studio.app.pages import Page, Services
from studio.app.results import rows_page
from studio.app.runs import start_run
from studio.app.tabs.model import choose_folder, choose_task
from studio.app.tabs.strategy import choose_preset
from studio.tasks import TASKS


@pytest.fixture
def pages(services: Services) -> Iterator[dict[str, Page]]:
    """All pages of a studio that has the task."""
    task = TASKS.add(toy_task.WordCount())
    with gr.Blocks():
        built = [build(services) for build in BUILDERS]
    yield {page.key: page for page in built}
    TASKS.remove(task.name)


def test_it_is_clicked_from_its_card_to_its_results(
    pages: dict[str, Page],
    services: Services,
    upload: Callable[[Draft, Path], Draft],
    text_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "counted.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = [[" ".join(["film", "story", "music"][:1] * (n % 7 + 1)), n % 7 + 1] for n in range(60)]
        csv.writer(opened).writerows([["text", "words"], *rows])

    def shown(key: str, draft: Draft) -> str:
        updates: list[Any] = pages[key].show(draft)
        assert len(updates) == len(pages[key].outputs)
        return str(updates)

    draft = choose_task(services, services.drafts.load(None), {"key": "word-count"})
    assert "Predict how many words a text has." in shown("model", draft)
    draft = upload(choose_folder(services, draft, str(text_model)), file)
    assert draft.data.columns == {"text": "text", "words": "words"} and "60" in shown("data", draft)
    draft = choose_preset(services, draft, {"key": "quick"}).configure({"training.epochs": 1})
    assert "'value': '128'" in shown("strategy", draft)  # of max_length, the task's own setting
    draft = start_run(services, draft)
    run = services.store.get(str(draft.run))
    assert in_this_process(run, monkeypatch) == 0, state_of(run).failure
    for key in ("train", "test", "runs", "share"):
        assert run.name in shown(key, draft.change(picked=run.id))
    assert "Mean error (MAE)" in shown("test", draft) and "scatter" in str(run.scores_file.read_text(encoding="utf-8"))
    page = rows_page(services.store, {"run": run.id, "start": 0, "count": 5})
    assert len(page["rows"]) == 5 and "film" in str(page)
