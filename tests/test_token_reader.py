"""Real tokenizers read texts of several scripts: what is counted of them, and what is said about it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas
import pytest

from studio import library_process, token_reader
from studio.errors import StudioError
from studio.models.local import describe, describe_folder
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.texts import LengthOptions
from studio.token_findings import Finding, find_unseen, findings, texts_of
from studio.token_reader import MOST_LETTERS, MOST_TEXTS, Script, TokenCounts, read_tokens, sample

SORTING = "text-classification"
ROOT = Path(__file__).resolve().parent.parent
TEXTS = {
    "english": "Just so you know, the parcel is three days late and nobody answers my calls.",
    "swedish": "Det här är en mycket bra film och vi såg den i går kväll med några vänner.",
    "finnish": "Tämä on erittäin hyvä elokuva, ja katsoimme sen eilen illalla ystävien kanssa.",
    "arabic": "تأخر الطرد ثلاثة أيام ولم يتصل بي أحد حتى الآن",
    "russian": "Это очень хороший фильм, мы смотрели его вчера вечером вместе с друзьями.",  # noqa: RUF001
    "greek": "Αυτή είναι μια πολύ καλή ταινία και την είδαμε χθες το βράδυ με φίλους.",
    "thai": "พัสดุมาช้ามากและไม่มีใครแจ้งให้ทราบเลย",
    "chinese": "包裹晚到了三天没有人通知我客服也不接电话",
    "korean": "이것은 정말 좋은 영화이고 어제 저녁에 친구들과 함께 보았습니다.",
}
KNOWN = ("english", "swedish", "finnish")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One for all, so that the included models are described once."""
    return Home(tmp_path_factory.mktemp("home"))


def whats(model: str, text: str, home: Home) -> list[str]:
    counts = read_tokens(describe(model, home=home), [text] * 20, home, here=True)
    return [found.what for found in findings(counts, LengthOptions(max_length=512), SORTING)]


@pytest.mark.parametrize("language", TEXTS)
def test_a_model_of_word_pieces_knows_its_own_letters_alone(language: str, home: Home) -> None:
    said = whats("starter/text", TEXTS[language], home)
    unknown = {"thai": "Thai", "chinese": "Chinese characters", "korean": "Korean"}
    spelt = {"arabic": "Arabic", "russian": "Cyrillic", "greek": "Greek"}
    expected = [f"This model does not know {title}." for name, title in unknown.items() if name == language]
    expected += [f"This model hardly knows {title}." for name, title in spelt.items() if name == language]
    assert said == expected and bool(said) == (language not in KNOWN)


@pytest.mark.parametrize("language", TEXTS)
def test_a_model_of_bytes_has_no_unknown_token_and_is_judged_too(language: str, home: Home) -> None:
    said = whats("starter/gpt", TEXTS[language], home)
    assert (said == []) == (language in KNOWN), said
    assert all("hardly knows" in what for what in said)


def test_letters_that_are_spelt_by_design_need_no_word() -> None:
    scripts = {"CYRILLIC": Script(100, 200, 0)}
    assert findings(TokenCounts((20,), 1, None, scripts, 1.0), LengthOptions(), SORTING) == []
    (found,) = findings(TokenCounts((20,), 1, None, scripts, 0.3), LengthOptions(), SORTING)
    assert found.what == "This model hardly knows Cyrillic." and "2.0 tokens a letter" in found.why
    assert found.what_to_do.endswith("such as DistilBERT multilingual or XLM-RoBERTa base.")
    (found,) = findings(TokenCounts((20,), 1, None, scripts, 0.3), LengthOptions(), "translation")
    assert found.what_to_do == "Choose a model for this language, or a multilingual one."


def test_a_few_foreign_letters_need_no_word_but_unknown_signs_do(home: Home) -> None:
    text = f"{TEXTS['english']} {TEXTS['english']} π"
    assert whats("starter/text", text, home) == []
    assert whats("starter/text", "so sad today 😢 great film 😀", home) == [
        "This model does not know some signs, such as '😢' and '😀'."
    ]


# --- what is cut ------------------------------------------------------------------------------------


def cut(lengths: list[int], max_length: int, most: int | None = 512, of: int = 0) -> list[Finding]:
    counts = TokenCounts(tuple(lengths), of or len(lengths), most, {}, 0.3)
    return findings(counts, LengthOptions(max_length=max_length), SORTING)


