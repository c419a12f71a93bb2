"""Questions, each a sentence with a button for each answer."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class QuestionAnswer(TypedDict):
    key: str
    title: str


class Question(TypedDict):
    text: str
    answers: Sequence[QuestionAnswer]


class QuestionsValue(TypedDict):
    questions: Sequence[Question]


class Questions(Element):
    """Fires `select` with {"key"} of the answer that was pressed. Nothing is drawn where nothing is asked.

    title: stands before each sentence.
    """

    def __init__(self, value: QuestionsValue | None = None, *, title: str = "", **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-questions"></div>',
            js_on_load=script("questions"),
            apply_default_css=False,
            question_title=title,
            sign=icon("warning"),
            **settings,
        )
