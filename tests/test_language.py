"""Sentences: English as ever, and said in other languages; the catalogs, and what the code asks of them."""

import copy
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from components import words
from components.scripts import words_of_scripts
from studio import language
from studio.errors import Explanation, StudioError
from studio.language import (
    LONGEST_NAME,
    NAMES,
    Catalog,
    Said,
    Text,
    _,
    all_said,
    catalog_of,
    day,
    in_percent,
    is_harmless,
    language_of,
    languages,
    listing,
    number,
    numeral,
    packed,
    plural,
    said,
    sentences,
    unpacked,
)

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "languages"
WRITTEN = sorted(path.stem for path in FOLDER.glob("*.po"))
COMPLETE = ("de", "fr", "es", "pt", "zh", "ja")  # every sentence in the code has a translation
PLACE = re.compile(r"\{[^}]*\}")
KEYWORDS = parse_keywords(["_", "plural:1,2", "say"])
GERMAN = {
    "Hello {name}.": ("Hallo {name}.",),
    "Nothing more.": ("Nichts mehr.",),
    "{n:,} row is left out.": ("{n:,} Zeile entfällt.", "{n:,} Zeilen entfallen."),
    "{share:.1%} of {n}, at a loss of {loss:.3f}.": ("{share:.1%} von {n}, Verlust {loss:.3f}.",),
    "a picture": ("ein Bild",),
    "Take {things}.": ("Nimm {things}.",),
}


def keeping(translations: dict[str, tuple[str, ...]]) -> Any:
    """Every language but English knows these sentences, and no other."""
    german, english = Catalog(translations.get, lambda n: int(n != 1)), Catalog(lambda one: None, lambda n: 0, False)
    return lambda code: english if code == "en" else german


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "catalog_of", keeping(GERMAN))
    yield


# --- sentences ----------------------------------------------------------------------------------------


def test_a_text_is_the_english_sentence() -> None:
    text = _("Hello {name}.", name="Ann")
    assert text == "Hello Ann." and hash(text) == hash("Hello Ann.") and f"{text}" == "Hello Ann."
    assert json.dumps([text]) == '["Hello Ann."]' and type(f"<p>{text}</p>") is str
    assert str(text) is text and str(Exception(text)) is text
    assert (
        isinstance(unpacked(packed(_('Write {"a": 1}.'))), Text)
        and said(_('Write {"a": 1}.'), "de") == 'Write {"a": 1}.'
    )
    assert str(_("{as it is}")) == "{as it is}" and _("One.") is _("One.")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_copies_can_be_said_too(german: None, copied: Any) -> None:
    assert said(copied(_("Hello {name}.", name="Ann")), "de") == "Hallo Ann."


def test_what_has_a_translation_is_said_in_it(german: None) -> None:
    assert said(_("Hello {name}.", name="Ann"), "de") == "Hallo Ann."
    assert said(_("Hello {name}.", name="Ann"), "en") == "Hello Ann."
    assert said(_("Take {things}.", things=_("a picture")), "de") == "Nimm ein Bild."
    assert said(sentences(_("Nothing more."), "", _("Hello {name}.", name="{B}")), "de") == "Nichts mehr. Hallo {B}."


def test_what_has_none_is_english_as_a_whole(german: None) -> None:
    assert said(_("Take {n:,} of {things}!", n=1234, things=_("a picture")), "de") == "Take 1,234 of a picture!"
    assert said("Nothing more.", "de") == "Nothing more."  # nobody said that it is a sentence
    assert said(_("Hello {name}.", name="x"), "eo") == "Hallo x."
    assert said(_("Cancel"), "xx") == "Cancel"


@pytest.mark.parametrize(
    ("n", "english", "in_german"),
    [
        (0, "0 rows are left out.", "0 Zeilen entfallen."),
        (1, "1 row is left out.", "1 Zeile entfällt."),
        (1234, "1,234 rows are left out.", "1.234 Zeilen entfallen."),
    ],
)
def test_plural_forms(german: None, n: int, english: str, in_german: str) -> None:
    text = plural("{n:,} row is left out.", "{n:,} rows are left out.", n)
    assert (text, said(text, "de")) == (english, in_german)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", "12.5% of 1234567, at a loss of 0.250."),
        ("de", "12,5\xa0% von 1234567, Verlust 0,250."),
        ("fr", "12,5\u202f% von 1234567, Verlust 0,250."),
        ("ja", "12.5% von 1234567, Verlust 0.250."),
    ],
)
def test_numbers_have_the_signs_of_the_language(german: None, code: str, words: str) -> None:
    text = _("{share:.1%} of {n}, at a loss of {loss:.3f}.", share=0.125, n=1234567, loss=0.25)
    assert said(text, code).replace("\u202f", "\xa0") == words.replace("\u202f", "\xa0")


