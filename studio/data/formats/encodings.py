"""Detecting and decoding text encodings."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.data.formats.base import Reading
from studio.data.guesses import Guess, Topic, confidence, guess
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _, listing, plural

# name in a run file -> title on the screen
ENCODINGS: Mapping[str, str] = {
    "utf-8": "UTF-8", "utf-8-sig": _("UTF-8 with mark"), "utf-16": "UTF-16", "utf-16-le": _("UTF-16 (little endian)"),
    "utf-16-be": _("UTF-16 (big endian)"), "latin-1": _("Western (Latin-1)"), "cp1252": _("Western (Windows-1252)"),
    "iso8859-15": _("Western (Latin-9)"), "mac-roman": _("Western (Mac)"), "cp850": _("Western (DOS-850)"),
    "cp437": _("Western (DOS-437)"), "cp1250": _("Central European (Windows-1250)"),
    "iso8859-2": _("Central European (Latin-2)"), "cp1257": _("Baltic (Windows-1257)"),
    "cp1251": _("Cyrillic (Windows-1251)"), "koi8-r": _("Cyrillic (KOI8-R)"), "cp1253": _("Greek (Windows-1253)"),
    "cp1254": _("Turkish (Windows-1254)"), "cp1255": _("Hebrew (Windows-1255)"), "cp1256": _("Arabic (Windows-1256)"),
    "cp1258": _("Vietnamese (Windows-1258)"), "cp874": _("Thai (Windows-874)"), "shift_jis": _("Japanese (Shift-JIS)"),
    "cp932": _("Japanese (Windows-932)"), "euc_jp": _("Japanese (EUC-JP)"),
    "gb18030": _("Chinese, simplified (GB18030)"), "big5": _("Chinese, traditional (Big5)"),
    "euc_kr": _("Korean (EUC-KR)"), "cp949": _("Korean (Windows-949)"), "ascii": "ASCII",
}  # fmt: skip
UNREADABLE = "\ufffd"
AND = "+"  # `utf-8+cp1252`: UTF-8, and lines that are none are Windows-1252
MIXABLE = ("utf-8", "utf-8-sig")
FEWEST_LINES, FEWEST_SHARE = 3, 0.2  # of those outside ASCII are UTF-8 where others are in another encoding
SAMPLE_BYTES = 60_000
BLOCK_BYTES = 1_000_000  # of whole lines: what is read at once where lines may differ
WORD = re.compile(r"[^\W\d_]+")  # of letters alone: cells of a table stand side by side without a space
OUTSIDE = re.compile(rb"[\x80-\xff]")  # ASCII
WESTERN = ("cp1252", "latin-1")
COMMON = 1.2  # how much likelier Western ones are before anything is known
FEW_LETTERS = 12  # outside ASCII; from fewer, nothing can be told for sure
# Letters outside ASCII of languages in Latin script: a wrong encoding mixes those of several.
ALPHABETS = (
    "äöüßé", "àâæçéèêëîïôœùûüÿ«»’", "áéíóúüñ¿¡ºª", "àáâãçéêíóôõúü", "àèéìíîòóùú", "åäöéæøü", "åæøéèòóâôü",
    "áðéíóúýþæö", "ąćęłńóśźż", "áčďéěíňóřšťúůýžäĺľŕô", "áéíóöőúüű", "çğıiöşüâîû", "ăâîșțşţ", "āčēģīķļņšūž",
    "ąčęėįšųūž", "õäöüšž", "čćđšž", "ëéèïüöóáí", "çëéè",
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứự",
)  # fmt: skip
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_KNOWN = {codecs.lookup(name).name: name for name in ENCODINGS}
# asked for only where no other can be meant: DOS and Mac files are rare, and as code pages they fit almost anything
_RARE = {"mac-roman", "cp850", "cp437", "cp1258", "iso8859-2", "cp1257"}


def title_of(encoding: str) -> str:
    """Its name on the screen."""
    main, _and, other = encoding.partition(AND)
    title = ENCODINGS.get(main, main)
    return _("{encoding}, some lines {other}", encoding=title, other=ENCODINGS.get(other, other)) if other else title


TOPIC = Topic("encoding", _("Encoding"), "data.reading.encoding", title_of)


@dataclass(frozen=True)
class Candidate:
    """An encoding that can read the bytes; how likely it is."""

    name: str
    evidence: float
    text: str


def guess_encoding(data: bytes) -> str:
    """The likeliest encoding."""
    return str(detect(data).value)


def detect(data: bytes) -> Guess:
    """By the byte order mark, else UTF-8 if the bytes are (almost) that, else UTF-16, else by the letters that come.

    "Almost": a UTF-8 file with a few broken letters stays UTF-8, so that the others keep their meaning; lines that make
    sense in another encoding are read in that one.
    """
    certain = _by_marks(data) or _unicode(data)
    if mixed := _mixed(data, certain):
        return mixed
    if certain:
        return guess(TOPIC, [certain], 1.0, _("The file is read as {encoding}.", encoding=title_of(certain)))
    found = candidates(data)
    if not found:
        name = _western(data)
        others = [other for other in ("cp1250", "cp1251", "gb18030", "cp932", "euc_kr") if other != name]
        told = _("The file may be stored as {encoding}: check its letters.", encoding=ENCODINGS[name])
        return guess(TOPIC, [name, *others], 0.5, told)
    best, rest = found[0], found[1:]
    sure = confidence(best.evidence, rest[0].evidence if rest else 0.0)
    letters = sum(not letter.isascii() for letter in best.text)
    if rest and letters < FEW_LETTERS:
        sure = min(sure, 0.7)
    read = {"encoding": ENCODINGS[best.name], "excerpt": excerpt(best.text)}
    if rest:
        read |= {"other": ENCODINGS[rest[0].name], "other_excerpt": excerpt(rest[0].text)}
        told = _(
            "The file seems to be stored as {encoding}: it then reads '{excerpt}', and as {other} '{other_excerpt}'.",
            **read,
        )
    else:
        told = _("The file seems to be stored as {encoding}: it then reads '{excerpt}'.", **read)
    return guess(TOPIC, [each.name for each in found], sure, told)


def _mixed(data: bytes, certain: str) -> Guess | None:
    """UTF-8 with some lines in another encoding, as files have them that were put together from several. certain: what
    the whole file is without any doubt, or ""."""
    if certain not in ("", *MIXABLE) or all(map(_is_utf8, _blocks(data))):
        return None
    *lines, _cut = data.split(b"\n")
    outside = [line for line in lines if not line.isascii()]
    others = [line for line in outside if _is_foreign(line)]
    if not others:
        return None
    differing = set(outside)  # lines that come again and again prove no more than one
    if not certain and len(differing - set(others)) < max(FEWEST_LINES, FEWEST_SHARE * len(differing)):
        return None
    found = [each for each in candidates(b"\n".join(others)) if _has_words(each.text)]
    if not found:
        return None
    main, best = certain or MIXABLE[0], found[0]
    told = plural(
        "{n:,} line is stored in another encoding than the rest. As {encoding} it reads '{excerpt}'.",
        "{n:,} lines are stored in another encoding than the rest. As {encoding} they read '{excerpt}'.",
        len(others),
        encoding=ENCODINGS[best.name],
        excerpt=excerpt(best.text),
    )
    return guess(TOPIC, [*(f"{main}{AND}{each.name}" for each in found[:2]), main], 0.7, told)


def _is_foreign(line: bytes) -> bool:
    """Whether it is no UTF-8, and no letter in it outside ASCII is, either: else some letters of it are broken."""
    return not _is_utf8(line) and line.decode("utf-8", errors="replace").replace(UNREADABLE, "").isascii()


def _has_words(text: str) -> bool:
    """Whether letters outside ASCII stand in words: one alone is a broken letter, in whatever encoding."""
    return any(len(word) > 2 and not word.isascii() for word in text.split())


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _blocks(data: bytes) -> Iterator[bytes]:
    """The data in pieces of whole lines: millions of short ones are not taken apart where all is as it should be."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + BLOCK_BYTES) + 1 or len(data)
        yield data[start:end]
        start = end


