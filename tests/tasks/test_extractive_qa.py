"""Answers from a passage: read from SQuAD and from tables, learned by heart, found in windows, scored as SQuAD does."""

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import ROWS, overfit
from prepared import prepare_table

from studio.data.assembly import assemble
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.answers import Quote
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer
from studio.tasks.quotes import QuoteScorer
from studio.tasks.windows import answer_question, best_span, windows_of

TASK = TASKS["extractive-qa"]
PASSAGES = (
    ("The town hall was built in 1912 by Anna Berg and burned down in 1944.",
     ("When was the town hall built?", "1912"), ("Who built the town hall?", "Anna Berg")),
    ("Rye bread keeps for a week in a box of clay, and for three days in paper.",
     ("How long does rye bread keep in paper?", "three days"), ("In what does it keep for a week?", "a box of clay")),
    ("The ferry to Lund leaves at nine from the north pier; children travel free.",
     ("Where does the ferry leave?", "the north pier"), ("Who travels free?", "children")),
    ("Owls hunt at night because they hear better than they see.",
     ("When do owls hunt?", "at night"), ("Why do owls hunt at night?", "they hear better than they see")),
    ("The lamp takes two batteries of 1.5 volts, which last forty hours.",
     ("How many batteries does the lamp take?", "two"), ("How long do the batteries last?", "forty hours")),
    ("Press the red button for five seconds to reset the radio.",
     ("Which button resets the radio?", "red"), ("How long must it be pressed?", "five seconds")),
    ("Marie bought the farm from her uncle for ten thousand crowns.",
     ("From whom did Marie buy the farm?", "her uncle"), ("What did the farm cost?", "ten thousand crowns")),
    ("The contract ends on 3 May unless it is renewed in writing.",
     ("When does the contract end?", "3 May"), ("How is it renewed?", "in writing")),
)  # fmt: skip


def table(without: int = 0) -> pandas.DataFrame:
    """Thirty-two questions, the same twice in other words; the last `without` have no answer."""
    rows = [
        {"context": passage, "question": asked, "answers": json.dumps([{"text": answer}])}
        for again in ("", "Please tell me: ")
        for passage, *questions in PASSAGES
        for question, answer in questions
        for asked in [f"{again}{question}"]
    ]
    for row in rows[len(rows) - without :]:
        row |= {"question": "Who is the king?", "answers": "[]"}
    return pandas.DataFrame(rows)