@pytest.mark.parametrize(
    ("code", "both", "either", "plain"),
    [
        ("en", "a, b and c", "a, b or c", "a, b, c"),
        ("de", "a, b und c", "a, b oder c", "a, b, c"),
        ("es", "a, b y c", "a, b o c", "a, b, c"),
        ("zh", "a、b和c", "a、b或c", "a、b、c"),
    ],
)
def test_lists(german: None, code: str, both: str, either: str, plain: str) -> None:
    names = ["a", "b", "c"]
    assert [said(listing(names, style), code) for style in ("and", "or", ",")] == [both, either, plain]
    assert listing([], "and") == "" and listing(["a"], "or") == "a" and listing(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("share", "whole", "with_a_digit"),
    [
        (0.0, "0%", "0.0%"),
        (0.0004, "0.1%", "0.04%"),
        (0.004, "0.4%", "0.4%"),
        (0.984, "98%", "98.4%"),
        (0.995, "99.5%", "99.5%"),
        (0.99999, "99.9%", "99.99%"),
        (1.0, "100%", "100.0%"),
    ],
)
def test_a_percent_is_never_nothing_or_all_of_what_only_comes_near_it(
    share: float, whole: str, with_a_digit: str
) -> None:
    for write in (in_percent, words.in_percent):
        assert write(share) == whole and write(share, digits=1) == with_a_digit
    assert said(in_percent(0.984, digits=1), "de") == "98,4\xa0%" and said(in_percent(0.984), "zh") == "98%"


def test_sentences_need_no_space_behind_a_full_width_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "catalog_of", keeping({"One.": ("一。",), "Two.": ("二。",)}))
    assert said(sentences(_("One."), _("Two.")), "zh") == "一。二。"


def test_a_name_that_runs_the_other_way_is_isolated(german: None) -> None:
    assert said(_("Hello {name}.", name="\u05d0\u05d1"), "de") == "Hallo \u2068\u05d0\u05d1\u2069."
    assert _("Hello {name}.", name="\u05d0\u05d1") == "Hello \u05d0\u05d1."
    assert said(_("Hello {name}.", name="Zoë"), "de") == "Hallo Zoë."


def test_errors_keep_their_sentences(german: None) -> None:
    error = StudioError(_("Hello {name}.", name="x"), "", _("Nothing more."))
    assert str(error) == "Hello x. Nothing more." and said(str(error), "de") == "Hallo x. Nichts mehr."
    assert str(Explanation("a", "b\nc")) == "a b c"


def test_everything_in_a_structure_is_said_but_its_keys(german: None) -> None:
    text = _("Nothing more.")
    structure = {text: [text, ("Nothing more.", {"deep": text})], "number": 1, "none": None}
    assert all_said(structure, "de") == {
        "Nothing more.": ["Nichts mehr.", ("Nothing more.", {"deep": "Nichts mehr."})],
        "number": 1,
        "none": None,
    }


# --- on disk ------------------------------------------------------------------------------------------

PLAIN = st.text(max_size=8)
TEXTS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda name: _("Hello {name}.", name=name), st.one_of(inner, st.integers(), st.booleans())),
        st.builds(lambda n: plural("{n:,} row is left out.", "{n:,} rows are left out.", n), st.integers(0, 9999)),
        st.builds(lambda parts: sentences(*parts), st.lists(inner, max_size=3)),
        st.builds(listing, st.lists(inner, max_size=3), st.sampled_from(["and", "or", ","])),
    ),
    max_leaves=6,
)


@given(TEXTS)
def test_what_is_packed_comes_back(text: str) -> None:
    again = unpacked(json.loads(json.dumps(packed(text))))
    assert again == text and type(again) is type(text) and said(again, "de") == said(text, "de")


class Kept(BaseModel):
    sentence: Said = ""


