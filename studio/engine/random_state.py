"""All random number generators that a training draws from: seeded, read, and put back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import torch


def seed_everything(seed: int) -> None:
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """All random number generators, as plain values and tensors only."""
    version, words, gauss = random.getstate()
    numpy_state = numpy.random.get_state(legacy=True)
    assert isinstance(numpy_state, tuple)
    name, keys, position, has_gauss, cached = numpy_state
    words_of_numpy = torch.from_numpy(keys.astype("int64"))  # torch stores no uint32 that every version reads
    return {
        "python": [version, list(words), gauss],
        "numpy": [name, words_of_numpy, int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    numpy.random.set_state((name, keys.numpy().astype("uint32"), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


@contextmanager
def kept_random_state() -> Iterator[None]:
    """Random numbers go on afterwards as if nobody had drawn any meanwhile."""
    before = random_state()
    try:
        yield
    finally:
        restore_random_state(before)
