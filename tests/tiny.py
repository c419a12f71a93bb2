"""Tiny models and tiny data, made on the spot: what tests train instead of real ones."""

import csv
import random
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

WORDS = {
    "good": ["good", "great", "lovely", "fine", "super", "happy"],
    "bad": ["bad", "awful", "poor", "sad", "broken", "angry"],
}
FILLER = ["the", "film", "was", "a", "very", "story", "and", "with", "some", "music", "it", "felt"]


def write_text_model(folder: Path, **changes: Any) -> Path:
    """A BERT of two layers with a word-level vocabulary, without a head; about 20,000 parameters.

    changes: of its configuration.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *FILLER, *WORDS["good"], *WORDS["bad"]]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    )
    set_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(vocabulary), **{**shape, "max_position_embeddings": 64, **changes})
    BertModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def write_image_model(folder: Path) -> Path:
    """A ResNet of two stages at 32 px with its image processor, without a head."""
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetModel, set_seed

    set_seed(0)
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", downsample_in_first_stage=False
    )
    ResNetModel(config).save_pretrained(folder)
    ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=1.0).save_pretrained(folder)
    return folder


def review(label: str, rng: random.Random) -> str:
    words = rng.choices(FILLER, k=rng.randint(3, 9)) + rng.choices(WORDS[label], k=2)
    rng.shuffle(words)
    return " ".join(words)


def write_reviews(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `text,label` that the tiny model can learn."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for index in range(rows):
            label = ("good", "bad")[index % 2]
            writer.writerow([review(label, rng), label])
    return path


def picture(label: str, rng: random.Random, size: int = 32) -> bytes:
    """A PNG: stripes that lie ("across") or stand ("upright"), in noise."""
    import numpy
    from PIL import Image

    noise = numpy.random.default_rng(rng.randrange(2**32)).integers(0, 90, (size, size, 3))
    stripes = ((numpy.arange(size) + rng.randrange(8)) // 4 % 2 * 150)[:, None, None]
    pixels = noise + (stripes if label == "across" else stripes.transpose(1, 0, 2))
    buffer = BytesIO()
    Image.fromarray(pixels.astype("uint8")).save(buffer, "PNG")
    return buffer.getvalue()


def write_pictures(path: Path, rows: int = 40, seed: int = 0, parts: tuple[str, ...] = ()) -> Path:
    """A ZIP of class folders, below each of `parts` (train, val, ...) if given."""
    rng = random.Random(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts or ("",):
            for index in range(rows):
                label = ("across", "upright")[index % 2]
                archive.writestr("/".join(filter(None, (part, label, f"{index:03}.png"))), picture(label, rng))
    return path
