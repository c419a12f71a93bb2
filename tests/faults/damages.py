"""Ways in which bytes, texts and JSON values come out wrong: seeded, so that a case can be made again."""

import json
import random
from typing import Any

HOSTILE = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"{", b"[" * 2000, b"]" * 50, b"\r", b"\n\n", b",,,,", b"\\u0000",
    b"\\ud800", b"NaN", b"1e999", b"-1", b"99999999999999999999", b"9" * 5000, b"null", b"=1+1", b"../../x.png",
    b"/etc/passwd", b"C:\\x.png", b"http://127.0.0.1/x.png", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"<!DOCTYPE a>",
    b"PK\x03\x04", b"PAR1", b"\x89PNG\r\n\x1a\n", b"x" * 100_000,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7.5, 10**6, 2**31, 2**63, 10**30, -(10**30), 1e300, float("inf"), float("nan"), "", "x",
    "\ud800", "../../etc/passwd", "/etc/passwd", "model.safetensors", "part.bin", "\0", "x" * 5000, [], {}, [[]],
    [None], ["x"], [1, -1], {"a": 1}, {"": ""}, [10**9] * 3, ["full_attention"] * 10, {"0": "a", "x": "b"},
)  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The content after one to four damages."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(DAMAGES)(content, rng)
    return content


def flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def cut_out(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.choice((1, 4, 100, 5000)) :]


def repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    piece = content[start : start + rng.choice((1, 10, 200))]
    return content[:start] + piece * rng.choice((2, 20, 200)) + content[start:]


def insert(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.choice(HOSTILE) + content[start:]


def enlarge(content: bytes, rng: random.Random) -> bytes:
    """Four or eight bytes become a huge or negative number: lengths and counts of binary formats."""
    size = rng.choice((2, 4, 8))
    start = rng.randrange(len(content) + 1)
    number = rng.choice((0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 1000))
    return content[:start] + number.to_bytes(size, "little") + content[start + size :]


DAMAGES = (flip, cut, cut_out, repeat, insert, enlarge)


def damaged_json(content: bytes, rng: random.Random) -> bytes:
    """The document with odd values, keys that are missing or new; sometimes the bytes themselves are damaged."""
    if rng.random() < 0.2:
        return damaged(content, rng)
    value = json.loads(content)
    for _ in range(rng.randint(1, 4)):
        value = _changed(value, rng)
    return json.dumps(value).encode()


def _changed(value: Any, rng: random.Random) -> Any:
    """Somewhere in it, something else."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    places = list(places)
    if not places or rng.random() < 0.1:
        return rng.choice(ODD)
    key, inner = rng.choice(places)
    fresh = dict(value) if isinstance(value, dict) else list(value)
    choice = rng.random()
    if choice < 0.15:
        del fresh[key]
    elif choice < 0.25 and isinstance(fresh, dict):
        fresh[rng.choice(("", "num_hidden_layers", "depths", "auto_map", "layer_types", "\ud800"))] = rng.choice(ODD)
    elif choice < 0.6 and isinstance(inner, dict | list) and inner:
        fresh[key] = _changed(inner, rng)
    else:
        fresh[key] = rng.choice(ODD)
    return fresh
