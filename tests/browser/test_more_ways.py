"""The other tasks, by clicking, from an upload to an answer and a folder to take away."""

import csv
import random
import zipfile
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
    """columns: as they are found, where they are asked for, the first one behind so many that are not. inputs: what is
    typed, by the fields of the Test page; a recording where there are none. answer: what is then seen, a selector and
    words. card: words of the model's. many: writes a file of inputs that has other columns than the inputs."""

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
    first_column: int = 0
    many: Callable[[Path], Path] | None = None

    @property
    def is_heard(self) -> bool:
        return not self.inputs


def write_speaker(folder: Path) -> Path:
    return tiny.write_language_model(folder, ALL_WORDS)


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
        write_speaker,
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
        write_speaker,
        {"#ask-attempt": "7", "#ask-longest_answer": "8"},
        "story.txt",
    ),
    Way(
        "recommendation",
        tiny.write_likes,
        ("item", "user", "rating", "day"),
        {"#try-liked": "music film felt"},
        ("#answer .ui-ranking-why", "because of"),
        "is among the first ten recommendations for",
        "def ask(liked, count=10):",
        first_column=1,
        many=tiny.write_likes,
    ),
    Way(
        "audio-classification",
        tiny.write_sounds,
        (),
        {},
        ("#answer .ui-bar-leading", ""),
        " right",
        "def ask(recording):",
        tiny.write_sound_model,
        file="sounds.zip",
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
    slots = range(way.first_column, way.first_column + len(way.columns))
    found = [page.locator(f"#column-{slot} input").input_value() for slot in slots]
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
    if way.is_heard:
        speak(page)
    for selector, text in {**way.inputs, **way.controls}.items():
        page.locator(f"{selector} :is(textarea, input)").first.fill(text)
        if selector == "#try-liked":
            page.keyboard.press("Enter")  # into the list of what is picked
    page.click("#predict")
    visit.sees(*way.answer)
    visit.sees("#answer :is(h4, .ui-chart-legend)", "Before training")
    visit.sees("#examples tbody tr").click()
    visit.sees("#answer", "right answer" if TASKS[way.task].targets else "After training")
    assert way.verdict in visit.sees("#verdict .verdict-words").inner_text()

    assert "predicted" in visit.predictions(many_inputs(way, tmp_path)).columns
    folder = visit.take_away(tmp_path / "taken")
    assert way.card in (folder / "README.md").read_text(encoding="utf-8")


def speak(page: Any) -> None:
    """Into the browser's microphone, which beeps."""
    page.click("#try-audio button:has-text('Record')")
    page.wait_for_timeout(800)
    page.click("#try-audio button:has-text('Stop')")


def many_inputs(way: Way, folder: Path) -> Path:
    if way.is_heard:
        path = folder / "recordings.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("one.wav", tiny.sound("low", random.Random(7)))
        return path
    path = folder / "inputs.csv"
    if way.many:
        return way.many(path)
    columns = [column.name for column in TASKS[way.task].inputs]
    cells = list(way.inputs.values())
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, cells])
    return path
