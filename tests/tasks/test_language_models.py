"""Running text and chat: exactly what is learned, learned by heart, drawn alike everywhere, scored as the formula."""

import json
import math
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
import tiny
import torch
from overfitting import ROWS, learn, overfit
from prepared import prepare_table
from transformers import AutoTokenizer

from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.tasks import TASKS, conversations
from studio.tasks.base import Answer, Batch, Scores
from studio.tasks.causal import TokenScorer, _drawing
from studio.tasks.conversations import PLAIN_TEMPLATE, answer_ends, answered_tokens, asked_tokens, give_template
from studio.tasks.texts import IGNORED

CHAT, WRITING = TASKS["chat"], TASKS["text-generation"]
GPT = Path(__file__).resolve().parents[2] / "assets" / "starters" / "gpt"
QUIET = {"temperature": 0.0, "longest_answer": 8}
TURNS = [
    {"role": "user", "content": "Who are you?"},
    {"role": "assistant", "content": "A clerk."},
    {"role": "user", "content": "Where?"},
    {"role": "assistant", "content": "In London, sir."},
]
MARKLESS = (  # as many models have it: nothing in it says what an answer is
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def words() -> list[str]:
    return [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_language_model(tmp_path_factory.mktemp("speakers") / request.param, words(), request.param)


def talk() -> pandas.DataFrame:
    """A conversation each: what was said, and its answer in the other order."""
    kinds = [(one, two) for one in tiny.FILLER[:8] for two in tiny.WORDS["good"][:4]]
    return pandas.DataFrame(
        {"prompt": [f"{one} {two}" for one, two in kinds], "reply": [f"{two} {one} film" for one, two in kinds]}
    )


def judged(found: Prepared, rows: int, split: str = "train") -> tuple[Scores, list[Answer], float]:
    """The scores as a check while training makes them."""
    items = found.examples[split].plain(list(range(rows)))
    batch = Batch(found.collate(items), items)
    with torch.no_grad():
        loss = found.task.loss(found.model, batch)
        answers = found.task.answer(found.tools, found.model, batch, loss.outputs)
    scorer = found.task.scorer(found.tools)
    scorer.add(answers, [{}] * rows)
    return scorer.scores(), answers, float(loss.mean)


def test_thirty_two_answers_are_learned_by_heart(model: Path) -> None:
    _, alone, found = overfit("chat", talk(), model, steps=150, max_length=32, **QUIET)
    scores, answers, loss = judged(found, ROWS)
    assert len(talk()) == ROWS and scores.metrics["token_accuracy"] >= 0.98
    assert scores.metrics["perplexity"] == pytest.approx(math.exp(loss), rel=1e-4)
    assert [answer.value for answer in answers] == talk()["reply"].tolist(), "and they end"
    assert [answer.value for answer in alone] == [answer.value for answer in answers], "whatever stands beside them"
    told: list[str] = []
    items = found.examples["train"].plain([5])
    streamed = CHAT.stream(found.tools, found.model, Batch(found.collate(items), items), told.append)  # type: ignore[attr-defined]
    assert streamed.value == answers[5].value == told[-1] and len(set(told)) > 1 and told[-1].startswith(told[0])
    CHAT.finish(found.model, found.tools)
    names: dict[str, Any] = {"model": found.model, "processor": found.tools.processor}
    exec("\n".join(CHAT.asking_code(found.model.config.to_dict())), names)
    assert [names["ask"](text) for text in talk()["prompt"][:4]] == talk()["reply"][:4].tolist()
    assert 3 in found.model.generation_config.eos_token_id


def test_thirty_two_texts_are_continued_by_heart(tmp_path: Path) -> None:
    folder = tiny.write_language_model(tmp_path / "speaker", words())
    texts = ["the " + text for text in talk()["prompt"] + " film " + talk()["reply"]]
    splits = ["train"] * ROWS + ["test"] * ROWS
    both = pandas.DataFrame({"text": texts * 2, "row": range(1, 2 * ROWS + 1), "split": splits})
    found = prepare_table("text-generation", both, folder, max_length=9, **QUIET)  # a row each
    learn(found, 200, 5e-3)
    scores, _, loss = judged(found, ROWS, "test")
    assert scores.metrics["token_accuracy"] >= 0.7, "the second and third word cannot be known"
    assert loss < math.log(12 * 4) / 7 + 0.1
    item = WRITING.encode(found.tools, [{"text": "the film good"}])
    (answer,) = WRITING.answer(found.tools, found.model, Batch(found.collate(item), item))
    assert answer.value == "film good film film", "and it ends"


@pytest.mark.parametrize("template", [None, MARKLESS, PLAIN_TEMPLATE], ids=["marked", "markless", "given"])
def test_the_loss_is_on_the_answers_and_their_ends_alone(template: str | None) -> None:
    tokenizer = AutoTokenizer.from_pretrained(GPT)
    tokenizer.chat_template = template or tokenizer.chat_template
    tokens, learned = answered_tokens(tokenizer, TURNS)
    end = "<|endoftext|>" if template == PLAIN_TEMPLATE else "<|end|>"
    runs = tokenizer.decode([token if taken else 1 for token, taken in zip(tokens, learned, strict=True)])
    assert [run for run in runs.split("<|pad|>") if run] == [f"A clerk.{end}", f"In London, sir.{end}"]
    begun = asked_tokens(tokenizer, TURNS[:3])
    assert tokens[: len(begun)] == begun and learned[len(begun)] and not learned[len(begun) - 1]
    assert answer_ends(tokenizer) == [tokenizer.convert_tokens_to_ids(end)]


def test_batches_count_the_answers_and_neither_padding_nor_questions(model: Path) -> None:
    rows = talk().assign(row=range(1, ROWS + 1), split="train")
    rows.loc[0, "reply"] = "the film was a very good story and a great film"
    found = prepare_table("chat", rows, model, max_length=32, **QUIET)
    items = found.examples["train"].plain([0, 1])
    batch = found.collate(items)
    tokenizer = found.tools.processor
    counted = [ids[labels != IGNORED] for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True)]
    assert [tokenizer.decode(each) for each in counted] == [f"{rows['reply'][at]} [SEP]" for at in (0, 1)]
    found.model.eval()
    loss = CHAT.loss(found.model, Batch(batch, items))
    alone = [CHAT.loss(found.model, Batch(found.collate([item]), [item])) for item in items]
    assert int(loss.units) == sum(map(len, counted))
    assert loss.total.item() == pytest.approx(sum(each.total.item() for each in alone), rel=1e-4)
    labels = batch["labels"][0][None]
    own = found.model(input_ids=batch["input_ids"][:1], attention_mask=batch["attention_mask"][:1], labels=labels).loss
    assert alone[0].mean.item() == pytest.approx(own.item(), rel=1e-4)


def test_training_text_is_laid_together_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = tiny.write_language_model(tmp_path / "speaker", words())
    texts = [" ".join(tiny.FILLER[:size]) for size in (3, 11, 2, 9)]
    rows = pandas.DataFrame({"text": texts, "row": range(1, 5), "split": ["train"] * 3 + ["validation"]})
    found = prepare_table("text-generation", rows, folder, max_length=8, **QUIET)
    windows = found.examples["train"].plain(range(len(found.examples["train"])))
    alone = [found.tools.processor(text)["input_ids"] for text in texts[:3]]
    assert [token for item in windows for token in item["input_ids"]] == [token for ids in alone for token in ids]
    assert [len(item["input_ids"]) for item in windows[:-1]] == [8] * (len(windows) - 1)
    assert len(found.examples["validation"]) == 1, "what is scored stays a row"


def test_a_long_conversation_keeps_an_answer(model: Path) -> None:
    long = " ".join(tiny.FILLER * 5)
    rows = pandas.DataFrame({"prompt": [long], "reply": ["good film"], "row": [1], "split": ["train"]})
    found = prepare_table("chat", rows, model, max_length=16, **QUIET)
    (item,) = found.examples["train"].plain([0])
    assert len(item["input_ids"]) == 16 and sum(label != IGNORED for label in item["labels"]) >= 3


def test_drawing_is_from_the_model_s_own_probabilities() -> None:
    scores = torch.tensor([[0.0, math.log(3.0)]]).expand(1, 2)
    counts = [int(_drawing(1.0, seed)(None, scores).argmax()) for seed in range(400)]
    assert 0.68 < sum(counts) / 400 < 0.82
    cold = [int(_drawing(0.2, seed)(None, scores).argmax()) for seed in range(100)]
    assert sum(cold) > 95 and _drawing(0.0, 1)(None, scores) is scores
    many = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    assert torch.equal(_drawing(0.7, 4)(None, many)[1:2], _drawing(0.7, 4)(None, many[1:2])), "alone as among others"


def test_a_template_that_knows_no_system_gets_it_with_the_first_message() -> None:
    tokenizer = AutoTokenizer.from_pretrained(GPT)
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template = refusing + MARKLESS
    asked = asked_tokens(tokenizer, [{"role": "system", "content": "Be brief."}, TURNS[0]])
    assert tokenizer.decode(asked).startswith("<|user|>\nBe brief.\n\nWho are you?<|end|>")
    tokenizer.chat_template = "{{ raise_exception('only on Sundays') }}"
    with pytest.raises(StudioError, match=r"refuses.*only on Sundays"):
        asked_tokens(tokenizer, TURNS[:1])


@pytest.mark.skipif(sys.platform != "linux", reason="bounds of time and memory")
@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 40000000000 }}",
        "{{ 'a' * 10000000 }}",
    ],
)
def test_a_template_without_end_is_ended(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(conversations, "MOST_SECONDS", 0.3)
    tokenizer = AutoTokenizer.from_pretrained(GPT)
    limits = resource.getrlimit(resource.RLIMIT_DATA), signal.getsignal(signal.SIGALRM)
    for marks in ("", "{% generation %}{% endgeneration %}"):
        tokenizer.chat_template = template + marks
        with pytest.raises(StudioError, match="takes more time or memory"):
            answered_tokens(tokenizer, TURNS)
    assert limits == (resource.getrlimit(resource.RLIMIT_DATA), signal.getsignal(signal.SIGALRM))


def test_whatever_a_template_raises_is_said() -> None:
    tokenizer = AutoTokenizer.from_pretrained(GPT)
    for template in (
        "{{ 1 // 0 }}",
        "{{ ''.__class__.__mro__ }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% if %}",
    ):
        tokenizer.chat_template = template
        with pytest.raises(StudioError, match="refuses a conversation"):
            asked_tokens(tokenizer, TURNS[:1])


def test_a_model_without_anything_that_ends_a_text_is_refused() -> None:
    with pytest.raises(StudioError, match="cannot learn to answer"):
        give_template(SimpleNamespace(chat_template=None, eos_token=None))


def test_scores_are_those_of_all_tokens_together() -> None:
    scorer = TokenScorer()
    told = [{"nll": 2.0 * n, "tokens": n, "right": n // 2} for n in range(1, 21)]
    marks = scorer.add([Answer("x", each) for each in told], [{}] * 20)
    scores = scorer.scores()
    tokens = sum(range(1, 21))
    assert scores.metrics["perplexity"] == pytest.approx(math.exp(2.0))
    assert scores.metrics["token_accuracy"] == sum(n // 2 for n in range(1, 21)) / tokens
    assert {mark for each in marks for mark in each} <= {bar["mark"] for bar in scores.views[0].data["bars"]}
    assert TokenScorer().scores().metrics == {} and CHAT.metrics_of(1000.0)["perplexity"] < math.inf
    json.dumps(scores.as_dict())
