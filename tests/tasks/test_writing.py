"""Translations and summaries: learned by heart, written alike by the model's card, scored as the reference does."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
import tiny
from overfitting import ROWS, overfit
from prepared import prepare_table
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.metrics.generated import rouge
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch, Tools
from studio.tasks.seq2seq import how_to_write, prefix_of, set_languages
from studio.tasks.written import summary_scorer, translation_scorer

TASK = TASKS["translation"]
PHRASES = [
    tuple(line.strip().split(" = "))
    for line in """
    Good morning. = God morgon.
    Good night. = God natt.
    Thank you. = Tack.
    I am hungry. = Jag är hungrig.
    I am tired. = Jag är trött.
    You are tired. = Du är trött.
    Where is the station? = Var är stationen?
    Where is my bag? = Var är min väska?
    My bag is red. = Min väska är röd.
    The house is red. = Huset är rött.
    The house is old. = Huset är gammalt.
    She reads a book. = Hon läser en bok.
    He reads a letter. = Han läser ett brev.
    She writes a letter. = Hon skriver ett brev.
    We drink coffee. = Vi dricker kaffe.
    We drink tea. = Vi dricker te.
    Do you drink tea? = Dricker du te?
    It rains today. = Det regnar idag.
    It snows today. = Det snöar idag.
    Tomorrow it rains. = Imorgon regnar det.
    I live in Lund. = Jag bor i Lund.
    He lives in Berlin. = Han bor i Berlin.
    Do you live here? = Bor du här?
    The dog sleeps. = Hunden sover.
    The cat sleeps. = Katten sover.
    The cat is black. = Katten är svart.
    What time is it? = Vad är klockan?
    It is late. = Det är sent.
    See you tomorrow. = Vi ses imorgon.
    I do not know. = Jag vet inte.
    I know her. = Jag känner henne.
    She knows him. = Hon känner honom.
    """.strip().splitlines()
]


def table() -> pandas.DataFrame:
    return pandas.DataFrame({"source": [one for one, _ in PHRASES], "target": [other for _, other in PHRASES]})


def words() -> list[str]:
    return tiny.words_of([*table()["source"], *table()["target"], "translate English to Swedish : summarize"])


@pytest.fixture(scope="module", params=["t5", "bart"])
def model(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_writer(tmp_path_factory.mktemp("writers") / request.param, words(), request.param)


def from_card(model: Any, processor: Any, config: Any, texts: list[str]) -> list[str]:
    """What the code on the model's card answers."""
    names: dict[str, Any] = {"model": model, "processor": processor}
    exec("\n".join(TASK.asking_code(config.to_dict())), names)
    return [names["ask"](text) for text in texts]


def test_thirty_two_translations_are_learned_by_heart(model: Path) -> None:
    languages = {"source_language": "English", "target_language": "Swedish"}
    scores, answers, found = overfit(TASK.name, table(), model, steps=200, longest_answer=12, **languages)
    assert len(table()) == ROWS and scores.metrics["chrf"] >= 90 and scores.metrics["bleu"] >= 85
    TASK.finish(found.model, found.tools)
    how = found.model.config.generation
    assert how["prefix"] == ("translate English to Swedish: " if found.model.config.model_type == "t5" else "")
    texts = table()["source"].tolist()[:6]
    assert from_card(found.model, found.tools.processor, found.model.config, texts) == [
        answer.value for answer in answers[:6]
    ]
    beams = found.tools.options.model_copy(update={"beams": 4, "longest_answer": 4})
    items = found.examples["train"].plain([11])
    (short,) = TASK.answer(
        Tools(found.tools.processor, found.tools.config, beams), found.model, Batch(found.collate(items), items)
    )
    assert short.value and len(short.value.split()) <= 4


def test_labels_are_padded_so_that_no_loss_counts_the_padding(model: Path) -> None:
    rows = table().assign(row=range(1, ROWS + 1), split="train")
    found = prepare_table(TASK.name, rows, model, longest_answer=4)
    items = found.examples["train"].plain([2, 3])
    batch = found.collate(items)
    assert batch["labels"].shape == (2, 4) and items[0]["labels"] != items[1]["labels"]
    found.model.eval()
    loss = TASK.loss(found.model, Batch(batch, items))
    alone = [TASK.loss(found.model, Batch(found.collate([item]), [item])) for item in items]
    assert int(loss.units) == sum(len(item["labels"]) for item in items)
    assert float(loss.total) == pytest.approx(sum(float(each.total) for each in alone), rel=1e-4)
    alone_alike = [TASK.answer(found.tools, found.model, Batch(found.collate([item]), [item]))[0] for item in items]
    assert TASK.answer(found.tools, found.model, Batch(batch, items)) == alone_alike


def test_thirty_two_summaries_are_learned_by_heart(tmp_path: Path) -> None:
    rows = table().rename(columns={"source": "target", "target": "source"})
    rows["source"] = [f"{text} {rows['source'][(at + 5) % ROWS]}" for at, text in enumerate(rows["source"])]
    folder = tiny.write_writer(tmp_path / "model", words())
    scores, _, found = overfit("summarization", rows, folder, steps=200, longest_answer=12)
    assert scores.metrics["rougeL"] >= 0.9 and set(scores.metrics) == {"rougeL", "rouge1", "rouge2"}
    TASKS["summarization"].finish(found.model, found.tools)
    assert found.model.config.generation["prefix"] == "summarize: "


