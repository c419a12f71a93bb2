"""What is doubtful about how data was read, asked before anything else: a section of the Data page."""

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

from components.questions import Questions, QuestionsValue
from components.words import set_apart
from studio.app import imports
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire
from studio.data.guesses import Guess
from studio.language import _

READING = "data.reading."


def open_questions(services: Services) -> Section:
    """A sentence for each doubt, and a button for each way to settle it."""
    asked = Questions(title=_("Is this right?"), elem_id="doubts")
    return Section(
        [asked],
        lambda draft: [shown(services.datasets.doubts(draft))],
        [Wire(asked.select, partial(settle, services), event=True)],
    )


def shown(doubts: Sequence[Guess]) -> QuestionsValue:
    """For `components.questions`. A key names a doubt by its setting, and one of its choices by its place."""
    return {
        "questions": [
            {
                "text": set_apart(each.sentence),
                "answers": [
                    {"key": f"{each.setting}:{place}", "title": answer(choice.title, alone=len(each.choices) == 1)}
                    for place, choice in enumerate(each.choices)
                ],
            }
            for each in doubts
        ]
    }


def answer(title: str, alone: bool) -> str:
    """What stands on its button. alone: there is no other, so to press it is to say yes."""
    return set_apart(_("Yes: {answer}", answer=title) if alone else title)


def settle(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """The draft with one doubt settled; where it is about reading the file, that is read again."""
    setting, _colon, place = str(event["key"]).rpartition(":")
    for each in services.datasets.doubts(draft):
        if each.setting == setting:
            choice = {str(number): choice for number, choice in enumerate(each.choices)}.get(place)
            settings = dict(choice.settings) if choice else {}
            reading = {path.removeprefix(READING): settings.pop(path) for path in list(settings) if READING in path}
            draft = draft.configure(settings) if settings else draft
            return (yield from imports.read_again(services, draft, **reading)) if reading else draft
    return draft  # settled already
