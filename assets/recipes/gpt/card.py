"""The model card of the small language model, with the numbers of the run that made it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assets.recipes.gpt.make import Recipe

CHARACTERS_A_TOKEN = 3.6  # of English, in a vocabulary of this size

_CARD = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---

# A small language model of old books

A causal language model of {millions:.1f} million parameters (Llama architecture, tied embeddings, byte-level BPE
vocabulary of its own), trained from scratch on public-domain English books of the nineteenth century.

**What it is good for:** a start for fine-tuning on one's own texts and style without a network, on any computer;
a model for trying and teaching, whose every step can be read and done again.

**What it is not:** it continues text in the manner of old books and knows nothing. It answers no questions, states
no facts, and follows no instructions. It speaks as its sources did, their prejudices included. It reads English
only, at most {context} tokens (about {reach:,} characters) at a time.

The tokens `<|system|>`, `<|user|>`, `<|assistant|>` and `<|end|>` and the chat template that uses them are there to
be fine-tuned: the model has never seen a conversation.

## How it was made

`python -m assets.recipes.gpt.make CORPUS --to FOLDER {flags}`

{learned} books, {tokens:.1f} million tokens; {held_out} more held out whole ({kept_back:,} tokens). Training took
{took:.1f} minutes on {on}: {steps:,} steps of {batch} pieces of {context} tokens, {seen:.1f} million tokens in all,
in {format}, Muon for the matrices and AdamW for the rest, the learning rate straight down to zero.

## What it reaches

On the held-out text, {kept_back:,} tokens, with at most {context} tokens of context:

| | perplexity per token | bits per character |
|---|---|---|
| the network before training | {untrained[perplexity]:,.0f} | {untrained[bits]:.2f} |
| trigrams of the same books, interpolated | {trigram:.1f} | {trigram_bits:.2f} |
| **this model** | **{trained[perplexity]:.1f}** | **{trained[bits]:.2f}** |

The trigrams were counted on the text that the model learned from. {verdict}
The held-out text is little and of few books, so small differences mean nothing.

## Samples

Temperature 0.8, the first attempt at each; the openings were given.

{quoted}
"""


def card(facts: dict[str, Any], recipe: "Recipe") -> str:
    quoted = "\n\n".join("> " + text.replace("\n", "\n> ") for text in facts["samples"])
    behind = facts["trained"]["perplexity"] > facts["trigram"]
    on_gpu = recipe.device != "cpu"
    device = f"--device {recipe.device} " if on_gpu else ""
    shown = facts | {
        "verdict": "**It predicts the next token less well than they do.**"
        if behind
        else "It predicts better than they do.",
        "millions": facts["parameters"] / 1e6,
        "tokens": facts["tokens"] / 1e6,
        "seen": facts["seen"] / 1e6,
        "took": facts["minutes"],
        "batch": recipe.batch,
        "context": recipe.context,
        "reach": 100 * round(recipe.context * CHARACTERS_A_TOKEN / 100),
        "flags": f"{device}--batch {recipe.batch} --steps {facts['steps']} --seed {recipe.seed}",
        "format": "bfloat16 over single precision" if on_gpu else "single precision",
        "quoted": quoted,
    }
    return _CARD.format(**shown)
