"""What to tell others of a model: what it does and how good it is in plain words, to read and to copy. A section of the
Share page."""

from typing import Any

import gradio as gr

from components.code_text import CodeText
from components.notices import facts, heading
from components.words import drawn
from studio.app.asking import run_with_model
from studio.app.drafts import Draft
from studio.app.model_cards import title_of
from studio.app.pages import Section, Services
from studio.app.quality import likely, test_scores
from studio.app.results import classes_of, count_test_rows
from studio.app.runs import config_of
from studio.config import RunConfig
from studio.data.class_counts import first_names
from studio.language import _, plural, sentences
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


def facts_of(services: Services, run: Run, config: RunConfig) -> list[tuple[str, str]]:
    """(title, sentence) each; only what is known."""
    task, found, plan = config.chosen_task, test_scores(run), services.states.of(run).plan
    classes = [f"'{label}'" for label in classes_of(run, task)]
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
