"""What counting alone reaches: the perplexity of an interpolated trigram model, to set beside a trained network."""

from typing import Any

import numpy as np

Tokens = np.ndarray[Any, Any]
DISCOUNT = 0.75  # taken off every count, and given to what was never seen


def trigram_perplexity(learned: Tokens, measured: Tokens, vocabulary: int) -> float:
    """Perplexity of `measured` under trigrams of `learned`, each order with absolute discounting over the one below.

    The lowest order is spread evenly over the vocabulary, so that nothing is impossible.
    """
    probability = np.full(len(measured) - 2, 1 / vocabulary)
    for order in (1, 2, 3):
        pairs, counts = np.unique(_packed(learned, order, vocabulary), return_counts=True)
        contexts, first, kinds = np.unique(pairs // vocabulary, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)
        wanted = _packed(measured, order, vocabulary)[3 - order :]
        seen = _looked_up(wanted, pairs, counts)
        total = _looked_up(wanted // vocabulary, contexts, totals)
        known = _looked_up(wanted // vocabulary, contexts, kinds)
        counted = (np.maximum(seen - DISCOUNT, 0) + DISCOUNT * known * probability) / np.maximum(total, 1)
        probability = np.where(total > 0, counted, probability)
    return float(np.exp(-np.log(probability).mean()))


def _packed(tokens: Tokens, order: int, vocabulary: int) -> Tokens:
    """Each run of `order` tokens as one number."""
    wide = tokens.astype(np.int64)
    packed = np.zeros(len(wide) - order + 1, dtype=np.int64)
    for place in range(order):
        packed = packed * vocabulary + wide[place : len(wide) - order + 1 + place]
    return packed


def _looked_up(keys: Tokens, known: Tokens, values: Tokens) -> Tokens:
    """The value of each key, zero for a key that is not known. `known` is sorted."""
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], 0)