def candidates(data: bytes) -> list[Candidate]:
    """The encodings that make letters of a language of the bytes, likeliest first; one for each text."""
    from charset_normalizer import from_bytes

    sample = _lines_that_differ(data)
    asked = [codecs.lookup(name).name.replace("-", "_") for name in ENCODINGS if not name.startswith(("utf", "ascii"))]
    asked = ["latin_1" if name == "iso8859_1" else name for name in asked]
    found: dict[str, Candidate] = {}
    for match in from_bytes(sample, cp_isolation=asked, threshold=0.4, enable_fallback=False):
        same = {_KNOWN.get(codecs.lookup(name).name, "") for name in (match.encoding, *match.could_be_from_charset)}
        name = next((each for each in ENCODINGS if each in same), "")
        if not name:
            continue
        name = _western(data) if name in WESTERN else name
        text = sample.decode(name, "replace")  # not the match's own: Latin-1 reads the dashes of Windows as nothing
        evidence = (1 - match.chaos) ** 4 * (0.2 + match.coherence) ** 2 * fit_of_letters(text)
        evidence *= COMMON if name in WESTERN else 0.5 if name in _RARE else 1.0
        found[name] = Candidate(name, evidence, text)
    ranked = sorted(found.values(), key=lambda each: -each.evidence)
    return [each for each in ranked if each.evidence > 0.1 * ranked[0].evidence]


