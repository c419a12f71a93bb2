"""Every component on one page, with sample values: run this file to see it; the browser tests drive it.

Values hold markup on purpose: a label such as `<img src=x onerror=...>` must appear as these letters.
"""

# ruff: noqa: E501 (sample values are one line each)
import itertools
import json
import math
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from components.cards import Cards
from components.charts.bars import bars_html, counts_html
from components.charts.comparison import CurveComparison
from components.charts.figures import Figures
from components.charts.framed_image import framed_html, with_score_choice
from components.charts.histogram import Marker, histogram_html
from components.charts.live_chart import LiveChart
from components.charts.marked_text import label_legend, marked_html
from components.charts.tradeoff import Point, tradeoff_html
from components.choice_table import ChoiceTable
from components.downloads import Downloads
from components.forms import Form, FormValue, drawn_fields, field_names
from components.layers import LayerStrip
from components.message import Message
from components.notices import badge, empty, heading, notice
from components.progress import Progress, progress_html
from components.split_slider import SplitSlider
from components.stepper import Stepper
from components.tables import PagedTable, metric_cards, simple_table
from components.terms import Term, Terms, explained, term_html, term_mark
from components.theme import css_paths, head, logo, studio_theme
from components.words import escape

EVIL = "<img src=x onerror=\"window.broken='yes'\">"
ROWS = 200_000
FILE = "customers_export_of_last_week.csv"
IMAGE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Crect width='8' height='8' "
    "fill='%23{color}'/%3E%3Ccircle cx='4' cy='4' r='2' fill='%23fff'/%3E%3C/svg%3E"
)


