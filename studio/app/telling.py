"""What to tell others of a model: what it does and how good it is in plain words, to read and to copy, and the
test rows for whoever wants to see for themselves. Sections of the Share page."""

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.code_text import CodeText
from components.downloads import Downloads
from components.message import Message
from components.notices import facts, heading
from components.progress import Progress, progress_html
from components.words import drawn
from studio.app.asking import cancel_questions, cancellable, run_with_model
from studio.app.drafts import Draft
from studio.app.evaluation_file import write_evaluation
from studio.app.model_cards import title_of
from studio.app.packing import download_of, downloads_of, require_run
from studio.app.pages import Place, Section, Services, Wire, hint
from studio.app.quality import likely, test_scores
from studio.app.results import classes_of, count_test_rows
from studio.app.runs import config_of
from studio.config import RunConfig
from studio.data.class_counts import first_names
from studio.language import _, plural, quoted, sentences
from studio.metrics import metric_named
from studio.run_summary import source_name
from studio.store import Run
from studio.tasks.results import intervals, remarks

MOST_NAMED = 12  # classes


def telling(services: Services) -> Section:
    gr.HTML(drawn(heading, _("What to tell others"), _("What your model is for and how good it is, in plain words.")))
    shown = gr.HTML(elem_id="facts")
    text = CodeText(elem_id="told")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        config = config_of(run) if run else None
        if run is None or config is None:
            return ["", None]
        known = facts_of(services, run, config)
        return [facts(known), {"label": _("To copy"), "text": sentences(*(sentence for _title, sentence in known))}]

    return Section([shown, text], show, [])


def test_results(services: Services) -> Section:
    """The evaluation as a file, made when somebody asks for it."""
    with gr.Column(visible=False) as there:
        press = gr.Button(_("Download the test results (CSV)"), size="sm", elem_id="download-evaluation")
        gr.HTML(drawn(hint, _("Each test example with the right answer, the model's answer, and how sure it was.")))
        progress = Progress()
        cancel = gr.Button(_("Cancel"), size="sm", visible=False)
        message = Message()
        files = Downloads(elem_id="evaluation")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        if run is None or not run.test_rows_file.is_file():
            return [gr.update(visible=False), "", None]
        file = evaluation_of(services, run)
        return [gr.update(visible=True), "", downloads_of(services, draft, [file] if file.is_file() else [])]

    wires = [
        Wire(press.click, partial(download_evaluation, services), place=Place(message, progress, cancel)),
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
    ]
    return Section([there, message, files], show, wires)


def download_evaluation(services: Services, draft: Draft) -> Generator[str, None, Draft]:
    run = require_run(services, draft)
    file = evaluation_of(services, run)
    with services.room(), cancellable(services, draft) as cancelled, closing(write_evaluation(run, file)) as steps:
        for done, rows in steps:
            yield progress_html(_("Writing the test results"), done, rows)
            if cancelled.is_set():
                return services.drafts.load(draft.id)
    services.packed[draft.id] = file
    return services.drafts.load(draft.id)


def evaluation_of(services: Services, run: Run) -> Path:
    return download_of(services, run, "test-results.csv")


def facts_of(services: Services, run: Run, config: RunConfig) -> list[tuple[str, str]]:
    """(title, sentence) each; only what is known."""
    task, found, plan = config.chosen_task, test_scores(run), services.states.of(run).plan
    classes = [quoted(label) for label in classes_of(run, task)]
    names = _("Its classes: {classes}.", classes=first_names(classes, MOST_NAMED, ",")) if classes else ""
    tested = plural(
        "Measured on {n:,} example that it had never seen.",
        "Measured on {n:,} examples that it had never seen.",
        count_test_rows(run),
    )
    learned = plural(
        "It learned from {n:,} example of {data}.",
        "It learned from {n:,} examples of {data}.",
        plan.examples.get("train", 0) if plan else 0,
        data=run.meta.get("data") or source_name(config),
    )
    worth = likely(metric_named(task.headline), intervals(found).get(task.headline)) if found else ""
    return [
        (_("What it does"), sentences(_("It was trained for: {task}.", task=task.title), names)),
        *([(_("How good it is"), sentences(task.verdict(found), tested, worth))] if found else []),
        *([(_("Good to know"), sentences(*remarks(found)))] if found and remarks(found) else []),
        *([(_("What it learned from"), learned)] if plan else []),
        (
            _("What it started from"),
            _("It started from the pretrained model {model}.", model=title_of(config.model.id)),
        ),
    ]
