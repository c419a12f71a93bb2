"""5 Test: try the result beside the untouched model, then see how good it is, down to the single example."""

from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.charts.bars import bars_html
from components.charts.confusion import ConfusionMatrix
from components.notices import empty, heading, notice
from components.tables import PagedTable, metric_cards, simple_table
from studio.app import demos
from studio.app.draft_data import file_url
from studio.app.drafts import Draft
from studio.app.pages import Page, Services, Wire, progress_html
from studio.app.results import Results, imported_of, scores, task_of
from studio.app.runs import choices_with_model
from studio.errors import StudioError
from studio.predictor import Which
from studio.store import Run

METRIC_WORDS = {
    "accuracy": ("Accuracy", "share of right answers"),
    "f1_macro": ("F1 (macro)", "precision and recall in one, every class counts the same"),
    "precision_macro": ("Precision (macro)", "how often a named class is right"),
    "recall_macro": ("Recall (macro)", "how much of each class is found"),
    "loss": ("Loss", "how wrong and how sure; lower is better"),
}
AT_A_GLANCE = 12  # classes


def build(services: Services) -> Page:
    results = Results(services.store, services.home)
    head = gr.HTML()
    which_run = gr.Dropdown(label="Run", interactive=True, elem_id="test-run")
    with gr.Column(visible=False) as body:
        with gr.Row(elem_classes="split-row"):
            with gr.Column(min_width=300):
                text = gr.Textbox(label="Type something", lines=4, interactive=True, elem_id="try-text")
                picture = gr.Image(
                    label="Drop a picture", type="filepath", interactive=True, elem_id="try-picture", height=280
                )
                predict = gr.Button("Predict", variant="primary", elem_id="predict")
            with gr.Column(min_width=300):
                progress = gr.HTML()
                cancel = gr.Button("Cancel", size="sm", visible=False)
                answer = gr.HTML(elem_id="answer")
                own = gr.Button("Now with your own data", variant="primary", visible=False, elem_id="own-data")
        gr.HTML(heading("Examples from the test part", "The model has never seen these. Click one to try it.", level=3))
        examples = PagedTable(
            page=results.page, rows_per_page=5, selectable=True, caption="Test examples", elem_id="examples"
        )
        with gr.Accordion("Many at once", open=False, elem_id="many"):
            many = gr.File(label="A file of inputs, or a ZIP of pictures", elem_id="many-file", height=140)
            download = gr.HTML(elem_id="many-download")
        quality_head = gr.HTML()
        numbers = gr.HTML(elem_id="test-metrics")
        with gr.Row(elem_classes="split-row"):
            with gr.Column(scale=3, min_width=420):
                matrix = ConfusionMatrix(elem_id="confusion")
            with gr.Column(scale=2, min_width=300):
                cell_head = gr.HTML(elem_id="cell-title")
                cell = PagedTable(
                    page=results.page, rows_per_page=8, caption="Examples behind the cell", elem_id="cell-examples"
                )
        per_class = gr.HTML(elem_id="per-class")
    outputs = [
        head,
        which_run,
        body,
        text,
        picture,
        answer,
        own,
        examples,
        download,
        quality_head,
        numbers,
        matrix,
        cell_head,
        cell,
        per_class,
    ]

    def show(draft: Draft) -> list[Any]:
        run = services.store.find(draft.run) if draft.run else None
        if run is None or not services.states.of(run).has_model:
            run = None
        choices = choices_with_model(services, run)
        services.predictor.warm_up(run)
        title = heading("Try it", "The tuned model beside the one you started from.")
        if run is None and not choices:
            title = empty("compass", "Nothing to try yet", "Train a model first; it appears here when it is done.")
        first = [
            title,
            gr.update(choices=choices, value=run.id if run else None, visible=bool(choices)),
            gr.update(visible=run is not None),
        ]
        if run is None:
            return [*first, *[gr.skip()] * (len(outputs) - 3)]
        task = task_of(run)
        kind = task.input_kind if task else "text"
        example = shown_example(services, draft)
        return [
            *first,
            gr.update(visible=kind == "text", **(example if kind == "text" else {})),
            gr.update(visible=kind == "image", **(example if kind == "image" else {})),
            answer_html(services, draft),
            gr.update(visible=demos.current(draft) is not None and draft.id in services.answers),
            {"run": run.id},
            download_html(services, draft),
            *show_scores(run, draft),
        ]

    wires = [
        Wire(which_run.input, choose_run, [which_run]),
        Wire(predict.click, partial(try_input, services), [text, picture]),
        Wire(text.submit, partial(try_input, services), [text, picture]),
        Wire(picture.upload, partial(try_input, services), [text, picture]),
        Wire(examples.select, partial(try_example, services), event=True),
        Wire(many.upload, partial(answer_file, services), [many]),
        Wire(cancel.click, partial(cancel_answer, services), redraw=False),
        Wire(matrix.select, partial(choose_cell, services), event=True),
        Wire(own.click, demos.go_on_with_own, go="data"),
    ]

    def is_ready(draft: Draft) -> bool:
        run = services.store.find(draft.run) if draft.run else None
        return run is not None and services.states.of(run).has_model

    return Page("test", "Test", outputs, show, wires, is_ready=is_ready, progress=progress, cancel=cancel)


