"""Detecting and decoding text encodings."""

import codecs

from studio.errors import StudioError

ENCODINGS: tuple[str, ...] = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "cp1250", "cp1251", "cp1253",
    "cp1254", "cp1256", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "koi8-r", "iso8859-15", "ascii",
)  # fmt: skip
UNREADABLE = "\ufffd"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_KNOWN = {codecs.lookup(name).name: name for name in ENCODINGS}


def guess_encoding(data: bytes) -> str:
    """By the byte order mark, else UTF-8 if the bytes are (almost) that, else UTF-16 or Latin-1.

    "Almost": a UTF-8 file with a few broken letters stays UTF-8, so that the others keep their meaning.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    zeros_first, zeros_second = data[:4000:2].count(0), data[1:4000:2].count(0)
    if max(zeros_first, zeros_second) * 8 > len(data[:4000]) and min(zeros_first, zeros_second) * 8 < max(
        zeros_first, zeros_second
    ):
        return "utf-16-be" if zeros_first > zeros_second else "utf-16-le"
    text = data.decode("utf-8", errors="replace")
    if text.isascii():
        return "utf-8"
    broken = text.count(UNREADABLE)
    sound = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    if not broken or sound > 4 * broken:
        return "utf-8"
    # Bytes 0x80 to 0x9f are control codes in Latin-1 that no text holds, and curly quotes, dashes and the
    # euro sign in its Windows form.
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in set(data)) else "latin-1"


def decode(data: bytes, encoding: str) -> str:
    """Text with line ends as \\n. What the encoding cannot read becomes U+FFFD, which the reader reports by row."""
    try:
        name = _KNOWN[codecs.lookup(encoding).name]
    except (LookupError, KeyError) as error:
        raise StudioError(
            f"'{encoding}' is not a known encoding.", f"Known ones: {', '.join(ENCODINGS)}.", "Choose one of those."
        ) from error
    text = data.decode(name, errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def looks_binary(data: bytes) -> bool:
    """True for bytes that are no text in any encoding: images, documents, programs."""
    head = data[:4000]
    return b"\x00" in head and not guess_encoding(head).startswith("utf-16")
