"""Learning a few examples by heart: what a wrong loss, a wrong batch or a wrong answer cannot do."""

from pathlib import Path
from typing import Any

import pandas
import torch
from prepared import prepare_table

from studio.engine.preparation import Prepared
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch, Scores
from studio.tasks.rows import parse_rows

ROWS = 32
AT_ONCE = 16
QUESTIONS = (  # one, the same in other words, and another one
    ("How do I change my password?", "Where can I set a new password?", "How do I delete my account?"),
    ("When will my parcel arrive?", "How long does the delivery take?", "Can I pick up my parcel myself?"),
    ("Can I pay with a credit card?", "Do you take credit cards?", "Why was my card charged twice?"),
    ("How can I return a shirt?", "What do I do to send a shirt back?", "Which sizes of this shirt are there?"),
    ("Is there a shop in Berlin?", "Do you have a shop in Berlin?", "Are you hiring in Berlin?"),
    ("What does shipping cost?", "How much do I pay for shipping?", "Do you ship to Norway?"),
    ("Does the lamp come with a bulb?", "Is a bulb in the box of the lamp?", "How bright is the lamp?"),
    ("Are the eggs from free hens?", "Do the eggs come from hens that are free?", "How long do the eggs keep?"),
    ("Can I cancel my order?", "Is it possible to call off an order?", "Where do I see my order?"),
    ("Who repairs this bike?", "Where do I get this bike repaired?", "What does this bike weigh?"),
    ("Is the coat warm?", "Does the coat keep me warm?", "Is the coat there in red?"),
    ("How old must I be?", "From which age on may I come in?", "How long are you open?"),
    ("Does the phone have two cards?", "Are there two card slots in the phone?", "Is the phone waterproof?"),
    ("May I bring my dog?", "Are dogs allowed?", "Do you sell food for dogs?"),
    ("Can you wrap it as a gift?", "Is there wrapping for gifts?", "Do you sell gift cards?"),
    ("How do I reach you by phone?", "What is your phone number?", "May I write you an e-mail?"),
)


def overfit(
    task: str, table: pandas.DataFrame, model: Path, files: Path | None = None, steps: int = 250, rate: float = 5e-3,
    **options: Any,
) -> tuple[Scores, list[Answer], Prepared]:  # fmt: skip
    """The scores of the rows that were learned, the answers to them, and the learned model.

    table: the task's columns, as `studio.data.assembly` gives them.
    """
    table = table.assign(row=range(1, len(table) + 1), split="train")
    found = prepare_table(task, table, model, files, **options)
    learn(found, steps, rate)
    chosen = TASKS[task]
    answers = answers_of(found, len(table))
    rows = parse_rows(table, chosen.columns, files)
    chosen.settle(found.tools, answers, rows)
    answers = answers_of(found, len(table))
    answers = chosen.conclude(answers, answers)
    scorer = chosen.scorer(found.tools)
    scorer.add(answers, rows)
    return scorer.scores(), answers, found


def learn(found: Prepared, steps: int, rate: float) -> None:
    """Steps on the training split, the examples in turn."""
    torch.set_num_threads(1)
    chosen, examples = found.task, found.examples["train"]
    optimizer = torch.optim.AdamW(found.model.parameters(), rate, weight_decay=0.0)
    found.model.eval()  # without dropout
    for step in range(steps):
        rows = [(step * AT_ONCE + place) % len(examples) for place in range(AT_ONCE)]
        items = examples.opened(rows)
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        chosen.loss(found.model, Batch(found.collate_training(items), items)).mean.backward()
        torch.nn.utils.clip_grad_norm_(found.model.parameters(), 1.0)
        optimizer.step()


def answers_of(found: Prepared, rows: int) -> list[Answer]:
    """To the training split, without a look at what is right."""
    answers: list[Answer] = []
    with torch.no_grad():
        for start in range(0, rows, AT_ONCE):
            items = found.examples["train"].opened(list(range(start, min(rows, start + AT_ONCE))))
            bare = [{name: value for name, value in item.items() if name != "labels"} for item in items]
            answers += found.task.answer(found.tools, found.model, Batch(found.collate(bare), bare))
    return answers
