"""The tokenizer of the small language model: byte-level BPE, with the marks of a conversation."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

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
