"""Answer questions about images."""

from collections.abc import Sequence

from studio.data.columns import Column
from studio.language import _
from studio.tasks.base import Scorer, Tools
from studio.tasks.image_captioning import ImageCaptioning
from studio.tasks.images import IMAGE
from studio.tasks.seeing import seeing_model
from studio.tasks.written import answer_scorer

QUESTION = Column(
    "question",
    _("Question"),
    "text",
    _("What is asked about the image."),
    hints=("question", "query", "prompt", "ask"),
    examples=("What colour is the bicycle?", "How many cups are there?", "Where is the dog?"),
)
ANSWER = Column(
    "target",
    _("Answer"),
    "text",
    _("The right answer: what the model learns to write."),
    hints=("answer", "target", "response", "label", "answers"),
    examples=("red", "two", "on the beach"),
)


class VisualQuestionAnswering(ImageCaptioning):
    """What is written about an image, with a question in front of it."""

    name = "visual-question-answering"
    title = _("Answer questions about images")
    sentence = _("Ask an image in words: how many there are, which colour it is, whether it is damaged.")
    icon = "bubble"
    inputs = (IMAGE, QUESTION)
    targets = (ANSWER,)
    headline = "exact_match"
    model = seeing_model("visual-question-answering")

    def summary(self, labels: Sequence[str]) -> str:
        return "Answers questions about images."

    def question(self, examples: Sequence[str]) -> str:
        return ", ".join(examples)

    def scorer(self, tools: Tools) -> Scorer:
        return answer_scorer()
