"""Four answers to a question: read behind it and compared, learned by heart, and found in tables of all kinds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import QUESTIONS, ROWS, overfit
from prepared import prepare_table
from sklearn.metrics import accuracy_score, f1_score

from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Tools

TASK = TASKS["multiple-choice"]
LETTERS = "ABCD"


def choices() -> pandas.DataFrame:
    """Thirty-two: which of four asks the same? The places of the right ones are those of random numbers."""
    rng, rows = numpy.random.default_rng(0), []
    for place in range(ROWS):
        one, same, different = QUESTIONS[place % len(QUESTIONS)]
        other = QUESTIONS[(place + 5) % len(QUESTIONS)]
        texts = [different, other[0] if place < 16 else other[1], other[2]]
        right = int(rng.integers(4))
        texts.insert(right, same)
        rows.append({"question": one, **dict(zip("abcd", texts, strict=True)), "label": LETTERS[right]})
    return pandas.DataFrame(rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = tiny.words_of(text for name in "abcd" for text in [*choices()["question"], *choices()[name]])
    folder = tiny.write_text_model(tmp_path_factory.mktemp("choices") / "model", words)
    tiny.write_tokenizer(folder, words, model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    return folder


def test_thirty_two_questions_are_learned_by_heart_and_the_card_s_code_answers_alike(model: Path) -> None:
    scores, answers, found = overfit("multiple-choice", choices(), model)
    assert scores.metrics["accuracy"] >= 0.98
    names: dict[str, Any] = {"model": found.model.eval(), "processor": found.tools.processor}
    exec("\n".join(TASK.asking_code(found.model.config.to_dict())), names)
    for row, answer in zip(choices().to_dict("records")[:4], answers, strict=False):
        said = eval(f"ask({TASK.question([repr(row[each.name]) for each in TASK.inputs])})", names)
        assert said[0]["label"] == answer.value and len(said) == 4
        shares = {each["label"]: each["score"] for each in said}
        assert shares == pytest.approx(answer.details["probabilities"], abs=1e-5)


def test_each_answer_is_read_behind_the_question_and_none_sees_another(model: Path) -> None:
    table = choices().assign(row=range(1, ROWS + 1), split="train")
    table.loc[0, "question"] = "lamp " * 50
    found = prepare_table("multiple-choice", table, model, max_length=24)
    items = found.examples["train"].plain([0, 1, 2])
    batch = found.collate(items)
    assert batch["input_ids"].shape == (3, 4, max(map(TASK.length, items))) and batch["input_ids"].shape[2] <= 24
    for row in range(3):
        asked = [table["question"][row]] * 4
        direct = found.tools.processor(
            asked, [table[name][row] for name in "abcd"], truncation=True, max_length=24, padding="max_length",
            return_tensors="pt",
        )  # fmt: skip
        for name in ("input_ids", "token_type_ids", "attention_mask"):
            assert torch.equal(batch[name][row], direct[name][:, : batch[name].shape[2]]), name
    with torch.no_grad():
        logits = found.model.eval()(**batch).logits
        swapped = {**batch, "input_ids": batch["input_ids"].flip(1), "token_type_ids": batch["token_type_ids"].flip(1)}
        turned = found.model(**{**swapped, "attention_mask": batch["attention_mask"].flip(1)}).logits
    assert torch.allclose(logits, turned.flip(1), atol=1e-5), "an answer's place says nothing"


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("question,A,B,C,D,answer", "ABCD"),
        ("Question,option_a,option_b,option_c,option_d,correct", "abcd"),
        ("sent1,ending0,ending1,ending2,ending3,label", "0123"),
        ("stem,Option 1,Option 2,Option 3,Option 4,answer_key", "1234"),
    ],
)
def test_columns_and_right_answers_are_found_as_people_write_them(
    header: str, written: str, home: Home, tmp_path: Path
) -> None:
    table = choices()
    table["label"] = [written[LETTERS.index(label)] for label in table["label"]]
    table.columns = header.split(",")  # type: ignore[assignment]
    table.to_csv(tmp_path / "choices.csv", index=False)
    imported = import_source(str(tmp_path / "choices.csv"), ReadingOptions(), home, Limits())
    found = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert list(found.columns.values()) == header.split(",") and sum(found.rows.values()) == ROWS
    assert TASK.configure(found.table, None)["id2label"] == dict(enumerate(written))


def test_right_answers_that_are_none_of_the_four_are_said(home: Home, tmp_path: Path) -> None:
    table = choices()
    table.loc[3, "label"] = "E"
    table.loc[5, "label"] = "b"
    problems = TASK.check(table.assign(row=range(1, ROWS + 1)), None)
    assert [(each.row, each.what) for each in problems] == [
        (4, "'E' is none of the answers."), (6, "'b' is none of the answers."),
    ]  # fmt: skip
    assert problems[0].why == "The right answer is written as A, B, C or D." and problems[0].drops
    table["label"] = ["yes", "no"] * 16
    table.rename(columns={"label": "answer"}).to_csv(tmp_path / "wrong.csv", index=False)
    imported = import_source(str(tmp_path / "wrong.csv"), ReadingOptions(), home, Limits())
    with pytest.raises(StudioError):
        assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)


def test_scores_are_those_of_scikit_learn_on_random_answers() -> None:
    rng = numpy.random.default_rng(0)
    true, said = rng.choice(list(LETTERS), 200), rng.choice(list(LETTERS), 200)
    scorer = TASK.scorer(Tools(None, SimpleNamespace(id2label=dict(enumerate(LETTERS))), None))
    scorer.add([Answer(str(each)) for each in said], [{"label": str(each)} for each in true])
    scores = scorer.scores()
    assert scores.metrics["accuracy"] == pytest.approx(accuracy_score(true, said))
    assert scores.metrics["f1_macro"] == pytest.approx(f1_score(true, said, average="macro"))
    right = int((true == said).sum())
    assert TASK.verdict(scores.as_dict()) == f"{right / 2:.0f}% right: {right} of 200."
