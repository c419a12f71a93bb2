"""A small causal language model of our own, from the first random number to a folder that transformers loads.

    python -m studio.models.starters.gpt CORPUS --to assets/starters/gpt [--minutes 55] [--seed 7]

CORPUS is a text file of books one after another (.txt, .txt.xz or .txt.gz). Tokenizer, network and training are
written for one CPU core and an hour: a wide and shallow Llama, because few large matrix products are what a core is
fast at, and Muon for its matrices, because it learns more from each token than AdamW where tokens are few.
The learning rate follows the clock, not the steps, and reaches zero when the time is up on any machine; so the seed
fixes the data and the order, while the number of steps is the machine's. A run that was cut off goes on from its
checkpoint when the command is given again.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.files import read_json, replace_json
from studio.models.starters.corpus import books, clean, hold_out, read_text
from studio.models.starters.gpt_card import card
from studio.models.starters.ngrams import trigram_perplexity

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

END_OF_TEXT, PADDING, END_OF_TURN = "<|endoftext|>", "<|pad|>", "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
SPECIAL = (END_OF_TEXT, PADDING, *ROLES, END_OF_TURN)  # their ids are their places here
# `generation` marks what the assistant says, so that training can leave the questions out of the loss.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
HELD_OUT = 0.012
OPENINGS = ("It was a dark and stormy", "My dear Miss", '"I do not think,"', "The old house stood")


@dataclass(frozen=True)
class Recipe:
    """What decides the model, apart from the corpus."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int = 768
    context: int = 256
    batch: int = 8
    matrix_rate: float = 1.2e-2
    rest_rate: float = 3e-3
    warmup: float = 0.03
    minutes: float = 55
    seed: int = 7

    def rate(self, progress: float) -> float:
        """The share of the full learning rate when `progress` of the time is spent: up, then straight down to zero."""
        return max(0.0, min(1.0, (progress + 1e-3) / self.warmup) * (1 - progress))