def rows_still_read() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Pages of a table whose rows are complete at every third look; its one cell is the number of looks."""
    looks = itertools.count(1)

    def page(query: dict[str, Any]) -> dict[str, Any]:
        number = next(looks)
        rows = {"columns": [{"key": "looks", "title": "Looks"}], "rows": [{"looks": number}], "total": 1}
        return rows if number % 3 == 0 else {**rows, "again": 0.1}

    return page


class Settings(BaseModel):
    epochs: int = Field(
        3, title="Passes over the data (epochs)", description="How often every example is seen.", ge=1, le=20
    )
    learning_rate: float | None = Field(
        None, title="Step size (learning rate)", description="Empty: recommended.", gt=0
    )
    batch: int | Literal["auto"] = Field("auto", title="Examples per step (batch size)", description="auto fits it.")
    optimizer: str = Field("adamw", title="Optimizer", description="The rule that turns errors into changes.")
    momentum: float = Field(
        0.9,
        title="Momentum",
        description="Carried over.",
        ge=0,
        lt=1,
        json_schema_extra={"shown_if": {"optimizer": "sgd"}},
    )
    early: bool = Field(True, title="Stop early", description="When it no longer improves.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", title="Device", description="Where it runs.")


EPOCH, LOSS = Term("epoch", "epoch", "One pass over all examples."), Term("loss", "loss", f"How wrong it is. {EVIL}")
STEERED = {"run": "made-up"}
BEGINNING = {"offset": 10, "reset": True, "status": "running", "train": [[1, 2.0], [2, 1.5]]}


@dataclass
class Source:
    """The source of the live chart: a made-up run whose messages a test can steer."""

    step: int = 0
    done: bool = False
    failing: bool = False
    batch: int = 25
    calls: int = 0
    extra: list[dict[str, Any]] = field(default_factory=list)
    steered: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)
    wait: float = 0
    active_polls: int = 0
    most_active: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    def poll(self, run: str, offset: int) -> dict[str, Any]:
        with self.counting:
            self.calls += 1
            self.asked.append((run, offset))
            self.active_polls += 1
            self.most_active = max(self.most_active, self.active_polls)
        time.sleep(self.wait)
        with self.counting:
            self.active_polls -= 1
        if self.failing:
            raise RuntimeError("the server is away")
        if self.steered and offset == 0 and run == STEERED["run"]:  # a page that has just opened
            return BEGINNING
        if self.extra:
            return self.extra.pop(0)
        if self.steered:
            return {"offset": offset}
        rng = random.Random(self.step)
        first = self.step if offset else 0
        if not self.done:
            self.step = min(1200, self.step + self.batch)
        loss = [[x, 0.3 + 2 * math.exp(-x / 250) + rng.gauss(0, 0.06)] for x in range(first + 1, self.step + 1)]
        checks = [x for x in range(first + 1, self.step + 1) if x % 40 == 0]
        return {
            "offset": self.step, "reset": offset == 0, "train": loss,
            "validation": [[x, 0.38 + 1.8 * math.exp(-x / 270)] for x in checks],
            "metric": [[x, 0.94 - 0.5 * math.exp(-x / 300)] for x in checks], "metric_name": "accuracy",
            "progress": self.step / 1200, "status": "completed" if self.done else "running",
            "status_title": "Done" if self.done else "Training", "phase": f"Learning from the examples, pass {1 + self.step // 400} of 3",
            "stats": [
                ["Step", f"{self.step} / 1200"], ["Pass (epoch)", f"{self.step / 400:.2f} / 3"],
                ["Time left", "46 s"], ["Examples/s", "212"],
                ["Memory", "1.9 GB"], ["Device", "CPU"],
                ["Training loss", f"{loss[-1][1]:.3f}" if loss else "-"], ["Best validation loss", "0.421"],
            ],
            "log": [f"step {self.step} {EVIL}"], "done": self.done,
        }  # fmt: skip


@dataclass
class Steered:
    """What a page asks that several tests open one after the other, each with a source of its own."""

    source: Source = field(default_factory=Source)

    def poll(self, run: str, offset: int) -> dict[str, Any]:
        return self.source.poll(run, offset)


def page_of_rows(query: dict[str, Any]) -> dict[str, Any]:
    start, count = query["start"], query["count"]
    total = 3 if query["filter"] else ROWS
    rows = [
        {
            "text": EVIL
            if at == 1
            else FILE
            if at == 11
            else f"Row {at + 1}: the ending took me by surprise, " * (1 + at % 7),
            "label": {"text": ["positive", "negative"][at % 2], "tone": ["good", "warning"][at % 2]},
            "words": 7 * (1 + at % 7),
            "image": {
                "src": IMAGE.format(color=["6366f1", "e08600", "0f9f6e"][at % 3]),
                "alt": f"image {at + 1}",
            },
        }
        for at in range(start, min(start + count, total))
    ]
    columns = [
        {"key": "image", "title": "Image", "kind": "image"},
        {"key": "text", "title": "Text", "kind": "text"},
        {"key": "label", "title": "Label", "kind": "badge"},
        {"key": "words", "title": "Words", "kind": "number"},
    ]
    return {"columns": columns if not query.get("plain") else columns[1:], "rows": rows, "total": total}


STEPS: dict[str, Any] = {
    "made": 100.0,
    "brand": "Fine-Tuning Studio",
    "machine": "CPU · 2 cores",
    "machine_brief": "CPU",
    "steps": [
        {"key": "model", "title": "Model", "state": "done"},
        {"key": "data", "title": "Data", "state": "done"},
        {"key": "strategy", "title": "Strategy", "state": "current"},
        {"key": "train", "title": "Train", "state": "open"},
        {"key": "test", "title": "Test", "state": "locked", "reason": "Train a model first."},
    ],
    "side": [
        {"key": "runs", "title": "Runs", "state": "open", "icon": "runs"},
        {"key": "share", "title": "Share", "state": "open", "icon": "share"},
    ],
}
CHOICES = {
    "label": "Ways", "title": "Way", "selected": "a", "columns": [{"key": "time", "title": "Time"}],
    "groups": [
        {"title": "One", "text": escape(EVIL), "notes": ["Good for much."], "rows": [
            {"key": "a", "title": "Alpha", "words": "the first", "text": "Text of it.", "cells": {"time": {"text": "9 s", "sort": 9}}},
            {"key": "b", "title": "Beta", "words": escape(EVIL), "text": "Quick.", "cells": {"time": {"text": "2 s", "sort": 2}}},
        ]},
        {"title": "Two", "text": "Others.", "rows": [
            {"key": "c", "title": "Gamma", "words": "not here", "text": "Never.", "disabled": "It needs more.", "cells": {}},
        ]},
    ],
}  # fmt: skip
CARDS = {
    "label": "A starting model",
    "selected": "minilm",
    "cards": [
        {"key": "minilm", "title": "MiniLM-L6", "text": "Understands short English texts; trains in minutes on a laptop.", "icon": "text", "tags": [{"text": "22 M"}, {"text": "fits", "tone": "good"}, {"text": "on this machine", "tone": "accent"}]},
        {"key": "distil", "title": "DistilBERT", "text": "A fast text classifier.", "icon": "lightning", "tags": [{"text": "66 M"}, {"text": "tight", "tone": "warning"}], "details": ["268 MB to download", "Licence: Apache-2.0"]},
        {"key": "big", "title": "RoBERTa large", "text": "The strongest reader here.", "icon": "layers", "tags": [{"text": "355 M"}], "disabled": "Needs about 6 GB of memory; this machine has 4 GB free."},
        {"key": "evil", "title": EVIL, "text": EVIL, "icon": "image", "tags": [{"text": EVIL}], "details": [EVIL]},
    ],
}  # fmt: skip
LABELS = ["negative", "neutral", "positive", EVIL]
COUNTS = [[412, 31, 12, 0], [40, 280, 52, 3], [9, 22, 468, 1], [2, 0, 11, 37]]


def matrix_of(labels: list[str], counts: list[list[int]]) -> dict[str, Any]:
    marks = [[f"{true} > {answered}" for answered in labels] for true in labels]
    return {"chart": "matrix", "title": "Which class was predicted as which", "labels": labels, "counts": counts, "marks": marks}  # fmt: skip


def many_labels(count: int) -> dict[str, Any]:
    rng = random.Random(1)
    counts = [
        [40 + rng.randrange(60) if i == j else (rng.randrange(9) if rng.random() < 0.04 else 0) for j in range(count)]
        for i in range(count)
    ]
    return matrix_of([f"class {i + 1} with a long name" for i in range(count)], counts)


def points_of(count: int) -> dict[str, Any]:
    rng = random.Random(2)
    values = [rng.uniform(0, 9) for _ in range(count)]
    points = [{"x": x, "y": x + rng.gauss(0, 1), "mark": f"row {n}", "count": 1 + 9 * (n == 3)} for n, x in enumerate(values)]  # fmt: skip
    return {"chart": "points", "title": "Answers against the true numbers", "points": points, "x_title": "true", "y_title": "answered", "diagonal": True}  # fmt: skip


FIGURES: list[dict[str, Any]] = [
    matrix_of(LABELS, COUNTS),
    {"chart": "rows", "title": "Every class", "columns": [{"key": "label", "title": "Class"}, {"key": "f1", "title": "F1", "kind": "number"}],
     "rows": [{"label": EVIL, "f1": "0.312", "mark": EVIL}, {"label": "negative", "f1": "0.871", "mark": "missed negative"}, {"label": "perfect", "f1": "1.000", "mark": None}]},
    {"chart": "bars", "title": "What went wrong", "bars": [{"title": EVIL, "value": 0.42, "mark": "wrong kind", "text": "42%"}, {"title": "Missed", "value": 0.1, "mark": "missed"}, {"title": "Nothing", "value": 0}]},
    {"chart": "bars", "upright": True, "title": "How far off", "bars": [{"title": str(n), "value": (n * 7) % 11, "mark": f"off by {n}" if n % 3 else None} for n in range(20)]},
    points_of(120),
    {"chart": "line", "title": "Found and false alarms", "points": [{"x": n / 40, "y": (n / 40) ** 0.3} for n in range(41)], "places": [{"x": 0.1, "y": 0.1**0.3, "title": "50 %, as the model answers"}, {"x": 0.2, "y": 0.2**0.3, "title": EVIL}], "x_title": "false alarms", "y_title": "found"},
]  # fmt: skip


def form_of(values: dict[str, Any]) -> FormValue:
    choices = {"optimizer": [("AdamW", "adamw"), ("SGD", "sgd")]}
    names = field_names(Settings)
    main = [{**field, "term": "epoch"} for field in drawn_fields(Settings, names[:2], values, choices)]
    rest = drawn_fields(Settings, names[2:], values, choices)
    return {
        "groups": [
            {"key": "main", "prefix": "form", "fields": main},
            {"key": "rest", "title": EVIL, "prefix": "form", "fields": rest, "below": "<i>below</i>"},
        ]
    }


def build(source: Source) -> gr.Blocks:
    with gr.Blocks(title="Components", analytics_enabled=False) as demo:
        steps = Stepper(STEPS, logo=logo(), elem_id="stepper")
        heard = gr.Textbox(label="What was heard", elem_id="heard", interactive=False)
        gr.HTML(heading("Pick a starting model", "Each one has been checked to run on this machine."))
        cards = Cards(CARDS, elem_id="cards", opens="heard")
        gr.HTML(notice("info", "This is good to know.", EVIL) + "<br>" + notice("warning", "12 rows have no label.", "They are left out.", "Add labels, or go on without them.") + "<br>" + notice("bad", "The file could not be read.", "It ends in the middle of a row.", "Export it again and upload it anew.") + "<br>" + notice("good", "All is ready."))  # fmt: skip
        gr.HTML(badge("neutral") + " " + badge("accent", "accent") + " " + badge("good", "good") + " " + badge("bad", "bad") + empty("chart", "No runs yet", "A run appears here once you start one."))  # fmt: skip
        gr.HTML(heading("Split", "Which rows are learned from.", 3))
        split = SplitSlider({"train": 0.8, "validation": 0.1, "test": 0.1, "rows": {"train": 3000, "validation": 375, "test": 375}, "locked": ""}, elem_id="split")  # fmt: skip
        SplitSlider(
            {"train": 0.7, "validation": 0.2, "test": 0.1, "locked": "The split came with the data and is kept."}
        )
        gr.HTML(heading("Training · support-tickets-v3", "You can close this tab; training goes on."))
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                live = LiveChart(source.poll, {"run": "made-up"}, elem_id="live")
            with gr.Column(scale=1, min_width=280), gr.Group():
                form = Form(form_of({}), elem_id="form")
                gr.Button("Pause")
                gr.Button("Stop", variant="stop")
        gr.HTML(heading("Layers", "What learns.", 3))
        LayerStrip({"layers": [{"title": "Embeddings", "state": "frozen", "note": "11.8 M"}, {"title": "Block 1", "state": "frozen", "note": "1.8 M"}, {"title": "Block 2", "state": "adapted", "note": "+0.1 M"}, {"title": EVIL, "state": "trained", "note": EVIL}]}, elem_id="layers")  # fmt: skip
        gr.HTML(
            heading("Words", explained("The loss falls with most epochs. " + EVIL, [EPOCH, LOSS]), 3)
            + f"<p>{term_html(EPOCH, EVIL)} {term_mark(LOSS)}</p>",
            elem_id="words",
        )
        Terms(
            {
                "meanings": {each.name: each.sentence for each in (EPOCH, LOSS)},
                "glossary": "glossary",
                "words": "Glossary",
            }
        )
        gr.HTML(heading("Results", "", 3))
        with gr.Row():
            gr.HTML(bars_html([{"label": "billing", "value": 0.82, "other": 0.31}, {"label": "complaint", "value": 0.14, "other": 0.36}, {"label": EVIL, "value": 0.04, "other": 0.33}], "tuned", "before training"))  # fmt: skip
            gr.HTML(counts_html([{"label": f"class {i}", "train": 400 - 5 * i, "validation": 50, "test": 50} for i in range(77)] + [{"label": EVIL, "train": 3}]))  # fmt: skip
        figures = Figures({"figures": FIGURES, "chosen": None}, opens="heard", elem_id="figures")
        Figures({"figures": [many_labels(77)], "chosen": None}, elem_id="many")
        Figures(elem_id="no-figures")
        text = "Ann met " + EVIL + " in Berlin."
        pieces = [
            {"start": 0, "end": 3, "label": "person", "note": "98%"},
            {"start": 8, "end": 8 + len(EVIL), "label": EVIL},
            {"start": 4 + len(text) - 11, "end": len(text) - 1, "label": "place"},
        ]
        gr.HTML(
            label_legend({"person": 1, EVIL: 1, "place": 1})
            + f'<div class="ui-answer-text">{marked_html(text, pieces)}</div>',
            elem_id="marked",
        )
        frames = [
            {"box": [1, 1, 3, 3], "label": EVIL, "score": 0.93},
            {"box": [4, 4, 3, 3], "label": "cat", "score": 0.41},
            {"box": [0, 0, 8, 8], "label": "cat", "dashed": True},
        ]
        gr.HTML(
            with_score_choice(
                framed_html(IMAGE.format(color="6366f1"), (8, 8), frames, "an image"), "At least so sure:"
            ),
            elem_id="framed",
        )
        gr.HTML(
            histogram_html(
                [n**0.5 for n in range(400)],
                [Marker(7.25, "after"), Marker(3.0, "before", "other"), Marker(9.5, EVIL, "right")],
                "numbers",
            ),
            elem_id="histogram",
        )
        CurveComparison({"title": "Validation loss", "x_title": "step", "y_title": "loss", "series": [{"name": name, "points": [[x, base + 2 * math.exp(-x / speed)] for x in range(0, 800, 20)]} for name, base, speed in (("first try", 0.5, 180), ("with adapters", 0.4, 140), (EVIL, 0.6, 260))]}, elem_id="comparison")  # fmt: skip
        gr.HTML(metric_cards([{"label": "Accuracy", "value": "0.913"}, {"label": "F1 (macro)", "value": "0.902", "note": "before: 0.31"}, {"label": EVIL, "value": EVIL}]) + "<br>" + simple_table([{"key": "name", "title": "Setting"}, {"key": "a", "title": "first", "kind": "number"}, {"key": "b", "title": EVIL, "kind": "number"}], [{"name": "epochs", "a": 3, "b": 5}, {"name": EVIL, "a": 1, "b": 1}], highlight=lambda row: row["a"] != row["b"]))  # fmt: skip
        Message(notice("warning", "Not done", EVIL, "Try again."), elem_id="said")
        Downloads({"links": [{"url": "data:text/plain,words", "words": EVIL, "name": "words.txt"}], "start": "", "made": 0.0}, elem_id="links")  # fmt: skip
        choice = ChoiceTable(CHOICES, find="Find a way", in_groups="In groups", elem_id="choice")
        gr.HTML(tradeoff_html([Point("some", 0.01, 0.8, 0.01, "1%", "80%", is_named=True), Point(EVIL, 0.9, 0.9, 0.02, "90%", "90%", is_chosen=True)], "Gain", "cost", "gain", EVIL), elem_id="tradeoff")  # fmt: skip
        rows = PagedTable(page_of_rows, {"token": "rows"}, selectable=True, filterable=True, elem_id="rows")
        PagedTable(
            page_of_rows, {"token": "images"}, rows_per_page=12, layout="gallery", selectable=True, elem_id="gallery"
        )
        PagedTable(page_of_rows, None, elem_id="nothing")
        PagedTable(rows_still_read(), {"token": "reading"}, elem_id="reading")

        def hear(name: str) -> Any:
            def listener(event: gr.EventData) -> str:
                return json.dumps({"from": name, **event._data}, sort_keys=True)

            return listener

        for name, event in (
            ("stepper", steps.select), ("cards", cards.select), ("split", split.release), ("live", live.status),
            ("choice", choice.select), ("figures", figures.select), ("rows", rows.select), ("form", form.input),
        ):  # fmt: skip
            event(hear(name), None, heard, queue=False, trigger_mode="multiple")  # as in the studio
        late = gr.Button("A late answer", elem_id="late")
        late.click(lambda: [{**STEPS, "made": 99.0, "steps": []}, "late"], None, [steps, heard], queue=False)
        put = gr.Button("Put values", elem_id="put")
        epochs = itertools.count(7)
        put.click(
            lambda: form_of({"epochs": next(epochs), "learning_rate": 5e-5, "optimizer": "sgd"}),
            None,
            form,
            queue=False,
        )
        other = gr.Button("Other values", elem_id="other")
        other.click(
            lambda chosen: [
                {**chosen, "selected": "distil"},
                {"train": 0.6, "validation": 0.2, "test": 0.2, "rows": {"train": 6, "validation": 2, "test": 2}, "counted": {"train": "6 images"}},
                {"figures": [matrix_of(["a", "b"], [[3, 1], [0, 4]])], "chosen": "a > b"},
                {"token": "rows", "plain": True},
            ],
            cards, [cards, split, figures, rows], queue=False,
        )  # fmt: skip
    return demo


def build_live(source: Steered) -> gr.Blocks:
    """The live chart alone, with what a page does to it: continue the run, go to another, leave; and a progress bar."""
    with gr.Blocks(title="Live", analytics_enabled=False) as demo:
        heard = gr.Textbox(elem_id="heard", interactive=False)
        live = LiveChart(source.poll, STEERED, elem_id="live")
        for name, value in (
            ("again", {**STEERED, "again": 1}),
            ("next", {"run": "next"}),
            ("leave", {"run": None}),
        ):
            gr.Button(name, elem_id=name).click(lambda value=value: value, None, live, queue=False)

        def listener(event: gr.EventData) -> str:
            return json.dumps(event._data)

        live.status(listener, None, heard, queue=False)
        progress, counts = Progress(elem_id="progress"), itertools.count()
        work = gr.Button("work", elem_id="work")
        work.click(lambda: progress_html(EVIL, 40 * next(counts), 120), None, progress, queue=False)
        gr.Button("rest", elem_id="rest").click(lambda: "", None, progress, queue=False)
    return demo


@contextmanager
def served(demo: gr.Blocks, port: int = 0) -> Iterator[str]:
    """Serve one of the pages as the studio serves its own; gives its address. 0 takes a free port."""
    spec = find_spec("plotly")
    assert spec is not None and spec.origin is not None
    app = FastAPI()
    app.mount("/plotly", StaticFiles(directory=Path(spec.origin).parent / "package_data"))
    gr.mount_gradio_app(
        app, demo, path="/", theme=studio_theme(), css_paths=css_paths(), head=head("/plotly/plotly.min.js"),
        footer_links=[], run_history=False, ssr_mode=False,
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(10)  # a daemon: a stream that does not end holds nobody up


if __name__ == "__main__":
    with served(build(Source()), 7999) as address:
        print(address, flush=True)
        threading.Event().wait()