def test_a_field_keeps_a_sentence_and_reads_what_was_written_before(german: None) -> None:
    kept = Kept(sentence=_("Hello {name}.", name="x"))
    line = kept.model_dump_json()
    assert json.loads(line)["sentence"]["en"] == "Hello x."
    assert said(Kept.model_validate_json(line).sentence, "de") == "Hallo x."
    assert Kept.model_validate_json('{"sentence": "Hello x."}') == kept
    assert Kept(sentence="x").model_dump_json() == '{"sentence":"x"}'
    for broken in ('{"sentence": 3}', '{"sentence": {}}', '{"sentence": {"en": 3}}', '{"sentence": null}'):
        with pytest.raises(ValueError, match="This is no text"):
            Kept.model_validate_json(broken)


@pytest.mark.parametrize(
    "value",
    [
        {"message": "Hello {name.__class__}.", "with": {"name": "x"}},
        {"message": "{name!r}", "with": {"name": "x"}},
        {"message": "{n:>999999999}", "with": {"n": 1}},
        {"message": "{missing}", "with": {"n": 1}},
        {"message": "Something else.", "with": {}},
        {"message": 3},
        {"message": "{n} row", "many": "{n} rows"},
        {"sentences": 3},
        {"items": ["a"], "style": ["and"]},
        {"another": "form"},
    ],
)
def test_what_cannot_be_understood_is_its_english_words(value: dict[str, Any]) -> None:
    assert type(unpacked({"en": "Hello x.", **value})) is str and unpacked({"en": "Hello x.", **value}) == "Hello x."


# --- which language -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("eo, de;q=0.5, en;q=0.7", "en"),
        ("en;q=0.5, DE-de", "de"),
        ("de;q=0, eo", "en"),
        ("de;q=x, *", "en"),
        (",;,;q=1", "en"),
    ],
)
def test_the_language_that_a_browser_prefers(accepted: str, code: str) -> None:
    assert language_of(accepted) == code


def test_only_languages_with_a_catalog_are_there() -> None:
    assert set(languages()) == {"en", *WRITTEN} and set(WRITTEN) <= set(NAMES) - {"en"}
    assert languages()["de"] == "Deutsch"


