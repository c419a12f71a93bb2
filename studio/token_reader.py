"""How a model's tokenizer reads texts: how long they are in tokens, and which letters it does not know.

It is loaded through transformers, which the page and the commands never import, so a process of this module is asked.
What it says is cached in home.cache. Where torch is imported already, in a test, the texts are read in that process.
"""

import hashlib
import json
import sys
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unicodedata import category, name

from studio import __version__
from studio.errors import StudioError
from studio.hardware import GIGABYTE
from studio.language import _
from studio.library_process import NoAnswerError, answer, ask, kept
from studio.model_reader import reads_here
from studio.models.local import TOKENIZER_FILES, ModelInfo
from studio.paths import Home
from studio.tasks.texts import POSITIONS, load_tokenizer

FORMAT = 1  # raise it when the same fields come to mean something else: all texts are then read again
MOST_TEXTS, MOST_LETTERS = 1000, 2_000_000  # of a sample, which a tokenizer reads in a second or two
MOST_OF_ONE = 40_000  # letters of a text that are read; more than any model's positions hold
MOST_SECONDS, MOST_COMPUTING, MOST_MEMORY = 600.0, 120, 4 * GIGABYTE
TOO_SLOW = _("Reading the texts takes more than {minutes} minutes.", minutes=MOST_COMPUTING // 60)
SIGNS = "signs"  # stands for the script of what is no letter, such as emoji
# what every tokenizer of words reads in pieces of several letters, if it does not spell by design
PLAIN = "The weather was very good this morning and the people in the city were walking to their work."
EXAMPLES = 3


@dataclass(frozen=True)
class Script:
    """How the letters of one script are read. unknown: tokens that say no more than "something unknown"."""

    letters: int
    tokens: int
    unknown: int
    examples: tuple[str, ...] = ()  # of what is unknown, the most frequent first


@dataclass(frozen=True)
class TokenCounts:
    """lengths: of each text in tokens, with those that the model adds. of: how many texts the sample is drawn from.

    most: tokens that the model can read; None where nothing says it. scripts: by name, the most frequent first; none
    for a tokenizer that does not tell where its tokens lie. plain: tokens for a letter of plain English.
    """

    lengths: tuple[int, ...]
    of: int
    most: int | None
    scripts: Mapping[str, Script]
    plain: float

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "TokenCounts":
        scripts = {
            script: Script(**{**values, "examples": tuple(values["examples"])})
            for script, values in found["scripts"].items()
        }
        return cls(tuple(found["lengths"]), found["of"], found["most"], scripts, found["plain"])


def read_tokens(
    info: ModelInfo, texts: Sequence[str], home: Home, trust_remote_code: bool = False, here: bool | None = None
) -> TokenCounts:
    """Of a sample of the texts, from memory, or within seconds. Raises StudioError for a tokenizer that cannot be used.

    here: read them in this process; without a word only where torch was imported already.
    """
    request = _request(info, texts, trust_remote_code)
    memory = _memory(home, info, request)
    find = _count if (reads_here() if here is None else here) else _ask
    return kept(memory, home.locks, TokenCounts.from_dict, lambda: find(request), asdict)


def sample(texts: Sequence[str]) -> list[str]:
    """Evenly spread ones; of long texts fewer."""
    some = _spread(texts, MOST_TEXTS)
    letters = sum(min(len(text), MOST_OF_ONE) for text in some)
    fewer = _spread(some, max(1, len(some) * MOST_LETTERS // max(1, letters)))
    return [text[:MOST_OF_ONE] for text in fewer]


def _spread(texts: Sequence[str], most: int) -> list[str]:
    count = min(most, len(texts))
    return [texts[number * len(texts) // count] for number in range(count)]


def _request(info: ModelInfo, texts: Sequence[str], trust_remote_code: bool) -> dict[str, Any]:
    return {
        "folder": str(info.folder),
        "positions": [info.config.get(name) for name in POSITIONS],
        "texts": sample(texts),
        "of": len(texts),
        "trust_remote_code": trust_remote_code,
    }


def _memory(home: Home, info: ModelInfo, request: Mapping[str, Any]) -> Path:
    """The file that holds the answer: its name changes with everything that the answer depends on."""
    found = [info.folder / file for file in TOKENIZER_FILES if file in info.files]
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in found]
    shape = [list(each.__dataclass_fields__) for each in (TokenCounts, Script)]
    asked = {key: value for key, value in request.items() if key != "trust_remote_code"}
    asked |= {"stamps": stamps, "versions": [FORMAT, shape, __version__, version("transformers")]}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return home.cache / "tokens" / f"tokens-{digest[:32]}.json"


# --- with transformers --------------------------------------------------------------------------------


def count_tokens(request: Mapping[str, Any]) -> TokenCounts:
    """Raises StudioError."""
    config = SimpleNamespace()
    tokenizer = load_tokenizer(Path(request["folder"]), config, request["trust_remote_code"])
    texts: list[str] = request["texts"]
    limits = [limit for limit in (tokenizer.model_max_length, *request["positions"]) if limit]
    most = int(min(limits)) if limits and min(limits) < 1e9 else None  # transformers writes 1e30 for none
    tell_places = {"return_offsets_mapping": True} if tokenizer.is_fast else {}
    read = tokenizer(texts, truncation=False, verbose=False, **tell_places)
    lengths = tuple(len(ids) for ids in read["input_ids"])
    scripts = _scripts(texts, read["input_ids"], read["offset_mapping"], tokenizer.unk_token_id) if tell_places else {}
    plain = len(tokenizer(PLAIN, add_special_tokens=False)["input_ids"]) / len(PLAIN.replace(" ", ""))
    return TokenCounts(lengths, request["of"], most, scripts, plain)


def _scripts(
    texts: Sequence[str], ids: Sequence[Sequence[int]], places: Sequence[Sequence[tuple[int, int]]], unknown: int | None
) -> dict[str, Script]:
    """Every token counts for the script of the first letter that it stands for."""
    letters, tokens, missed = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for text, some, where in zip(texts, ids, places, strict=True):
        for sign, count in Counter(text).items():
            letters[script_of(sign)] += 0 if sign.isspace() else count
        for token, (start, end) in zip(some, where, strict=True):
            if start == end:
                continue  # the model's own
            piece = text[start:end].strip()
            script = next((each for each in map(script_of, piece) if each != SIGNS), SIGNS)
            tokens[script] += 1
            if token == unknown:
                missed[script, piece] += 1
    found: dict[str, Script] = {}
    for script, count in letters.most_common():
        pieces = [(piece, times) for (of, piece), times in missed.most_common() if of == script]
        examples = tuple(piece for piece, _unused in pieces[:EXAMPLES])
        found[script] = Script(count, tokens[script], sum(times for _unused_2, times in pieces), examples)
    return found


@cache
def script_of(sign: str) -> str:
    """The first word of a letter's Unicode name, such as THAI; `SIGNS` for what is no letter of one script."""
    if category(sign)[0] not in "LM":
        return SIGNS
    first = name(sign, SIGNS).split()[0]
    return SIGNS if first in ("COMBINING", "MODIFIER", "VARIATION") else first


# --- the process --------------------------------------------------------------------------------------


def _ask(request: Mapping[str, Any]) -> TokenCounts:
    try:
        return TokenCounts.from_dict(ask("studio.token_reader", request, MOST_SECONDS, TOO_SLOW))
    except NoAnswerError as error:
        raise _unreadable(str(error)) from error


def _count(request: Mapping[str, Any]) -> TokenCounts:
    """Raises StudioError whatever a stranger's tokenizer raises."""
    try:
        return count_tokens(request)
    except StudioError:
        raise
    except Exception as error:
        traceback.print_exc()  # for the log
        raise _unreadable(f"{type(error).__name__}: {error}"[:300]) from error


def _unreadable(why: str) -> StudioError:
    return StudioError(
        _("How this model reads the texts could not be found out."), why, _("Training does not need it.")
    )


def main() -> int:
    return answer(lambda request: asdict(_count(request)), MOST_MEMORY, MOST_COMPUTING)


if __name__ == "__main__":
    sys.exit(main())
