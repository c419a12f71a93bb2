"""One sentence about the curves, for each course that a training can take."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
from logs import planned, step

from studio.app.curve_reading import STRIPS, has_risen, reading, strip_means
from studio.events import Evaluated, Finished, RunState, fold

Curve = Callable[[int], float]
DONE = Finished(reason="completed", best_step=0, seconds=1.0)


def run(train: Curve, checks: Sequence[tuple[float, float]] = (), steps: int = 100, *, over: bool = False) -> RunState:
    """A run of four passes. checks: (loss, accuracy) at even distances, the first one at step 0."""
    best, events = -1.0, []
    for number, (loss, accuracy) in enumerate(checks):
        is_best = number > 0 and accuracy > best
        best = max(best, accuracy) if number else best
        at = round(number * steps / max(1, len(checks) - 1))
        metrics = {"loss": loss, "accuracy": accuracy}
        events.append(Evaluated(split="validation", step=at, epoch=0, metrics=metrics, best=is_best))
    points = [step(number, train(number)) for number in range(1, steps + 1)]
    return fold([planned(steps), *points, *events, *([DONE] if over else [])])


def falling(number: int) -> float:
    return 0.1 + 2 * math.exp(-number / 30)


def flat(number: int) -> float:
    return 0.69 + 0.01 * (-1) ** number


GROWING = [(1.0, 0.2), (0.7, 0.5), (0.5, 0.7), (0.4, 0.8)]
MEMORISING = [(1.0, 0.2), (0.5, 0.8), (0.55, 0.79), (0.7, 0.78)]
STALLED = [(1.0, 0.2), (0.5, 0.8), (0.5, 0.8), (0.5, 0.79), (0.5, 0.8)]


@pytest.mark.parametrize(
    ("train", "checks", "now", "then"),
    [
        (falling, GROWING, "It still improves.", "It was still improving when it ended: more passes may help."),
        (
            falling,
            MEMORISING,
            "It has begun to memorise the examples (overfitting): the best step is kept.",
            "It began to memorise the examples (overfitting): the best step, 33, is kept.",
        ),
        (
            falling,
            STALLED,
            "It hardly improves any more: step 25 is the best so far.",
            "It had stopped improving: the best step, 25, is kept.",
        ),
        (
            falling,
            [*GROWING, (0.4, 0.79)],
            "It still improves, with ups and downs.",
            "What came after step 75 was no better: that step is kept.",
        ),
        (flat, [(0.7, 0.5), (0.7, 0.5), (0.7, 0.5)], "It does not learn. Try a larger", "It did not learn. Try"),
        (lambda number: falling(number) + (number > 90), GROWING, "The training loss jumps. A smaller", "The training"),
        (lambda number: math.nan, GROWING, "The training loss jumps.", "The training loss jumps."),
    ],
)
def test_the_course_of_a_training_is_told(train: Curve, checks: list[tuple[float, float]], now: str, then: str) -> None:
    assert reading(run(train, checks)).startswith(now)
    assert reading(run(train, checks, over=True)).startswith(then)


def test_without_checks_the_training_loss_alone_is_told() -> None:
    assert reading(run(falling)) == "The training loss falls."
    assert reading(run(flat)).startswith("It does not learn.")


def test_nothing_is_said_too_early() -> None:
    assert reading(RunState()) == reading(run(falling, [(1.0, 0.2)], steps=STRIPS - 1)) == ""
    assert "not learn" not in reading(run(flat, steps=STRIPS)), "a whole pass was not seen"


def test_a_rising_validation_loss_is_no_memorising_while_the_metric_still_improves() -> None:
    """Common in fine-tuning: the answers become better and more sure at once."""
    assert reading(run(falling, [(1.0, 0.2), (0.5, 0.8), (0.6, 0.85)])) == "It still improves."


@pytest.mark.parametrize(
    ("course", "risen"),
    [
        (lambda at, noise: 0.5, False),
        (lambda at, noise: 0.5 + 0.05 * noise, False),
        (lambda at, noise: max(0.01, 1 - at / 5) + 0.001 * (at > 15), False),  # 10% of the lowest, and flat in a chart
        (lambda at, noise: 1 - at / 20 + 0.05 * noise, False),
        (lambda at, noise: 0.4 + abs(at - 5) / 20, True),
        (lambda at, noise: 0.4 + abs(at - 5) / 20 + 0.03 * noise, True),
    ],
    ids=["flat", "noisy and flat", "flat at last", "falling", "rising", "noisy and rising"],
)
def test_a_validation_loss_has_risen_only_beyond_its_noise(course: Callable[[int, float], float], risen: bool) -> None:
    draw = random.Random(3)
    curves = [[course(at, draw.gauss(0, 1)) for at in range(20)] for _again in range(200)]
    told = sum(map(has_risen, curves)) / len(curves)
    assert told > 0.98 if risen else told < 0.02
    memorises = ["memorise" in reading(run(falling, [(loss, 0.5) for loss in curve])) for curve in curves[:5]]
    assert all(memorises) if risen else not any(memorises)


def test_a_long_curve_costs_no_more_than_a_short_one() -> None:
    class Counted(list[tuple[int, float]]):
        read = 0

        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            found = super().__getitem__(index)
            Counted.read += len(found) if isinstance(index, slice) else 1
            return found

    means = strip_means(Counted((number, 1.0) for number in range(50_000)))
    assert means == [1.0] * STRIPS and Counted.read <= 1000
