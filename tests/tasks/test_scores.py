"""The scores are scikit-learn's."""

import numpy
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score
from studio.tasks.classification import answers_from, score

from studio.tasks.base import Predictions

LABELS = ("ant", "bee", "cat", "dog")


def predictions(targets: list[int], answers: list[int], loss: float = 0.5) -> Predictions:
    return Predictions(numpy.eye(4)[answers] * 3, numpy.asarray(targets), LABELS, loss)


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_scikit_learn_s(seed: int) -> None:
    random = numpy.random.default_rng(seed)
    targets, answers = random.integers(0, 4, 60).tolist(), random.integers(0, 4, 60).tolist()
    found = score(predictions(targets, answers))
    assert found.metrics == pytest.approx(
        {
            "accuracy": accuracy_score(targets, answers),
            "precision_macro": precision_score(targets, answers, average="macro"),
            "recall_macro": recall_score(targets, answers, average="macro"),
            "f1_macro": f1_score(targets, answers, average="macro"),
            "loss": 0.5,
        }
    )
    assert found.confusion == tuple(map(tuple, confusion_matrix(targets, answers).tolist()))


def test_probabilities() -> None:
    answer = answers_from(numpy.asarray([[0.0, 1000.0, 999.0, -1e4]], dtype="float32"), LABELS)[0]
    assert answer.label == "bee" and list(answer.probabilities)[:2] == ["bee", "cat"]
    assert sum(answer.probabilities.values()) == pytest.approx(1) and answer.probabilities["dog"] == 0.0
