"""Doubts on the Data page: asked, and settled by a press that goes into the run file."""

from collections.abc import Callable, Generator
from pathlib import Path

from studio.app import questions
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.data.guesses import Choice, Guess

Upload = Callable[[Draft, Path], Draft]


def finish(work: Generator[str, None, Draft]) -> Draft:
    while True:
        try:
            next(work)
        except StopIteration as end:
            changed: Draft = end.value
            return changed


def press(services: Services, draft: Draft, title: str) -> Draft:
    asked = questions.shown(services.datasets.doubts(draft))["questions"]
    key = next(answer["key"] for each in asked for answer in each["answers"] if title in answer["title"])
    return services.drafts.save(finish(questions.settle(services, draft, {"key": key})))


def test_an_encoding_is_asked_and_settled(services: Services, upload: Upload, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_bytes(("text,label\n" + "Заказ,плохо\nok,b\n" * 2).encode("cp1251"))
    draft = upload(Draft.model_validate({"id": "0" * 24, "config": {"task": "text-classification"}}), file)
    assert draft.data.reading.encoding is None, "what is doubtful stays open"
    assert draft.data.reading.delimiter == ","
    (asked,) = (each for each in services.datasets.doubts(draft) if each.topic == "encoding")
    settled = press(services, draft, "Cyrillic (Windows-1251)")
    assert settled.data.reading.encoding == "cp1251"
    assert asked.topic not in {each.topic for each in services.datasets.doubts(settled)}
    imported = services.datasets.imported(settled)
    assert imported and "Заказ" in set(imported.table()["text"])


def test_a_single_answer_is_a_yes() -> None:
    def doubt(*titles: str) -> Guess:
        choices = tuple(Choice(title, {"data.columns.label": title}) for title in titles)
        return Guess("column", "data.columns.label", titles[0], 0.5, f"The label stands in '{titles[0]}'.", choices)

    asked = questions.shown([doubt("kind"), doubt("kind", "نوع")])["questions"]
    titles = [[answer["title"] for answer in each["answers"]] for each in asked]
    assert titles == [["Yes: kind"], ["kind", "\u2068نوع\u2069"]]


def test_a_column_is_asked_and_settled(services: Services, upload: Upload, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    rows = "".join(f"the parcel number {n} has not come,{'ab'[n % 2]},{'xyz'[n % 3]}\n" for n in range(24))
    file.write_text("text,colour,shape\n" + rows)
    draft = upload(Draft.model_validate({"id": "1" * 24, "config": {"task": "text-classification"}}), file)
    assert draft.data.columns == {"text": "text"}
    assert services.datasets.columns(draft)["label"] in ("colour", "shape")
    settled = press(services, draft, "shape")
    assert settled.data.columns == {"text": "text", "label": "shape"}
    assert services.datasets.doubts(settled) == []
