"""The recipe of the small language model on tiny text."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from assets.recipes.gpt import corpus
from assets.recipes.gpt import make as gpt
from assets.recipes.gpt import tokenizer as gpt_tokenizer
from assets.recipes.gpt.ngrams import trigram_perplexity
from studio.errors import StudioError
from studio.models.starters import STARTERS
from studio.paths import assets

TINY = gpt.Recipe(vocabulary=300, width=16, layers=1, heads=2, inner=32, context=16, batch=4, steps=5)
BODY = "The cat sat on the mat, and the dog lay beside it until the evening came. " * 6


def two_books() -> str:
    chapters = [
        f"{heading}\n\n{BODY}" for heading in ("Chapter 1", "CHAPTER II.", "Book the First\n\nChapter I", "Chapter 2")
    ]
    return "\n\n".join([*chapters, "Book the Second\n\nChapter 1\n\n" + BODY])


def test_cleaning_keeps_the_words_and_drops_the_printing() -> None:
    raw = "\u201cIt is  _so_,\u201d he\tsaid--and left.\r\n\r\n\r\n 42 \r\n\r\n* * *\r\n\r\n"
    raw += "A caf\xc3\xa9.\r\nVerse.\n\nTHE END."
    assert corpus.clean(raw) == '"It is so," he said—and left.\n\nA caf\xe9.\nVerse.'


def test_a_book_begins_where_the_chapters_count_anew() -> None:
    found = corpus.books(corpus.clean(two_books()))
    assert [len(book) for book in found] == [2, 3]
    assert found[1][2].startswith("Book the Second\n\nChapter 1\n\nThe cat")


def test_whole_books_are_held_out() -> None:
    found = [[f"book {index}", "x" * 100] for index in range(10)]
    learned, held_out = corpus.hold_out(found, 0.25, seed=3)
    assert len(held_out) == 2 and sorted(learned + held_out) == sorted(found)
    assert corpus.hold_out(found, 0.25, seed=3) == (learned, held_out)
    assert len(corpus.hold_out(found, 0.01, seed=3)[1]) == 1
    with pytest.raises(StudioError):
        corpus.hold_out(found[:1], 0.25, seed=3)


def test_any_text_comes_back_from_the_tokenizer() -> None:
    tokenizer = gpt_tokenizer.train_tokenizer([BODY], 300)
    assert tokenizer.get_vocab_size() <= 300
    assert [tokenizer.token_to_id(token) for token in gpt_tokenizer.SPECIAL] == list(range(len(gpt_tokenizer.SPECIAL)))
    assert tokenizer.decode(tokenizer.encode(" Ünder\n\n—the cat 🎛").ids) == " Ünder\n\n—the cat 🎛"
    assert gpt_tokenizer.tokens_of(tokenizer, [["the cat", "dog"]]).tolist().count(0) == 2


def test_trigrams_are_probabilities_and_know_what_they_counted() -> None:
    learned = np.array([0, 1, 2, 3] * 50)
    assert trigram_perplexity(learned, learned, 4) < 1.1
    every = np.array([value for third in range(4) for value in (0, 1, third)])
    assert trigram_perplexity(learned, every, 4) > 1.5


def test_the_rate_ends_at_zero() -> None:
    assert gpt.Recipe(steps=4).progress(1, 9e9) == 0.25 and gpt.Recipe(minutes=2).progress(1, 30) == 0.25
    assert gpt.Recipe().rate(0) < 0.1 and gpt.Recipe().rate(0.04) > 0.9 and gpt.Recipe().rate(1) == 0


def test_the_whole_recipe_on_a_tiny_corpus(tmp_path: Path) -> None:
    text = tmp_path / "books.txt"
    text.write_text(two_books(), encoding="utf-8")
    folder = tmp_path / "model"
    before = torch.get_num_threads()
    gpt.make(text, folder, TINY, tmp_path / "checkpoint")
    torch.set_num_threads(before)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    start = gpt.network(TINY).state_dict()
    assert any(not torch.equal(start[name], value) for name, value in model.state_dict().items())
    assert "perplexity" in (folder / "README.md").read_text(encoding="utf-8")
    assert_chat_renders(tokenizer)


def test_training_lowers_the_loss_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    tokens = np.tile(np.arange(10, 30, dtype=np.uint16), 20)
    recipe = replace(TINY, steps=150)
    model = gpt.network(recipe)
    before = gpt.measure(model, tokens, len(tokens), recipe.context)["perplexity"]
    trained = gpt.train(model, tokens, recipe, tmp_path / "checkpoint")
    assert gpt.measure(model, tokens, len(tokens), recipe.context)["perplexity"] < 0.75 * before
    other = gpt.network(recipe)
    assert gpt.train(other, tokens, recipe, tmp_path / "checkpoint")["steps"] == trained["steps"] == 150
    assert torch.equal(other.model.norm.weight, model.model.norm.weight)


def assert_chat_renders(tokenizer: Any) -> None:
    talk = [{"role": "user", "content": "Who is there?"}, {"role": "assistant", "content": "I am."}]
    assert tokenizer.apply_chat_template(talk, tokenize=False) == (
        "<|user|>\nWho is there?<|end|>\n<|assistant|>\nI am.<|end|>\n"
    )
    asked = tokenizer.apply_chat_template(talk[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
    assert asked[0] == gpt_tokenizer.SPECIAL.index("<|user|>") and tokenizer.decode(asked).endswith("<|assistant|>\n")
    masked = tokenizer.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True)
    said = [token for token, mark in zip(masked["input_ids"], masked["assistant_masks"], strict=True) if mark]
    assert tokenizer.decode(said) == "I am.<|end|>"


def test_the_model_that_comes_along_writes_words() -> None:
    """Readable ones, from a prompt and from a conversation; and it knows English better than chance."""
    folder = assets() / STARTERS["gpt"].folder
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(0)
    asked = tokenizer("It was a dark and", return_tensors="pt")
    text = tokenizer.decode(model.generate(**asked, max_new_tokens=20)[0])
    assert text.startswith("It was a dark and ") and len(text.split()) > 8
    asked = tokenizer("The old man looked at her and said that he had been there before.", return_tensors="pt")
    with torch.no_grad():
        loss = model(**asked, labels=asked["input_ids"]).loss
    assert loss < 5.0 and model.num_parameters() < 6e6
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Good day."}], tokenize=False)
    assert "<|user|>" in chat and "Good day." in chat