def test_babel_is_imported_when_another_language_is_said() -> None:
    code = (
        "import sys; from studio import cli; from studio.language import _, listing, said; "
        "said(listing([_('a'), 'b'], 'and'), 'en'); print('babel' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.strip() == "False"


def test_a_day_is_said_and_kept() -> None:
    kept = unpacked(json.loads(json.dumps(packed(day("2026-11-27")))))
    assert kept == "2026-11-27" and said(kept, "de") == "27.11.2026" and "2026" in said(kept, "fr")
    with pytest.raises(ValueError, match="isoformat"):
        day("soon")


def test_a_number_alone_is_said_and_kept() -> None:
    alone = number(1234.5, ",.2f")
    assert alone == "1,234.50" and said(alone, "de") == "1.234,50" and said(alone, "xx") == "1,234.50"
    again = unpacked(json.loads(json.dumps(packed(_("Take {things}.", things=alone)))))
    assert isinstance(again, Text) and again == "Take 1,234.50."
    assert isinstance(unpacked(packed(alone)), Text) and said(unpacked(packed(alone)), "de") == "1.234,50"
    for form in (".999999999f", "{0.__class__}", 5):
        assert not isinstance(unpacked({"en": "1", "number": 1, "form": form}), Text)
    assert [said(numeral(text), "de") for text in ("1,234.5", "-3.10", "7", "1.2.3", "a 1.5")] == [
        *("1.234,5", "-3,10", "7", "1.2.3", "a 1.5")
    ]


# --- the catalogs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written() -> set[Any]:
    """Every sentence in the code, as `pybabel extract` finds it; one with a plural is a pair."""
    methods = [("**.py", "python"), ("**.js", "javascript")]
    found: set[Any] = set()
    for package in ("studio", "components"):
        found |= {each[2] for each in extract_from_dir(ROOT / package, methods, keywords=KEYWORDS)}
    return found


def test_sentences_of_the_code_can_be_filled_in(written: set[Any]) -> None:
    for message in written:
        for pattern in message if isinstance(message, tuple) else (message,):
            assert not places(pattern) or is_harmless(pattern), pattern


def test_what_scripts_say_is_found_by_both(written: set[Any]) -> None:
    singular = {message[0] if isinstance(message, tuple) else message for message in written}
    assert set(words_of_scripts()) <= singular


@pytest.mark.parametrize("code", WRITTEN)
def test_a_catalog_has_what_the_code_says_and_no_more(code: str, written: set[Any]) -> None:
    with (FOLDER / f"{code}.po").open("rb") as file:
        catalog = read_po(file, locale=code)
    entries = {message.id if isinstance(message.id, str) else tuple(message.id): message for message in catalog}
    entries.pop("", None)
    how = f"'Words on the screen' in CONTRIBUTING.md has the commands that bring assets/languages/{code}.po up to date"
    gone, missing = sorted(map(str, set(entries) - written)), sorted(map(str, written - set(entries)))
    assert not gone and catalog.obsolete == {}, f"{how}; nothing says any more: {gone}"
    if code in COMPLETE:
        assert not missing, f"{how}; not in it: {missing}"
        empty = [id for id in entries if catalog_of(code).find(id if isinstance(id, str) else id[0]) is None]
        assert empty == [], f"assets/languages/{code}.po has no translation of these: {empty}"


@pytest.mark.parametrize("code", WRITTEN)
def test_a_translation_has_the_places_of_its_sentence(code: str, written: set[Any]) -> None:
    for message in written:
        one, many = message if isinstance(message, tuple) else (message, message)
        for form in catalog_of(code).find(one) or ():
            assert places(form) in (places(one), places(many)), form


@pytest.mark.parametrize("code", WRITTEN)
def test_numbers_in_a_translation_are_written_as_its_language_does(code: str) -> None:
    """0,5 where the decimal sign is a comma; 1.000 and 127.0.0.1 are none of these."""
    if said(number(0.5, ".1f"), code) == "0.5":
        return
    decimal = re.compile(r"(?<![\d.])(0\.\d+|\d+\.(?!\d{3}(?!\d))\d+)(?!\.?\d)")
    catalog = read_po((FOLDER / f"{code}.po").open("rb"), locale=code)
    forms = [
        form for each in catalog if each.id for form in ([each.string] if isinstance(each.string, str) else each.string)
    ]
    assert [form for form in forms if decimal.search(PLACE.sub("", form))] == []


def places(pattern: str) -> list[tuple[str, str]]:
    """None where braces stand for themselves, as in a sentence about JSON."""
    try:
        found = [(name, form or "") for _text, name, form, _conversion in Formatter().parse(pattern) if name]
    except ValueError:
        return []
    return sorted(found) if any(name.isidentifier() for name, _form in found) else []


def test_a_catalog_leaves_out_what_is_doubtful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages" / "fr.po").write_text(
        'msgid "Yes"\nmsgstr "Oui"\n\n#, fuzzy\nmsgid "No"\nmsgstr "Peut-être"\n\nmsgid "Never"\nmsgstr ""\n\n'
        'msgid "{n} row"\nmsgid_plural "{n} rows"\nmsgstr[0] "{n} ligne"\nmsgstr[1] "{n} lignes"\n\n'
        'msgid "{n} file"\nmsgid_plural "{n} files"\nmsgstr[0] "{n} fichier"\nmsgstr[1] ""\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(language, "assets", lambda: tmp_path)
    catalog_of.cache_clear()
    try:
        assert [said(_(word), "fr") for word in ("Yes", "No", "Never")] == ["Oui", "No", "Never"]
        rows = [said(plural("{n} row", "{n} rows", n), "fr") for n in (0, 1, 2)]
        assert rows == ["0 ligne", "1 ligne", "2 lignes"]
        assert said(plural("{n} file", "{n} files", 2), "fr") == "2 files"
    finally:
        catalog_of.cache_clear()


def test_texts_have_no_room_for_anything_else() -> None:
    with pytest.raises(AttributeError):
        _("x").other = 1  # type: ignore[attr-defined]
    assert isinstance(_("x"), Text)


def test_a_very_long_name_is_shortened_on_the_page_alone() -> None:
    name = "x" * 10_000
    for sentence in (_("Hello {name}.", name=name), _("Hello {name}.", name=listing([name, "y"], "and"))):
        assert name in sentence, "logs and the command line have it whole"
        assert len(said(sentence, "en")) < LONGEST_NAME + 50 and "\u2026" in said(sentence, "en")
    assert said(_("Hello {name}.", name="x" * LONGEST_NAME), "en") == f"Hello {'x' * LONGEST_NAME}."
