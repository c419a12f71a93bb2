"""Numbers of images: learned by heart, and given in their own unit by the model that is saved."""

import csv
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import ROWS, overfit
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch, Tools

TASK = TASKS["image-regression"]


def weight(stripes: str, row: int) -> str:
    return str(250 + 50 * (stripes == "across") + row % 5)


def test_thirty_two_images_are_learned_by_heart_and_plain_transformers_gives_their_numbers(
    image_model: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tiny.write_listed_images(tmp_path / "images.zip", "number", weight, ROWS)) as archive:
        archive.extractall(tmp_path)
    table = pandas.DataFrame(list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8"))))
    scores, answers, found = overfit(TASK.name, table, image_model, tmp_path, steps=150)
    assert scores.metrics["rmse"] <= 2.5 and scores.metrics["r2"] >= 0.99
    TASK.finish(found.model, found.tools)
    items = found.examples["train"].opened([0, 1, 2])
    with torch.no_grad():
        plain = found.model(pixel_values=found.collate(items)["pixel_values"]).logits[:, 0].tolist()
        again = TASK.answer(found.tools, found.model, Batch(found.collate(items), items))
    assert plain == pytest.approx([answer.value for answer in answers[:3]], rel=1e-4)
    assert [answer.value for answer in again] == pytest.approx(plain, rel=1e-5)
    assert len(answers[0].details["distribution"]) == 21


def test_scores_are_those_of_scikit_learn_and_scipy_on_random_answers() -> None:
    rng = numpy.random.default_rng(0)
    true, guessed = rng.normal(size=100), rng.normal(size=100)
    scorer = TASK.scorer(Tools(None, SimpleNamespace(target_deviation=1.0), None))
    scorer.add([Answer(float(value)) for value in guessed], [{"number": float(value)} for value in true])
    assert scorer.scores().metrics == pytest.approx(
        {
            "rmse": root_mean_squared_error(true, guessed),
            "mae": mean_absolute_error(true, guessed),
            "r2": r2_score(true, guessed),
            "spearman": spearmanr(true, guessed).statistic,
        }
    )


def test_images_with_a_table_of_numbers_are_recognised_and_others_said(home: Home, tmp_path: Path) -> None:
    def cell(stripes: str, row: int) -> str:
        return "heavy" if row == 3 else weight(stripes, row)

    path = tiny.write_listed_images(tmp_path / "images.zip", "grams", cell, 20)
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"image": "image", "number": "grams"} and sum(assembled.rows.values()) == 19
    assert [(problem.row, problem.what) for problem in assembled.problems] == [(4, "'heavy' is not a number.")]