def test_texts_that_are_cut_are_counted_with_a_length_that_helps() -> None:
    assert cut([100] * 99 + [128], 128) == [] == cut([100] * 999 + [200], 128)
    (found,) = cut([100] * 90 + [200] * 6 + [400] * 4, 128)
    assert found.what == "10% of the texts are cut after 128 tokens." and found.tone == "warning"
    assert found.why.startswith("The model sees 51% of such a text")
    assert found.what_to_do.startswith("With a length of 256, 4% would still be cut. ") and found.longer == 256
    (few,) = cut([100] * 98 + [200] * 2, 128)
    assert few.tone == "info" and "256, none would be cut" in few.what_to_do


def test_no_length_is_proposed_that_cuts_as_many() -> None:
    (found,) = cut([20] * 49 + [9000], 128)
    assert found.longer is None and found.what_to_do.startswith("Shorten these few")


def test_no_length_is_proposed_beyond_what_the_model_reads() -> None:
    (longer,) = cut([900] * 10, 128)
    assert longer.longer == 512
    assert longer.what_to_do.startswith("With a length of 512, all would still be cut. ")
    assert longer.what_to_do.endswith(
        "can be read with this model. Shorten the texts, or choose a model that reads longer ones."
    )
    (longest,) = cut([900] * 10, 512)
    assert longest.longer is None and longest.what_to_do.startswith("No more than 512 tokens of a text can be read")
    assert cut([900] * 10, 8000)[0].what == "All texts are cut after 512 tokens."
    (unlimited,) = cut([900] * 10, 128, None)
    assert unlimited.longer == 1024 and "none would be cut" in unlimited.what_to_do


def test_a_sample_is_said_to_be_one() -> None:
    assert "Measured on 10 of 5,000 texts." in cut([900] * 10, 128, of=5000)[0].why
    many = [f"{number}" for number in range(5 * MOST_TEXTS)]
    assert len(sample(many)) == MOST_TEXTS and sample(many)[1] == "5"
    long = sample(["x" * 50_000] * 200)
    assert sum(map(len, long)) <= MOST_LETTERS and len(long) == 50


def test_lengths_are_those_that_training_cuts(text_model: Path, home: Home) -> None:
    texts = ["good film", "good " * 300]
    found = read_tokens(describe_folder(text_model), texts, home, here=True)
    assert found.lengths == (4, 302) and found.of == 2


# --- asking -----------------------------------------------------------------------------------------


def test_only_tasks_that_read_texts_are_asked_about(text_model: Path, home: Home) -> None:
    images, texts = TASKS["image-classification"], TASKS["text-classification"]
    table = pandas.DataFrame({"text": ["good", "bad"], "image": ["a.png", "b.png"]})
    assert texts_of(images, table) == [] and texts_of(texts, table) == ["good", "bad"]
    assert find_unseen(describe_folder(text_model), images, images.Options(), table, home) == []


def test_rows_of_a_table_are_read_as_the_text_that_the_model_gets() -> None:
    table = pandas.DataFrame(
        {"record": ['{"age": "54", "note": "short of breath"}', '{"age": "31"}'], "label": ["a", "b"]}
    )
    assert texts_of(TASKS["tabular-classification"], table) == ["age: 54, note: short of breath", "age: 31"]
    asked = {"question": ["who"], "a": ["I"], "b": ["you"], "c": ["we"], "d": ["they"]}
    texts = texts_of(TASKS["multiple-choice"], pandas.DataFrame(asked))
    assert texts == ["who I", "who you", "who we", "who they"], "the question with each answer"


@pytest.mark.usefixtures("forked")
def test_a_process_is_asked_once(text_model: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    info, asked = describe_folder(text_model), []
    run = subprocess.run

    def counted(*arguments: Any, **keywords: Any) -> Any:
        asked.append(arguments)
        return run(*arguments, **keywords)

    monkeypatch.setattr(library_process.subprocess, "run", counted)
    there = read_tokens(info, ["good film"], home, here=False)
    assert there == read_tokens(info, ["good film"], home, here=False) and len(asked) == 1
    assert there == token_reader.count_tokens(token_reader._request(info, ["good film"], False))


@pytest.mark.usefixtures("forked")
def test_a_tokenizer_that_cannot_be_used_is_explained(text_model: Path, tmp_path: Path, home: Home) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_bytes((text_model / "config.json").read_bytes())
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    for here in (True, False):
        with pytest.raises(StudioError):
            read_tokens(describe_folder(folder), ["good"], home, here=here)


def test_asking_imports_nothing_heavy() -> None:
    names = "('torch', 'transformers')"
    code = f"import sys, studio.token_findings, studio.app.unseen; print([n for n in {names} if n in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.strip() == "[]"


def test_what_is_found_can_be_written_as_json() -> None:
    (found,) = cut([900] * 10, 128)
    assert json.loads(json.dumps(found.as_dict()))["settings"] == {"options.max_length": 512}