def train_tokenizer(chapters: Iterable[str], vocabulary: int) -> "Tokenizer":
    """Byte-level BPE: any text can be written in it, and comes back as it was."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(chapters, trainer)
    return tokenizer


def tokens_of(tokenizer: "Tokenizer", found: list[list[str]]) -> "np.ndarray[Any, np.dtype[np.uint16]]":
    """All chapters as one row of token ids, an end of text after each."""
    rows: list[int] = []
    for book in found:
        for encoding in tokenizer.encode_batch(book):
            rows += [*encoding.ids, SPECIAL.index(END_OF_TEXT)]
    return np.array(rows, dtype=np.uint16)


def fast_tokenizer(tokenizer: "Tokenizer", context: int) -> "PreTrainedTokenizerFast":
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=PADDING,
        extra_special_tokens=[*ROLES, END_OF_TURN],
        chat_template=CHAT_TEMPLATE,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def network(recipe: Recipe) -> "LlamaForCausalLM":
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(recipe.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=recipe.vocabulary,
            hidden_size=recipe.width,
            num_hidden_layers=recipe.layers,
            intermediate_size=recipe.inner,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.heads,
            max_position_embeddings=recipe.context,
            tie_word_embeddings=True,
            bos_token_id=SPECIAL.index(END_OF_TEXT),
            eos_token_id=SPECIAL.index(END_OF_TEXT),
            pad_token_id=SPECIAL.index(PADDING),
        )
    )


def batch_of(tokens: "np.ndarray[Any, Any]", recipe: Recipe, step: int) -> "Tensor":
    """Pieces of the corpus from random places, which depend on the seed and the step alone."""
    import torch

    places = np.random.default_rng((recipe.seed, step)).integers(0, len(tokens) - recipe.context, recipe.batch)
    rows = np.stack([tokens[place : place + recipe.context] for place in places])
    return torch.from_numpy(rows.astype(np.int64))


def train(
    model: "LlamaForCausalLM", tokens: "np.ndarray[Any, Any]", recipe: Recipe, checkpoint: Path
) -> dict[str, Any]:
    """Trains until the time is up, from `checkpoint` on if it exists; tells steps, minutes and the running loss."""
    import torch

    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers = [
        torch.optim.Muon(
            inner, recipe.matrix_rate, momentum=0.95, weight_decay=0.01, ns_steps=3, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(rest, recipe.rest_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    full = (recipe.matrix_rate, recipe.rest_rate)
    step, spent, running = 0, 0.0, 0.0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        step, spent, running = state["step"], state["spent"], state["running"]

    def save() -> None:
        states = [optimizer.state_dict() for optimizer in optimizers]
        kept = {"model": model.state_dict(), "optimizers": states, "step": step, "spent": spent, "running": running}
        torch.save(kept, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    model.train()
    limit = recipe.minutes * 60
    started, saved_at = time.monotonic() - spent, spent
    while spent < limit:
        batch = batch_of(tokens, recipe, step)
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, rate in zip(optimizers, full, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * recipe.rate(spent / limit)
            optimizer.step()
        model.zero_grad()
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        step, spent = step + 1, time.monotonic() - started
        if step % 25 == 0:
            print(f"step {step}, minute {spent / 60:.1f}, loss {running:.3f}", flush=True)
        if spent - saved_at > 240:
            saved_at = spent
            save()
    save()
    return {"steps": step, "minutes": round(spent / 60, 1), "loss": round(running, 3)}


def measure(model: Any, tokens: "np.ndarray[Any, Any]", characters: int, context: int) -> dict[str, float]:
    """Perplexity per token, and bits per character, which compares with models of another vocabulary."""
    import torch

    model.eval()
    total, predicted = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(tokens) - 1, context - 1):  # pieces share one token: each is predicted once
            row = torch.from_numpy(tokens[start : start + context].astype(np.int64))[None]
            count = row.shape[1] - 1
            total += model(input_ids=row, labels=row).loss.item() * count
            predicted += count
    return {"perplexity": float(np.exp(total / predicted)), "bits": total / np.log(2) / characters}


def samples(model: Any, tokenizer: Any, seed: int) -> list[str]:
    """How the model goes on from a few openings."""
    import torch

    torch.manual_seed(seed)
    texts = []
    for opening in OPENINGS:
        given = tokenizer(opening, return_tensors="pt")
        made = model.generate(
            **given, max_new_tokens=60, do_sample=True, temperature=0.8, top_k=0, top_p=1.0, repetition_penalty=1.0
        )
        texts.append(tokenizer.decode(made[0], skip_special_tokens=True))
    return texts


def write_folder(model: Any, tokenizer: Any, folder: Path) -> None:
    """The standard folder; weights in half precision, and a config that has them computed with in full."""
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig(
        bos_token_id=SPECIAL.index(END_OF_TEXT),
        eos_token_id=[SPECIAL.index(END_OF_TEXT), SPECIAL.index(END_OF_TURN)],
        pad_token_id=SPECIAL.index(PADDING),
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
        max_new_tokens=100,
    )
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = read_json(folder / "config.json")
    assert config is not None
    replace_json(folder / "config.json", config | {"dtype": "float32"})


def make(corpus: Path, to: Path, recipe: Recipe, checkpoint: Path) -> None:
    """The whole recipe: corpus, tokenizer, training, measuring, folder and card."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    learned, held_out = hold_out(books(clean(read_text(corpus))), HELD_OUT, recipe.seed)
    tokenizer = train_tokenizer((chapter for book in learned for chapter in book), recipe.vocabulary)
    tokens, kept_back = tokens_of(tokenizer, learned), tokens_of(tokenizer, held_out)
    characters = sum(len(chapter) for book in held_out for chapter in book)
    model = network(recipe)
    facts: dict[str, Any] = {"parameters": sum(p.numel() for p in model.parameters()), "tokens": len(tokens)}
    facts |= {"learned": len(learned), "held_out": len(held_out), "kept_back": len(kept_back)}
    facts["untrained"] = measure(model, kept_back, characters, recipe.context)
    facts["trigram"] = trigram_perplexity(tokens, kept_back, recipe.vocabulary)
    facts["trigram_bits"] = np.log2(facts["trigram"]) * len(kept_back) / characters
    facts |= train(model, tokens, recipe, checkpoint)
    write_folder(model, fast_tokenizer(tokenizer, recipe.context), to)
    written = AutoModelForCausalLM.from_pretrained(to)
    facts["trained"] = measure(written, kept_back, characters, recipe.context)
    facts["samples"] = samples(written, AutoTokenizer.from_pretrained(to), recipe.seed)
    facts["seen"] = facts["steps"] * recipe.batch * recipe.context
    (to / "README.md").write_text(card(facts, recipe.minutes, recipe.seed), encoding="utf-8")
    checkpoint.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the small language model that comes with the studio.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="the folder to write")
    parser.add_argument("--minutes", type=float, default=Recipe.minutes)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--checkpoint", type=Path, default=Path(tempfile.gettempdir()) / "starter_gpt.checkpoint")
    given = parser.parse_args()
    make(given.corpus, given.to, Recipe(minutes=given.minutes, seed=given.seed), given.checkpoint)


if __name__ == "__main__":
    main()
