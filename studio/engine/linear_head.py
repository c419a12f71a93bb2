"""The best linear head for features that stay as they are: logistic regression, its strength chosen by
cross-validation.

How strongly it is held back (the penalty on its weights) is the strongest one whose log loss is within one standard
error of the best (Breiman et al. 1984, section 3.4.3); a head so chosen errs on the side of what is simple.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

FOLDS = 5
PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(2, -10, -1))  # from strong to weak
MOST_ROWS_TO_CHOOSE = 4000  # the choice is hardly better with more, and takes long
UNEVEN = 1.5  # times that the largest class is larger than the smallest
UNLIKELY = 1e-6  # the probability of a class that a fold does not know
NEVER = -30.0  # the bias of a class without examples
STEPS = 1000  # of the solver, at most
ROUGHLY, EXACTLY = 1e-4, 1e-6  # the gradient at which it ends: of a fit to compare, and of the last one

Array = Any  # numpy's


@dataclass(frozen=True)
class LinearHead:
    """weight (classes, features) and bias (classes,). penalty: of each row, times the squared weights.

    accuracy: to be expected on rows that it has not seen, and its standard error; None where there are too few rows of
    each class to find out.
    """

    weight: Array
    bias: Array
    penalty: float
    is_balanced: bool
    accuracy: float | None = None
    noise: float = 0.0

    def logits(self, features: Array) -> Array:
        return features @ self.weight.T + self.bias


@dataclass(frozen=True)
class Folds:
    """Scores of one way: of the rows, while they were held out."""

    penalty: float
    is_balanced: bool
    losses: Array  # of each row that was held out, minus the log of the probability of its class
    hits: Array

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


def solve(
    features: Array, labels: Array, classes: int, seed: int = 0, between: Callable[[], None] = lambda: None
) -> LinearHead:
    """features: (rows, size), finite. labels: of classes that are numbered; at least two of them occur. between: called
    between two fits; may raise to interrupt."""
    from threadpoolctl import threadpool_limits

    middle = features.mean(axis=0)
    spread = float((features - middle).std()) or 1.0
    some = _some(labels, seed)
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        inputs, directions = _within_span(((features - middle) / spread).astype("float64"))
        ways = cross_validated(inputs[some], labels[some], seed, between)
        chosen = choose(ways) if ways else Folds(PENALTIES[0], False, numpy.zeros(0), numpy.zeros(0))
        fitted = _fit(inputs, labels, chosen.penalty, chosen.is_balanced, None, EXACTLY)
    weight, bias = numpy.zeros((classes, len(middle))), numpy.full(classes, NEVER)
    found, bias[fitted.classes_] = _of_all_classes(fitted)
    weight[fitted.classes_] = found @ directions / spread
    head = LinearHead(weight, bias - weight @ middle, chosen.penalty, chosen.is_balanced)
    if not ways:
        return head
    accuracy = float(chosen.hits.mean())
    return replace(head, accuracy=accuracy, noise=math.sqrt(accuracy * (1 - accuracy) / len(chosen.hits)))


def _within_span(inputs: Array) -> tuple[Array, Array]:
    """The same rows in as many coordinates as there are rows, where that is fewer, and the directions of these: the
    penalty lets no weight leave the span of the rows."""
    if len(inputs) >= inputs.shape[1]:
        return inputs, numpy.eye(inputs.shape[1])
    left, sizes, directions = numpy.linalg.svd(inputs, full_matrices=False)
    return left * sizes, directions


def choose(ways: Sequence[Folds]) -> Folds:
    """The strongest penalty that is not worse than the best by more than the noise; classes are balanced only where
    more rows come out right."""
    plain = _within_noise([way for way in ways if not way.is_balanced])
    balanced = [way for way in ways if way.is_balanced]
    other = _within_noise(balanced) if balanced else plain
    return other if other.hits.mean() > plain.hits.mean() else plain


def _within_noise(ways: Sequence[Folds]) -> Folds:
    best = min(ways, key=lambda way: way.loss)

    def is_as_good(way: Folds) -> bool:
        behind = way.losses - best.losses
        return bool(behind.mean() <= behind.std() / math.sqrt(len(behind)))

    return max(filter(is_as_good, ways), key=lambda way: way.penalty)


def cross_validated(inputs: Array, labels: Array, seed: int, between: Callable[[], None]) -> list[Folds]:
    """Every way, on the same folds; none where each fold holds out all of a class, or every class has a single row."""
    from sklearn.model_selection import StratifiedKFold

    _names, counts = numpy.unique(labels, return_counts=True)
    if counts.max() < 2:
        return []
    folds = StratifiedKFold(max(2, min(FOLDS, int(counts.max()))), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds
        halves = [half for half in folds.split(inputs, labels) if len(numpy.unique(labels[half[0]])) > 1]
    if not halves:
        return []
    balances = (False, True) if counts.max() >= UNEVEN * counts.min() else (False,)
    return [way for is_balanced in balances for way in _path(inputs, labels, halves, is_balanced, between)]


def _path(
    inputs: Array,
    labels: Array,
    folds: Sequence[tuple[Array, Array]],
    is_balanced: bool,
    between: Callable[[], None],
) -> list[Folds]:
    """The strongest penalty first; each fit begins where the one before it ended."""
    ways: list[Folds] = []
    fits: list[Any] = [None] * len(folds)
    scored = numpy.concatenate([held_out for _learned, held_out in folds])
    for penalty in PENALTIES:
        losses, hits = numpy.zeros(len(labels)), numpy.zeros(len(labels))
        for number, (learned, held_out) in enumerate(folds):
            between()
            fits[number] = _fit(inputs[learned], labels[learned], penalty, is_balanced, fits[number])
            losses[held_out], hits[held_out] = _scores(fits[number], inputs[held_out], labels[held_out])
        ways.append(Folds(penalty, is_balanced, losses[scored], hits[scored]))
        if len(ways) > 2 and ways[-1].loss > ways[-2].loss > ways[-3].loss:
            break  # it learns by heart from here on, which also takes longest
    return ways


def _scores(fitted: Any, inputs: Array, labels: Array) -> tuple[Array, Array]:
    """Of each row: minus the log of the probability of its class, and whether that is the most likely one."""
    shares, classes = fitted.predict_proba(inputs), fitted.classes_
    place = numpy.searchsorted(classes, labels).clip(max=len(classes) - 1)
    likely = numpy.where(classes[place] == labels, shares[numpy.arange(len(place)), place], UNLIKELY)
    return -numpy.log(likely.clip(min=UNLIKELY)), classes[shares.argmax(axis=1)] == labels


def _fit(
    inputs: Array, labels: Array, penalty: float, is_balanced: bool, before: Any, tolerance: float = ROUGHLY
) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    strength = 1.0 / (penalty * len(labels))
    model = LogisticRegression(
        C=strength, class_weight="balanced" if is_balanced else None, max_iter=STEPS, tol=tolerance, warm_start=True
    )
    if before is not None:
        model.classes_, model.coef_, model.intercept_ = before.classes_, before.coef_.copy(), before.intercept_.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # weak penalties; what is chosen is scored as it is
        return model.fit(inputs, labels)


def _of_all_classes(fitted: Any) -> tuple[Array, Array]:
    """Two classes share one row of weights."""
    weight, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) > 2:
        return weight, bias
    return numpy.concatenate([-weight, weight]) / 2, numpy.concatenate([-bias, bias]) / 2


def _some(labels: Array, seed: int) -> Array:
    """Rows to choose by: all, or as many of each class as it has by its share."""
    if len(labels) <= MOST_ROWS_TO_CHOOSE:
        return numpy.arange(len(labels))
    order = numpy.random.default_rng(seed).permutation(len(labels))
    by_class = order[numpy.argsort(labels[order], kind="stable")]
    return numpy.sort(by_class[:: math.ceil(len(labels) / MOST_ROWS_TO_CHOOSE)])
