"""What models say, by `Task.answer_kind`. A new kind: one file here, one line below."""

from studio.app.answers.base import AnswerKind as AnswerKind
from studio.app.answers.base import Asked as Asked
from studio.app.answers.base import Asking as Asking
from studio.app.answers.boxes import BoxAnswers
from studio.app.answers.label import LabelAnswers
from studio.app.answers.labels import LabelsAnswers
from studio.app.answers.number import NumberAnswers
from studio.app.answers.quote import QuoteAnswers
from studio.app.answers.ranking import RankingAnswers
from studio.app.answers.regions import RegionAnswers
from studio.app.answers.spans import SpanAnswers
from studio.app.answers.written import WrittenAnswers
from studio.registry import Registry

ANSWERS: Registry[AnswerKind] = Registry(
    "kind of answer",
    LabelAnswers(),
    LabelsAnswers(),
    NumberAnswers(),
    SpanAnswers(),
    BoxAnswers(),
    RegionAnswers(),
    QuoteAnswers(),
    RankingAnswers(),
    WrittenAnswers(),
)
