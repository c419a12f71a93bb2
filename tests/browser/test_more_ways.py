"""The other tasks of texts, by clicking, from an upload to an answer and a folder to take away."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tiny
from studio_page import FAST, Visitor

from studio.tasks import TASKS

pytestmark = pytest.mark.browser

ALL_WORDS = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]


@dataclass(frozen=True)
class Way:
    """columns: as they are found. inputs: what is typed, by the fields of the Test page. answer: what is then seen, a
    selector and words. card: words of the model's."""

    task: str
    write: Callable[[Path], Path]
    columns: tuple[str, ...]
    inputs: dict[str, str]
    answer: tuple[str, str]
    verdict: str
    card: str
    model: Callable[[Path], Path] = tiny.write_text_model
    controls: dict[str, str] = field(default_factory=dict)
    file: str = "examples.csv"


WAYS = (
    Way(
        "text-labels",
        tiny.write_labelled,
        ("text", "labels"),
        {"#try-text": "a great film and the good music"},
        ("#answer .ui-bar-leading", "good"),
        " found: ",
        "Gives texts any of 3 labels",
    ),
    Way(
        "extractive-qa",
        tiny.write_questions,
        ("context", "question", "answer"),
        {"#try-text": "the film was lovely and a story with music", "#try-text-2": "was it good"},
        ("#answer .ui-answer-text mark", "Answer"),
        " exactly right: ",
        "def ask(context, question):",
    ),
    Way(
        "translation",
        tiny.write_echoes,
        ("source", "target"),
        {"#try-text": "the film was a story"},
        ("#answer .ui-answer-text", ""),
        "chrF: ",
        "model.generate(",
        lambda folder: tiny.write_writer(folder, ALL_WORDS),
        {"#ask-beams": "3"},
    ),
    Way(
        "chat",
        tiny.write_talk,
        ("prompt", "answer"),
        {"#try-messages": "the film was"},
        ("#answer .ui-answer-text", ""),
        "(perplexity)",
        "processor.apply_chat_template(messages",
        lambda folder: tiny.write_language_model(folder, ALL_WORDS),
        {"#ask-temperature": "0.5", "#ask-longest_answer": "8"},
        "talk.jsonl",
    ),
    Way(
        "text-generation",
        tiny.write_story,
        ("text",),
        {"#try-text": "the film was"},
        ("#answer .ui-answer-text", ""),
        "(perplexity)",
        "model.generate(",
        lambda folder: tiny.write_language_model(folder, ALL_WORDS),
        {"#ask-attempt": "7", "#ask-longest_answer": "8"},
        "story.txt",
    ),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.task)
def test_from_upload_to_a_folder(way: Way, visit: Visitor, tmp_path: Path) -> None:
    page: Any = visit.page
    visit.open()
    visit.choose_task(way.task)
    visit.choose_folder(way.model(tmp_path / "tiny"))
    visit.forward("data")
    visit.upload(way.write(tmp_path / way.file))
    found = [page.locator(f"#column-{slot} input").input_value() for slot in range(len(way.columns))]
    assert tuple(found) == way.columns
    visit.sees("#preview tbody tr")

    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.open_advanced()
    for name, value in {**FAST, "epochs": 6}.items():
        visit.set_training(name, value)
    visit.forward("train")
    visit.start()
    visit.status("Finished")

    visit.forward("test")
    for selector, text in {**way.inputs, **way.controls}.items():
        page.locator(f"{selector} :is(textarea, input)").first.fill(text)
    page.click("#predict")
    visit.sees(*way.answer)
    visit.sees("#answer :is(h4, .ui-chart-legend)", "Before training")
    visit.sees("#examples tbody tr").click()
    visit.sees("#answer", "right answer" if TASKS[way.task].targets else "After training")
    assert way.verdict in visit.sees("#verdict .verdict-words").inner_text()

    inputs = tmp_path / "inputs.csv"
    columns = [column.name for column in TASKS[way.task].inputs]
    with inputs.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, list(way.inputs.values())])
    assert "predicted" in visit.predictions(inputs).columns
    folder = visit.take_away(tmp_path / "taken")
    assert way.card in (folder / "README.md").read_text(encoding="utf-8")