def fit_of_letters(text: str) -> float:
    """How well the letters outside ASCII go together, about 1; Japanese kana, which no other language has, count more.

    Latin letters should be those of one language, and few in a word; capitals inside words are rare.
    """
    words = [word for word in text.lower().split() if not word.isascii()]
    letters = [letter for word in words for letter in word if not letter.isascii() and letter.isalpha()]
    if not letters:
        return 1.0
    kana = sum("\u3041" <= letter <= "\u30ff" for letter in letters)
    if kana:
        return 1.0 + 4.0 * kana / len(letters)
    cased = [word for word in WORD.findall(text) if not word.isascii()]
    shouted = sum(any(letter.isupper() for letter in word[1:]) for word in cased) / len(cased)
    latin = [letter for letter in letters if letter < "\u0250" or "\u1e00" <= letter <= "\u1eff"]
    if len(latin) * 2 < len(letters):
        return 1.0 - 0.6 * shouted
    crowded = sum(sum(not letter.isascii() for letter in word) * 2 > len(word) for word in words) / len(words)
    of_one = max(sum(letter in alphabet for letter in latin) for alphabet in ALPHABETS) / len(letters)
    return float(of_one**2 * (1 - crowded) * (1 - 0.6 * shouted))


def garbled(text: str) -> bool:
    """Whether the text was once read in a wrong encoding and saved so, such as `fÃ¼r` for `für`."""
    from ftfy.badness import is_bad

    return not text.isascii() and is_bad(text)


def decode(data: bytes, encoding: str) -> str:
    """Text with line ends as \\n. What the encoding cannot read becomes U+FFFD, which the reader reports by row."""
    main, plus, other = encoding.partition(AND)
    name = _known(main)
    if plus and name not in MIXABLE:
        raise unknown(encoding)
    if plus:
        rest = _known(other)
        text = "".join(_decoded(block, name, rest) for block in _blocks(data))
    else:
        text = data.decode(name, errors="replace")
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decoded(block: bytes, name: str, rest: str) -> str:
    """A block of which lines that are no UTF-8 are in the encoding `rest`."""
    if _is_utf8(block):
        return block.decode(name)
    lines = (line.decode(rest if _is_foreign(line) else name, errors="replace") for line in block.split(b"\n"))
    return "\n".join(lines)


def _known(encoding: str) -> str:
    """Its name in `ENCODINGS`."""
    try:
        return _KNOWN[codecs.lookup(encoding).name]
    except (LookupError, ValueError) as error:  # a NUL in it, say
        raise unknown(encoding) from error


def unknown(encoding: str) -> StudioError:
    return StudioError(
        _("'{encoding}' is not a known encoding.", encoding=encoding),
        _("Known ones: {encodings}.", encodings=listing(ENCODINGS)),
        _("Choose one of those."),
    )


def looks_binary(data: bytes) -> bool:
    """True for bytes that are no text in any encoding: images, documents, programs."""
    head = data[:4000]
    return b"\x00" in head and not (_by_marks(head) or _unicode(head)).startswith("utf-16")


def _by_marks(data: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")


def _unicode(data: bytes) -> str:
    """UTF-16 or UTF-8 without a mark, or ""."""
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
    return "utf-8" if not broken or sound > 4 * broken else ""


def _western(data: bytes) -> str:
    """Bytes 0x80 to 0x9f are control codes in Latin-1 that no text holds, and curly quotes, dashes and the euro sign in
    its Windows form."""
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in set(data)) else "latin-1"


def _lines_that_differ(data: bytes) -> bytes:
    """Lines with bytes outside ASCII, as many as are looked at: the others read alike in every encoding."""
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    size, some = 0, list[bytes]()
    for line in lines[:: max(1, len(lines) // 2000)]:
        size += len(line)
        if some and size > SAMPLE_BYTES:
            break
        some.append(line if len(line) <= SAMPLE_BYTES else _round_its_first_letter(line))
    return b"\n".join(some)


def _round_its_first_letter(line: bytes) -> bytes:
    """Of a line that is too long, what is round its first byte outside ASCII."""
    found = OUTSIDE.search(line)
    start = max(0, found.start() - 100) if found else 0
    return line[start : start + SAMPLE_BYTES]


def excerpt(text: str) -> str:
    """The words round the first letter outside ASCII."""
    words = text.split()
    place = next((place for place, word in enumerate(words) if not word.isascii()), 0)
    return " ".join(word[:30] for word in words[max(0, place - 1) : place + 4])[:60]


def guess_encoding_alone(path: Path, given: ReadingOptions, limits: Limits) -> Reading:
    """How to read a text file of which nothing else is in doubt."""
    if given.encoding:
        return Reading(ReadingOptions(encoding=given.encoding))
    found = detect(path.read_bytes())
    return Reading(ReadingOptions(encoding=found.value), (found,))