def words() -> list[str]:
    texts = [text for passage, *asked in PASSAGES for text in (passage, *(question for question, _ in asked))]
    return tiny.words_of([*texts, "Please tell me : Who is the king ?"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny.write_text_model(tmp_path_factory.mktemp("questions") / "model", words())
    tiny.write_tokenizer(folder, words(), model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    return folder


@pytest.mark.parametrize("window", [64, 28], ids=["one window", "several windows"])
def test_thirty_two_questions_are_learned_by_heart(window: int, model: Path) -> None:
    scores, answers, found = overfit(
        TASK.name, table(), model, steps=300 + 100 * (window < 64), window=window, overlap=6
    )
    assert len(table()) == ROWS and scores.metrics["f1"] >= 0.98 and scores.metrics["exact_match"] >= 0.95
    several = [len(item["windows"]) > 1 for item in found.examples["train"].plain(list(range(ROWS)))]
    assert any(several) == (window == 28)
    settings = found.model.config.extractive_qa
    for row, answer in list(zip(table().itertuples(), answers, strict=True))[:6]:  # as the model's card does it
        alone = answer_question(found.model, found.tools.processor, row.context, row.question, **settings)
        assert alone["answer"] == answer.value and alone["score"] == pytest.approx(answer.details["score"], abs=1e-4)
        assert row.context[alone["start"] : alone["end"]] == answer.value


def test_where_some_questions_have_no_answer_that_is_learned_too(model: Path) -> None:
    scores, answers, found = overfit(TASK.name, table(without=6), model)
    assert found.model.config.extractive_qa["may_lack"] and scores.metrics["exact_match"] >= 0.95
    assert [answer.value for answer in answers[-6:]] == [""] * 6


def test_the_window_with_the_answer_is_trained_on(model: Path) -> None:
    rows = pandas.DataFrame(
        [
            {
                "context": "the owls . " * 30 + "Marie hunts at night .",
                "question": "Who hunts?",
                "answers": '[{"text": "Marie"}]',
            }
        ]
    ).assign(row=1, split="train")
    found = prepare_table(TASK.name, rows, model, window=32, overlap=8)
    (item,) = found.examples["train"].plain([0])
    batch = found.collate([item])
    first, last = int(batch["start_positions"]), int(batch["end_positions"])
    assert found.tools.processor.convert_ids_to_tokens(batch["input_ids"][0])[first : last + 1] == ["Marie"]
    assert len(item["windows"]) > 3 and item["chosen"] >= len(item["windows"]) - 2
    assert TASK.length(item) == len(batch["input_ids"][0]) <= 32
    (bare,) = TASK.encode(found.tools, [{"context": "Owls hunt.", "question": "Who hunts?"}])
    assert "start_positions" not in found.collate([bare])


def test_a_long_question_leaves_half_of_the_window_to_the_passage(model: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    found = windows_of(tokenizer, "Who ? " * 100, "Owls hunt at night . " * 20, 32, 128)
    assert all(len(ids) <= 32 for ids in found["input_ids"])
    parts = [found.sequence_ids(number).count(1) for number in range(len(found["input_ids"]))]
    assert min(parts) >= 1 and max(parts) == 13


def test_the_likeliest_span_ends_behind_its_start_and_is_not_too_long() -> None:
    starts, ends = torch.tensor([0.0, 0.0, 9.0, 0.0]), torch.tensor([0.0, 9.0, 0.0, 8.0])
    inside = [False, True, True, True]
    score, first, last, lack = best_span(starts, ends, inside, 5)
    assert (first, last) == (2, 3) and 0.2 < score < 0.3 and lack < 0.01
    assert best_span(starts, ends, inside, 1)[1:3] == (2, 2)


SQUAD = {
    "version": "2.0",
    "data": [
        {
            "title": "Town",
            "paragraphs": [
                {
                    "context": f"{number}: {passage}",
                    "qas": [
                        {
                            "id": "1", "question": question,
                            "answers": [{"text": answer, "answer_start": f"{number}: {passage}".index(answer)}] * 2,
                        }
                        for question, answer in asked
                    ] + [{"id": "2", "question": "Who is the king?", "answers": [], "is_impossible": True}],
                }
            ],
        }
        for number, (passage, *asked) in enumerate(PASSAGES)
    ],
}  # fmt: skip


def take_in(path: Path, text: str, home: Home) -> Imported:
    path.write_text(text, encoding="utf-8")
    return import_source(str(path), ReadingOptions(), home, Limits())


def test_squad_s_files_are_read(home: Home, tmp_path: Path) -> None:
    imported = take_in(tmp_path / "train.json", json.dumps(SQUAD), home)
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"context": "context", "question": "question", "answers": "answers"}
    assert sum(assembled.rows.values()) == 24 and (assembled.table["answers"] == "[]").sum() == 8
    quote = json.loads(assembled.table["answers"][0])
    assert quote == [{"text": "1912", "start": 30}]


TABLES = {
    "words": lambda passage, answer: answer,
    "the Hub's": lambda passage, answer: json.dumps({"text": [answer], "answer_start": [passage.index(answer)]}),
    "a list": lambda passage, answer: json.dumps([answer]),
}


@pytest.mark.parametrize("way", TABLES)
def test_tables_are_read_and_answers_that_are_not_there_named(way: str, home: Home, tmp_path: Path) -> None:
    rows = [
        {"passage": passage, "query": question, "answer": TABLES[way](passage, answer)}
        for passage, *asked in PASSAGES
        for question, answer in asked
    ]
    rows[2]["answer"] = "for ever"
    imported = take_in(tmp_path / "rows.jsonl", "\n".join(json.dumps(row) for row in rows), home)
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"context": "passage", "question": "query", "answers": "answer"}
    (problem,) = [problem for problem in assembled.problems if problem.drops]
    assert (problem.row, problem.what) == (3, "The answer 'for ever' does not stand in the passage.")
    assert sum(assembled.rows.values()) == 15


def test_a_quote_stands_at_its_start_or_where_its_words_first_come() -> None:
    assert Quote("b", 4).place("a b b") == (4, 5) and Quote("b", 1).place("a b b") == (2, 3)
    assert Quote("B").place("a b") == (2, 3) and Quote("c").place("a b") is None


def test_wrong_cells_are_said_in_plain_words() -> None:
    field, column = FIELDS["answers"], Column("answers", "", "answers", "")
    stored = field.stored(pandas.Series(['[{"wrong": 1}]', "1912", "[]"]))
    assert stored.tolist() == ['[{"wrong": 1}]', '[{"text": "1912"}]', "[]"]
    assert [problem.row for problem in field.problems(stored, column, None)] == [0]
    with pytest.raises(StudioError, match="No question has an answer"):
        field.require_lesson(pandas.Series(["[]", "[]"]))


# as in the official evaluation script of SQuAD 2.0
def reference_f1(gold: str, said: str) -> float:
    import collections
    import re
    import string

    def tokens(text: str) -> list[str]:
        text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
        return " ".join(re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text).split()).split()

    gold_tokens, said_tokens = tokens(gold), tokens(said)
    common = collections.Counter(gold_tokens) & collections.Counter(said_tokens)
    same = sum(common.values())
    if len(gold_tokens) == 0 or len(said_tokens) == 0:
        return float(gold_tokens == said_tokens)
    if same == 0:
        return 0.0
    precision, recall = same / len(said_tokens), same / len(gold_tokens)
    return (2 * precision * recall) / (precision + recall)


def test_scores_are_those_of_squad_on_random_answers() -> None:
    rng = numpy.random.default_rng(0)

    def text() -> str:
        return " ".join(rng.choice(["The", "owl,", "an", "red", "box.", "night", "3"], rng.integers(0, 5)))

    gold, said = [[text() for _ in range(rng.integers(0, 3))] for _ in range(300)], [text() for _ in range(300)]
    scorer = QuoteScorer()
    rows: list[dict[str, Any]] = [{"answers": [Quote(each) for each in some]} for some in gold]
    marks = scorer.add([Answer(each, {"score": 1.0}) for each in said], rows)
    found = scorer.scores()
    f1 = [max(reference_f1(each, one) for each in (some or [""])) for some, one in zip(gold, said, strict=True)]
    assert found.metrics["f1"] == pytest.approx(sum(f1) / 300)
    assert found.metrics["exact_match"] == pytest.approx(sum(each == 1 for each in f1) / 300, abs=0.05)
    assert len(marks) == 300 and sum(bar["value"] for bar in found.views[0].data["bars"]) == 300
    assert {bar["mark"] for bar in found.views[0].data["bars"]} <= {mark for each in marks for mark in each}
