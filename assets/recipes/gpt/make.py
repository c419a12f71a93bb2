"""A small causal language model of our own, from the first random number to a folder that transformers loads.

    python -m assets.recipes.gpt.make CORPUS --to assets/starters/gpt [--device cuda --batch 64] [--seed 7]

CORPUS is a text file of books one after another (.txt, .txt.xz or .txt.gz). The network is a narrow Llama, small
enough to be fine-tuned on any computer; Muon trains its matrices, because it learns more from each token than AdamW
where tokens are few. It takes minutes on a GPU and an hour or more on one CPU core.
Without --steps the learning rate follows the clock, not the steps, and reaches zero when --minutes are up on any
machine; the card says how many steps those were. The same --seed, --batch and --steps on the same machine give the
same model. A run that was cut off goes on from its checkpoint when the command is given again.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.recipes.gpt.card import card
from assets.recipes.gpt.corpus import books, clean, hold_out, read_text
from assets.recipes.gpt.ngrams import trigram_perplexity
from assets.recipes.gpt.tokenizer import (
    END_OF_TEXT,
    END_OF_TURN,
    PADDING,
    SPECIAL,
    fast_tokenizer,
    tokens_of,
    train_tokenizer,
)
from studio.files import read_json, replace_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor
    from transformers import LlamaForCausalLM

HELD_OUT = 0.012
OPENINGS = ("It was a dark and stormy", "My dear Miss", '"I do not think,"', "The old house stood")


@dataclass(frozen=True)
class Recipe:
    """What decides the model, apart from the corpus."""

    vocabulary: int = 4096
    width: int = 224
    layers: int = 6
    heads: int = 4
    inner: int = 640
    context: int = 512
    batch: int = 8
    matrix_rate: float = 1.2e-2
    rest_rate: float = 3e-3
    warmup: float = 0.03
    decay: float = 0.1
    minutes: float = 55
    steps: int | None = None
    seed: int = 7
    device: str = "cpu"

    def progress(self, step: int, seconds: float) -> float:
        """How far the training is, from 0 to 1."""
        return min(1.0, step / self.steps if self.steps else seconds / (60 * self.minutes))

    def rate(self, progress: float) -> float:
        """The share of the full learning rate at `progress`: up, then straight down to zero."""
        return max(0.0, min(1.0, (progress + 1e-3) / self.warmup) * (1 - progress))


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
    """Trains to the end, from `checkpoint` on if it exists; tells steps, minutes, the running loss and on what.

    On a GPU in bfloat16 (the weights stay in single precision), elsewhere in single precision.
    """
    import torch

    model.to(recipe.device)
    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers = [
        torch.optim.Muon(
            inner,
            recipe.matrix_rate,
            momentum=0.95,
            weight_decay=recipe.decay,
            ns_steps=3,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(rest, recipe.rest_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    full = (recipe.matrix_rate, recipe.rest_rate)
    step, spent, running = 0, 0.0, 0.0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location=recipe.device)
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
    started, saved_at = time.monotonic() - spent, spent
    while (progress := recipe.progress(step, spent)) < 1:
        batch = batch_of(tokens, recipe, step).to(recipe.device)
        with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.device != "cpu"):
            loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, rate in zip(optimizers, full, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * recipe.rate(progress)
            optimizer.step()
        model.zero_grad()
        step += 1
        if step % 25 == 1:
            running = loss.item() if step == 1 else 0.8 * running + 0.2 * loss.item()
            print(f"step {step}, minute {spent / 60:.1f}, loss {running:.3f}", flush=True)
        spent = time.monotonic() - started
        if spent - saved_at > 240:
            saved_at = spent
            save()
    save()
    model.cpu()
    return {"steps": step, "minutes": round(spent / 60, 1), "loss": round(running, 3), "on": machine(recipe.device)}


def machine(device: str) -> str:
    import torch

    return f"one {torch.cuda.get_device_name()}" if device == "cuda" else "one core of a CPU"


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

    torch.set_num_threads(1)
    prepared = prepare(corpus, recipe)
    model = network(recipe)
    facts = before(model, prepared, recipe) | train(model, prepared.tokens, recipe, checkpoint)
    finish(model, prepared, recipe, facts, to)
    checkpoint.unlink()


@dataclass(frozen=True)
class Prepared:
    """The corpus in tokens: what is learned from, what is held out, and how many books and characters those are."""

    tokenizer: "Tokenizer"
    tokens: "np.ndarray[Any, np.dtype[np.uint16]]"
    held_out: "np.ndarray[Any, np.dtype[np.uint16]]"
    books: tuple[int, int]
    characters: int  # of the held-out text


def prepare(corpus: Path, recipe: Recipe) -> Prepared:
    learned, held_out = hold_out(books(clean(read_text(corpus))), HELD_OUT, recipe.seed)
    tokenizer = train_tokenizer((chapter for book in learned for chapter in book), recipe.vocabulary)
    return Prepared(
        tokenizer,
        tokens_of(tokenizer, learned),
        tokens_of(tokenizer, held_out),
        (len(learned), len(held_out)),
        sum(len(chapter) for book in held_out for chapter in book),
    )


def before(model: Any, prepared: Prepared, recipe: Recipe) -> dict[str, Any]:
    """What is known before training: sizes, and what the untrained network and counting reach."""
    trigram = trigram_perplexity(prepared.tokens, prepared.held_out, recipe.vocabulary)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens": len(prepared.tokens),
        "learned": prepared.books[0],
        "held_out": prepared.books[1],
        "kept_back": len(prepared.held_out),
        "untrained": measure(model, prepared.held_out, prepared.characters, recipe.context),
        "trigram": trigram,
        "trigram_bits": np.log2(trigram) * len(prepared.held_out) / prepared.characters,
    }


def finish(model: Any, prepared: Prepared, recipe: Recipe, facts: dict[str, Any], to: Path) -> None:
    """The folder, and its card with what the written model reaches."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write_folder(model, fast_tokenizer(prepared.tokenizer, recipe.context), to)
    written = AutoModelForCausalLM.from_pretrained(to)
    facts = facts | {
        "trained": measure(written, prepared.held_out, prepared.characters, recipe.context),
        "samples": samples(written, AutoTokenizer.from_pretrained(to), recipe.seed),
        "seen": facts["steps"] * recipe.batch * recipe.context,
    }
    (to / "README.md").write_text(card(facts, recipe), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the small language model that comes with the studio.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="the folder to write")
    parser.add_argument("--minutes", type=float, default=Recipe.minutes)
    parser.add_argument("--steps", type=int, help="instead of --minutes: exactly so many steps")
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--device", choices=["cpu", "cuda"], default=Recipe.device)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--checkpoint", type=Path, default=Path(tempfile.gettempdir()) / "starter_gpt.checkpoint")
    given = parser.parse_args()
    chosen = {name: getattr(given, name) for name in ("minutes", "steps", "batch", "device", "seed")}
    make(given.corpus, given.to, Recipe(**chosen), given.checkpoint)


if __name__ == "__main__":
    main()