# --- drawing ------------------------------------------------------------------------------------


def answer_html(services: Services, draft: Draft) -> str:
    """The last answers to this draft: tuned beside before training."""
    asked = services.answers.get(draft.id)
    if asked is None or asked["run"] != draft.run:
        return empty("compass", "No question yet", "Type or pick an example, then press Predict.")
    tuned, before = asked["tuned"], asked["before"]
    before_values = before["probabilities"] if before else {}
    rows = [
        {"label": label, "value": value, **({"other": before_values.get(label, 0.0)} if before else {})}
        for label, value in tuned["probabilities"].items()
    ]
    truth = f"The right answer is {asked['truth']}." if asked.get("truth") else ""
    title = heading(f"The model says: {tuned['label']}", truth, level=3)
    shown = title + bars_html(rows, "after training", "before training")
    return shown + (notice("info", "Before training cannot be shown.", asked["why_not"]) if asked["why_not"] else "")


def shown_example(services: Services, draft: Draft) -> dict[str, str]:
    """A clicked example fills the field; what the person typed stays as it is."""
    asked = services.answers.get(draft.id)
    return {"value": asked["asked"]} if asked and asked["run"] == draft.run and asked["truth"] else {}


def download_html(services: Services, draft: Draft) -> str:
    path = services.home.downloads / f"{draft.run}-predictions.csv"
    if not draft.run or not path.is_file():
        return ""
    return f'<a class="download-link" href="{file_url(path)}" download>Download predictions.csv</a>'


def show_scores(run: Run, draft: Draft) -> list[Any]:
    """The test metrics, the matrix and the classes: updates for the last widgets of the page."""
    told = scores(run).get("test")
    if not told:
        return [heading("How good is it?", "This run has no test results."), "", None, "", None, ""]
    labels = list(told["labels"])
    cards = [
        {"label": words[0], "value": f"{told['metrics'][name]:.3f}", "note": words[1]}
        for name, words in METRIC_WORDS.items()
        if name in told["metrics"]
    ]
    count = sum(sum(row) for row in told["confusion"])
    cell = draft.cell if draft.cell and max(draft.cell) < len(labels) else None
    title, query = "", None
    if cell:
        title = heading(f"Is {labels[cell[0]]}, was taken for {labels[cell[1]]}", level=3)
        query = {"run": run.id, "true": labels[cell[0]], "predicted": labels[cell[1]]}
    matrix = {
        "labels": labels,
        "counts": told["confusion"],
        "row_title": "what it is",
        "column_title": "what the model says",
    }
    return [
        heading("How good is it?", f"On {count:,} test examples that the model never learned from."),
        metric_cards(cards),
        matrix,
        title or heading("Click a cell", "to see the examples behind it.", level=3),
        query,
        per_class_html(told["per_class"]),
    ]