def test_prefixes_are_t5_s_alone_unless_one_is_given() -> None:
    t5, bart = SimpleNamespace(model_type="t5"), SimpleNamespace(model_type="bart")
    assert prefix_of(t5, "auto", "summarize: ") == "summarize: " and prefix_of(bart, "auto", "summarize: ") == ""
    assert prefix_of(bart, "TL;DR ", "summarize: ") == "TL;DR " and prefix_of(t5, "", "summarize: ") == ""


class ManyLanguages:
    """A tokenizer that is told its languages. suffix: where the code of the target's stands, as in mBART of 2020."""

    def __init__(self, suffix: bool) -> None:
        self.suffix, self.src_lang, self.tgt_lang = suffix, "en_XX", "en_XX"
        self.all_special_tokens = ["</s>", "en_XX", "sv_SE"]

    def get_vocab(self) -> dict[str, int]:
        return {"</s>": 2, "en_XX": 7, "sv_SE": 8, "a": 9}

    def __call__(self, text_target: str) -> dict[str, list[int]]:
        code = self.get_vocab()[self.tgt_lang]
        return {"input_ids": [9, 2, code] if self.suffix else [code, 9, 2]}


@pytest.mark.parametrize(("suffix", "name"), [(True, "decoder_start_token_id"), (False, "forced_bos_token_id")])
def test_a_model_of_many_languages_is_told_both(suffix: bool, name: str) -> None:
    tokenizer = ManyLanguages(suffix)
    set_languages(tokenizer, "en_XX", "sv_SE")
    assert (tokenizer.src_lang, tokenizer.tgt_lang) == ("en_XX", "sv_SE")
    assert how_to_write(Tools(tokenizer, None, None), "sv_SE") == {name: 8}
    with pytest.raises(StudioError, match=r"no language 'xx'.*such as en_XX, sv_SE"):
        set_languages(tokenizer, "en_XX", "xx")
    with pytest.raises(StudioError, match="nothing says between which"):
        set_languages(tokenizer, "", "")


def test_columns_are_found_and_odd_rows_named(home: Home, tmp_path: Path) -> None:
    rows = [*table().itertuples(index=False), ("OK", "OK")]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(["en\tsv", *("\t".join(row) for row in rows)]), encoding="utf-8")
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert assembled.columns == {"source": "en", "target": "sv"} and sum(assembled.rows.values()) == 33
    assert [problem.what for problem in assembled.problems] == ["The translation is the same as the text."]
    turned = pandas.DataFrame({"row": [1], "source": ["short"], "target": ["a much longer text"]})
    (told,) = TASKS["summarization"].check(turned, None)
    assert "right way round" in told.why


def random_texts(count: int = 60) -> tuple[list[str], list[str]]:
    rng = numpy.random.default_rng(0)
    known = tiny.words_of(table()["target"])

    def text() -> str:
        return " ".join(rng.choice(known, rng.integers(1, 9)))

    right = [text() for _ in range(count)]
    return [each if rng.random() < 0.3 else text() for each in right], right


def test_scores_are_those_of_sacrebleu_on_random_answers() -> None:
    said, right = random_texts()
    scorer = translation_scorer()
    rows = [{"target": each} for each in right]
    marks = scorer.add([Answer(each) for each in said[:20]], rows[:20])
    marks += scorer.add([Answer(each) for each in said[20:]], rows[20:])
    scores = scorer.scores()
    assert scores.metrics == pytest.approx(
        {"chrf": CHRF().corpus_score(said, [right]).score, "bleu": BLEU().corpus_score(said, [right]).score}
    )
    worth = scores.intervals["chrf"]
    assert worth.low is not None and worth.high is not None and worth.low < scores.metrics["chrf"] < worth.high
    bars = scores.views[0].data["bars"]
    assert sum(bar["value"] for bar in bars) == 60 and len(bars) == 5
    assert {mark for each in marks for mark in each} - {"right"} <= {bar["mark"] for bar in bars}


def test_scores_are_those_of_rouge_score_on_random_answers() -> None:
    rng = numpy.random.default_rng(1)
    said, right = ([" ".join(rng.choice(list("abcdef"), 6)) for _ in range(40)] for _ in range(2))
    scorer = summary_scorer()
    scorer.add([Answer(each) for each in said], [{"target": each} for each in right])
    reference = RougeScorer(["rouge1", "rouge2", "rougeL"])
    found = [reference.score(one, other) for one, other in zip(right, said, strict=True)]
    means = {name: sum(each[name].fmeasure for each in found) / 40 for name in ("rougeL", "rouge1", "rouge2")}
    assert scorer.scores().metrics == pytest.approx(means)
    assert rouge("天气很好", "天气很好")["rougeL"] == 1.0 and rouge("天气", "你好")["rougeL"] == 0.0


def test_beams_and_length_can_be_said_with_a_question() -> None:
    asked = {
        name
        for name, field in TASK.Options.model_fields.items()
        if (field.json_schema_extra or {}).get("asked")  # type: ignore[union-attr]
    }
    assert asked == {"beams", "longest_answer"}
