"""Whisper tiny.en from a file of CTranslate2: the same tensors under transformers' names, and the files beside them.

The file (CTranslate2's `model_spec.py`, binary version 6), little endian: version, name and revision of the
specification, then the variables: name, rank, dimensions, type, bytes, and pairs of names that share one. A name is its
length in 16 bits and its letters, ended by a zero.
"""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy

from studio.files import read_json, replace_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}  # of CTranslate2
WIDTH, LAYERS = 384, 4
END, START, NO_TIMES = 50256, 50257, 50362  # tokens
CONFIG = {
    "architectures": ["WhisperForConditionalGeneration"],
    "model_type": "whisper",
    "d_model": WIDTH,
    **{f"{part}_{name}": value for part in ("encoder", "decoder") for name, value in (
        ("layers", LAYERS), ("attention_heads", 6), ("ffn_dim", 4 * WIDTH))},
    "vocab_size": 51864,
    "num_mel_bins": 80,
    "max_source_positions": 1500,
    "max_target_positions": 448,
    **{"bos_token_id": END, "eos_token_id": END, "pad_token_id": END, "decoder_start_token_id": START},
}  # fmt: skip
EXTRACTOR = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "processor_class": "WhisperProcessor",
    "feature_size": 80,
    "sampling_rate": 16000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
    "padding_value": 0.0,
    "return_attention_mask": False,
}
TOKENIZER = {
    "tokenizer_class": "WhisperTokenizer",
    "processor_class": "WhisperProcessor",
    "model_max_length": 448,
    **{f"{name}_token": "<|endoftext|>" for name in ("bos", "eos", "pad", "unk")},
}


def convert(package: Path, folder: Path) -> None:
    """package: the folder with model.bin. folder: gets the files of a model, its weights last."""
    from safetensors.numpy import save_file

    known = read_json(package / "config.json") or {}
    marks = {name: CONFIG[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")}
    own = {
        "is_multilingual": False,
        "max_length": 448,
        "no_timestamps_token_id": NO_TIMES,
        "return_timestamps": False,
        "alignment_heads": known["alignment_heads"],
        "suppress_tokens": known["suppress_ids"],
        "begin_suppress_tokens": known["suppress_ids_begin"],
    }
    files = {
        "config.json": CONFIG,
        "preprocessor_config.json": EXTRACTOR,
        "tokenizer_config.json": TOKENIZER,
        "generation_config.json": {**marks, **own},
    }
    for name, values in files.items():
        replace_json(folder / name, values)
    shutil.copyfile(package / "tokenizer.json", folder / "tokenizer.json")
    with (package / "model.bin").open("rb") as file:
        save_file(dict(renamed(dict(variables(file)))), folder / "model.safetensors", {"format": "pt"})


def variables(file: BinaryIO) -> "Iterator[tuple[str, NDArray]]":
    def number(form: str) -> int:
        return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])

    def name() -> str:
        return file.read(number("<H")).rstrip(b"\0").decode()

    number("<I")
    name()
    number("<I")
    for _unused in range(number("<I")):
        called = name()
        shape = [number("<I") for _dimension in range(number("<B"))]
        kind = TYPES[number("<B")]
        yield called, numpy.frombuffer(file.read(number("<I")), kind).reshape(shape)


def renamed(known: "dict[str, NDArray]") -> "Iterator[tuple[str, NDArray]]":
    """transformers' names. What CTranslate2 holds as one matrix is cut again: queries, keys, values, in this order."""

    def both(new: str, old: str) -> "Iterator[tuple[str, NDArray]]":
        yield f"{new}.weight", known[f"{old}/weight"]
        yield f"{new}.bias", known[f"{old}/bias"]

    def norm(new: str, old: str) -> "Iterator[tuple[str, NDArray]]":
        yield f"{new}.weight", known[f"{old}/layer_norm/gamma"]
        yield f"{new}.bias", known[f"{old}/layer_norm/beta"]

    def pieces(new: str, old: str, names: str) -> "Iterator[tuple[str, NDArray]]":
        for place, name in enumerate(names):
            part = slice(place * WIDTH, (place + 1) * WIDTH)
            yield f"{new}.{name}_proj.weight", known[f"{old}/weight"][part].copy()
            if name != "k":  # Whisper's keys have no bias
                yield f"{new}.{name}_proj.bias", known[f"{old}/bias"][part].copy()

    for place in (1, 2):
        yield from both(f"model.encoder.conv{place}", f"encoder/conv{place}")
    yield "model.encoder.embed_positions.weight", waves(1500)  # a formula, which the file holds rounded
    yield "model.decoder.embed_positions.weight", known["decoder/position_encodings/encodings"]
    yield "model.decoder.embed_tokens.weight", known["decoder/embeddings/weight"]
    for part in ("encoder", "decoder"):
        yield f"model.{part}.layer_norm.weight", known[f"{part}/layer_norm/gamma"]
        yield f"model.{part}.layer_norm.bias", known[f"{part}/layer_norm/beta"]
        for layer in range(LAYERS):
            new, old = f"model.{part}.layers.{layer}", f"{part}/layer_{layer}"
            yield from pieces(f"{new}.self_attn", f"{old}/self_attention/linear_0", "qkv")
            yield from both(f"{new}.self_attn.out_proj", f"{old}/self_attention/linear_1")
            yield from norm(f"{new}.self_attn_layer_norm", f"{old}/self_attention")
            if part == "decoder":
                yield from both(f"{new}.encoder_attn.q_proj", f"{old}/attention/linear_0")
                yield from pieces(f"{new}.encoder_attn", f"{old}/attention/linear_1", "kv")
                yield from both(f"{new}.encoder_attn.out_proj", f"{old}/attention/linear_2")
                yield from norm(f"{new}.encoder_attn_layer_norm", f"{old}/attention")
            yield from both(f"{new}.fc1", f"{old}/ffn/linear_0")
            yield from both(f"{new}.fc2", f"{old}/ffn/linear_1")
            yield from norm(f"{new}.final_layer_norm", f"{old}/ffn")


def waves(length: int) -> "NDArray":
    """The encoder's positions (Radford et al., 2022): sines and cosines, whose lengths grow from 1 to 10,000."""
    step = numpy.log(10_000) / (WIDTH // 2 - 1)
    scaled = numpy.arange(length)[:, None] * numpy.exp(-step * numpy.arange(WIDTH // 2))[None]
    return numpy.concatenate([numpy.sin(scaled), numpy.cos(scaled)], axis=1).astype("float32")