def per_class_html(classes: list[dict[str, Any]]) -> str:
    """In the order of the matrix while they can be seen at a glance; of many, those that need a look come first."""
    many = len(classes) > AT_A_GLANCE
    if many:
        classes = sorted(classes, key=lambda entry: float(entry["f1"]))
    columns = [{"key": "label", "title": "Class", "kind": "text"}]
    columns += [{"key": key, "title": key.capitalize(), "kind": "number"} for key in ("precision", "recall", "f1")]
    columns += [{"key": "support", "title": "Examples", "kind": "number"}]
    rows = [
        {key: f"{value:.3f}" if isinstance(value, float) else value for key, value in entry.items()}
        for entry in classes
    ]
    return simple_table(columns, rows, caption=f"Every class{', the hardest first' if many else ''}")


# --- changing the draft ---------------------------------------------------------------------------


def choose_run(draft: Draft, run_id: str) -> Draft:
    return draft.change(run=run_id, cell=None)


def choose_cell(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(cell=(int(event["true"]), int(event["predicted"])))


def open_run(services: Services, draft: Draft) -> Run:
    run = services.store.find(draft.run) if draft.run else None
    if run is None:
        raise StudioError("There is no run to try.", "None is chosen.", "Choose one above.")
    return run


def try_input(services: Services, draft: Draft, text: str | None, picture: str | None) -> Generator[str, None, Draft]:
    run = open_run(services, draft)
    task = task_of(run)
    asked = picture if task and task.input_kind == "image" else (text or "").strip()
    if not asked:
        raise StudioError("There is nothing to look at.", "The field is empty.", "Type a sentence or drop a picture.")
    return (yield from ask(services, draft, run, asked, ""))


def try_example(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    run = open_run(services, draft)
    task = task_of(run)
    row = event["row"]
    asked = str(row["input"])
    if task and task.input_kind == "image":
        imported = imported_of(run, services.home)
        if imported is None or imported.files is None:
            raise StudioError("The picture is gone.", "The imported data was removed.", "Drop a picture instead.")
        asked = str(imported.files / asked)
    return (yield from ask(services, draft, run, asked, row["label"]["text"]))


def ask(services: Services, draft: Draft, run: Run, asked: str, truth: str) -> Generator[str, None, Draft]:
    """Answer with the tuned model and the untouched one; what cannot be had is said."""
    yield progress_html("Asking the model")
    tuned = services.predictor.predict(run, [asked])[0]
    before, why_not = None, ""
    try:
        which: Which = "before"
        before = services.predictor.predict(run, [asked], which)[0]
    except StudioError as error:
        why_not = str(error)
    services.answers[draft.id] = {
        "run": run.id,
        "asked": asked,
        "tuned": tuned,
        "before": before,
        "truth": truth,
        "why_not": why_not,
    }
    return services.drafts.load(draft.id)


def answer_file(services: Services, draft: Draft, path: str | None) -> Generator[str, None, Draft]:
    """Predictions for every row of an uploaded file, as a CSV to download."""
    run = open_run(services, draft)
    if path:
        yield progress_html("Answering every row")
        output = services.home.downloads / f"{run.id}-predictions.csv"
        output.parent.mkdir(parents=True, exist_ok=True)
        for done, total in services.predictor.predict_file(run, path, str(output)):
            yield progress_html("Answering every row", done, total)
        Path(path).unlink(missing_ok=True)
    return services.drafts.load(draft.id)  # a large file takes minutes, and people go on meanwhile


def cancel_answer(services: Services, draft: Draft) -> Draft:
    services.predictor.cancel()
    return draft
