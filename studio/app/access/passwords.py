"""Passwords as they are kept: hashed by scrypt (RFC 7914), each with a salt of its own."""

import base64
import binascii
import hashlib
import secrets

COST, BLOCK, PARALLEL = 2**14, 8, 1  # 16 MB and about 50 ms for each try (OWASP, password storage)
MOST_MEMORY = 64 * 1024 * 1024
LONGEST = 1024  # characters; a longer password only costs the server time
METHOD = "scrypt"


def hash_password(password: str) -> str:
    """`scrypt$COST$BLOCK$PARALLEL$SALT$HASH`, salt and hash in base64."""
    salt = secrets.token_bytes(16)
    parts = (METHOD, COST, BLOCK, PARALLEL, _text(salt), _text(_scrypt(password, salt, COST, BLOCK, PARALLEL)))
    return "$".join(map(str, parts))


def is_hash(text: str) -> bool:
    """Whether `matches` can compare a password with it."""
    try:
        return len(_parts(text)[1]) == 32
    except (ValueError, binascii.Error):
        return False


def matches(password: str, hashed: str) -> bool:
    (cost, block, parallel, salt), expected = _parts(hashed)
    return secrets.compare_digest(_scrypt(password[:LONGEST], salt, cost, block, parallel), expected)


def _parts(hashed: str) -> tuple[tuple[int, int, int, bytes], bytes]:
    method, cost, block, parallel, salt, expected = hashed.split("$")
    if method != METHOD:
        raise ValueError(method)
    return (int(cost), int(block), int(parallel), base64.b64decode(salt, validate=True)), base64.b64decode(expected)


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=MOST_MEMORY, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
