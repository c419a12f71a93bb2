"""The other tasks, by clicking, from an upload to an answer and a folder to take away."""

import csv
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tiny
from studio_page import FAST, Visitor

from studio.tasks import TASKS

pytestmark = pytest.mark.browser

SHOWN = tiny.image("across", random.Random(7))
FILES = {"audio": ("one.wav", tiny.sound("low", random.Random(7))), "image": ("one.png", SHOWN)}
CHOSEN_FROM = ((2, "bad"), (3, "great"), (4, "sad"), (5, "poor"))
ALL_WORDS = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]


@dataclass(frozen=True)
class Way:
    """columns: as they are found, where they are asked for. inputs: what is typed, by the fields of the Test page or
    the table's columns, beside a recording or an image where the task takes one. answer: what is then seen, a selector
    and words. card: words of the model's. options: of the task, set under Advanced. many: writes a file of inputs that
    has other columns than they."""

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
    options: dict[str, int] = field(default_factory=dict)
    many: Callable[[Path], Path] | None = None

    @property
    def columns_asked(self) -> dict[str, str]:
        """The kinds of what the model is asked with, by their names."""
        return {column.name: column.kind for column in TASKS[self.task].inputs}


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
        "multiple-choice",
        tiny.write_choices,
        ("question", "a", "b", "c", "d", "answer"),
        {"#try-text": "was it good", **{f"#try-text-{slot}": f"a {word} film" for slot, word in CHOSEN_FROM}},
        ("#answer .ui-bar-leading", ""),
        " right: ",
        "def ask(question, *answers):",
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
    Way(
        "speech-recognition",
        tiny.write_spoken,
        (),
        {},
        ("#answer h4", "After training"),
        "rror",
        "automatic-speech-recognition",
        tiny.write_speech_model,
        {"#ask-longest_answer": "8"},
        "spoken.zip",
    ),
    Way(
        "preference",
        tiny.write_preferences,
        ("prompt", "chosen", "rejected"),
        {"#try-messages": "the film was"},
        ("#answer .ui-answer-text", ""),
        "better answer",
        "processor.apply_chat_template(messages",
        write_speaker,
        {"#ask-longest_answer": "8"},
        "preferences.jsonl",
    ),
    Way(
        "search",
        tiny.write_matches,
        ("query", "match", "negative"),
        {"#try-text": "film story"},
        ("#answer", "the film was a story"),
        " right for ",
        "def ask(query, texts):",
        controls={"#ask-catalogue": "the film was a story\nsome music"},
    ),
    Way(
        "tabular-classification",
        tiny.write_table,
        ("label",),
        {"mood": "lovely", "story": "film", "music": "was", "stars": "4"},
        ("#answer .ui-bar-leading", ""),
        " right",
        "`column: value, column: value`",
    ),
    Way(
        "tabular-regression",
        tiny.write_table,
        ("stars",),
        {"mood": "lovely", "story": "film", "music": "was", "label": "good"},
        ("#answer", ""),
        "off by",
        "`column: value, column: value`",
    ),
    Way(
        "image-segmentation",
        tiny.write_masked,
        (),
        {},
        ("#answer", "square"),
        " of the pixels are right",
        "Marks in images what is where",
        tiny.write_segmentation_model,
        file="masked.zip",
        options={"image_size": 64},
    ),
    Way(
        "image-captioning",
        tiny.write_described,
        ("caption",),
        {},
        ("#answer .ui-answer-text", ""),
        "chrF: ",
        "def ask(image",
        tiny.write_seeing_model,
        {"#ask-longest_answer": "8"},
        "described.zip",
    ),
    Way(
        "visual-question-answering",
        tiny.write_described,
        ("question", "caption"),
        {"#try-text-2": "what is left"},
        ("#answer .ui-answer-text", ""),
        "Exact match: ",
        "def ask(image",
        tiny.write_seeing_model,
        {"#ask-longest_answer": "8"},
        "described.zip",
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
    visit.sees("#preview :is(tbody tr, .ui-gallery-item)")
    found = [page.locator(f"#column-{slot} input") for slot in range(len(TASKS[way.task].columns))]
    assert tuple(field.input_value() for field in found if field.is_visible()) == way.columns

    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.open_advanced()
    for name, value in {**FAST, "epochs": 6}.items():
        visit.set_training(name, value)
    for name, value in way.options.items():
        visit.set_training(name, value, owner=way.task, part="options")
    visit.forward("train")
    visit.start()
    visit.status("Finished")

    visit.forward("test")
    if "audio" in way.columns_asked.values():
        speak(page)
    if "image" in way.columns_asked.values():
        (tmp_path / "shown.png").write_bytes(SHOWN)
        page.set_input_files("#try-image input[type=file]", str(tmp_path / "shown.png"))
    for selector, text in {**way.inputs, **way.controls}.items():
        fill(page, selector, text)
    page.click("#predict")
    visit.sees(*way.answer)
    visit.sees("#answer :is(h4, .ui-chart-legend)", "Before training")
    visit.sees("#examples :is(tbody tr, .ui-gallery-item)").click()
    visit.sees("#answer", "right answer" if TASKS[way.task].targets else "After training")
    assert way.verdict in visit.sees("#verdict .verdict-words").inner_text()

    assert "predicted" in visit.predictions(many_inputs(way, tmp_path)).columns
    folder = visit.take_away(tmp_path / "taken")
    assert way.card in (folder / "README.md").read_text(encoding="utf-8")


def fill(page: Any, place: str, text: str) -> None:
    """place: a selector, or the column of a table that the form has a field for."""
    if place.startswith("#"):
        page.locator(f"{place} :is(textarea, input)").first.fill(text)
    elif (field := page.locator(f"#try-record [data-column={place}]")).evaluate("field => field.tagName") == "SELECT":
        field.select_option(text)
    else:
        field.fill(text)
    if place == "#try-liked":
        page.keyboard.press("Enter")  # into the list of what is picked


def speak(page: Any) -> None:
    """Into the browser's microphone, which beeps."""
    page.click("#try-audio button:has-text('Record')")
    page.wait_for_timeout(800)
    page.click("#try-audio button:has-text('Stop')")


def many_inputs(way: Way, folder: Path) -> Path:
    """A table of what was typed; with the recordings or images that it names, if there are some, as a ZIP."""
    if way.many:
        return way.many(folder / "inputs.csv")
    kinds = way.columns_asked
    if list(kinds) == ["record"]:
        return write_table(folder / "inputs.csv", tuple(way.inputs), tuple(way.inputs.values()))
    typed = iter(way.inputs.values())
    cells = [FILES[kind][0] if kind in FILES else next(typed) for kind in kinds.values()]
    table = write_table(folder / "inputs.csv", tuple(kinds), cells)
    if not FILES.keys() & set(kinds.values()):
        return table
    with zipfile.ZipFile(folder / "inputs.zip", "w") as archive:
        for kind in FILES.keys() & set(kinds.values()):
            archive.writestr(*FILES[kind])
        archive.write(table, table.name)
    return folder / "inputs.zip"


def write_table(path: Path, columns: Sequence[str], cells: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, cells])
    return path
