"""What a model writes about an image: learned by heart, written alike by the finished folder, scored as the libraries
do."""

import math
from pathlib import Path
from typing import Any

import pytest
import sacrebleu
import tiny
import torch
import transformers
from overfitting import ROWS, overfit

from studio.data.assembly import assemble
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.metrics.descriptions import cider
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch
from studio.tasks.seeing import require_seeing
from studio.tasks.written import answer_scorer, caption_scorer


@pytest.fixture
def imported(home: Home, tmp_path: Path) -> Imported:
    return import_source(str(tiny.write_described(tmp_path / "seen.zip", ROWS)), ReadingOptions(), home, Limits())


@pytest.mark.parametrize("task", ["image-captioning", "visual-question-answering"])
@pytest.mark.parametrize("kind", ["git", "blip"])
def test_thirty_two_images_are_learned_by_heart(task: str, kind: str, imported: Imported, tmp_path: Path) -> None:
    chosen = TASKS[task]
    columns = {"question": "question"} if task != "image-captioning" else {}
    columns |= {"target": "caption", "image": "image"}
    assembled = assemble(imported, DataOptions(source="-", columns=columns), chosen.columns, chosen.check)
    table, files = assembled.table[list(columns)], imported.files
    assert files is not None
    model = tiny.write_seeing_model(tmp_path / "model", kind)
    if "question" in columns:  # the answer depends on what is asked
        words = table["target"].str.split().str
        table = table.assign(target=words[0].where(table["question"] == "what is left", words[3]))
    scores, answers, found = overfit(task, table, model, files, 250, 5e-3, longest_answer=12)
    assert scores.metrics[chosen.headline] >= {"chrf": 90, "exact_match": 0.98}[chosen.headline]
    items = found.examples["train"].opened([0, 1])
    batch = found.collate(items)
    learned = batch["labels"][0][batch["labels"][0] >= 0]
    assert found.tools.processor.tokenizer.decode(learned) == f"{table['target'].iloc[0]} [SEP]"
    loss = chosen.loss(found.model, Batch(batch, items))
    assert int(loss.units) == sum(len(item["answer"]) for item in items)
    one = chosen.loss(found.model, Batch(found.collate(items[:1]), items[:1]))
    other = chosen.loss(found.model, Batch(found.collate(items[1:]), items[1:]))
    torch.testing.assert_close(one.total + other.total, loss.total, rtol=1e-4, atol=1e-5)
    chosen.finish(found.model, found.tools)
    found.model.save_pretrained(tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    said = ask_plainly(task, tmp_path / "saved")
    for place, answer in enumerate(answers[:3]):
        question = [table["question"].iloc[place]] if "question" in columns else []
        assert said(files / table["image"].iloc[place], *question) == answer.value


def ask_plainly(task: str, folder: Path) -> Any:
    """What the model card says, run."""
    from PIL import Image

    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    space: dict[str, Any] = {"processor": processor, "model": model}
    exec("\n".join(TASKS[task].asking_code(model.config.to_dict())), space)
    return lambda path, *question: space["ask"](Image.open(path).convert("RGB"), *question)


def test_an_answer_does_not_depend_on_what_else_is_asked(imported: Imported, tmp_path: Path) -> None:
    from prepared import prepare_table

    task = TASKS["visual-question-answering"]
    columns = {"question": "question", "target": "caption", "image": "image"}
    assembled = assemble(imported, DataOptions(source="-", columns=columns), task.columns, task.check)
    table = assembled.table.assign(split="train")
    found = prepare_table(task.name, table, tiny.write_seeing_model(tmp_path / "m"), imported.files, longest_answer=6)
    items = [{k: v for k, v in item.items() if k != "answer"} for item in found.examples["train"].opened([0, 4, 5])]
    assert len({len(item["prompt"]) for item in items}) == 2
    together = task.answer(found.tools, found.model.eval(), Batch(found.collate(items), items))
    alone = [task.answer(found.tools, found.model, Batch(found.collate([item]), [item]))[0] for item in items]
    assert together == alone


def test_descriptions_and_answers_are_scored_as_the_libraries_do() -> None:
    said, right = ["a red house", "Two.", "cat"], ["a red horse", "two", "a dog"]
    scorers = caption_scorer(), answer_scorer()
    for scorer in scorers:
        scorer.add([Answer(text) for text in said], [{"target": text} for text in right])
    wanted = sacrebleu.corpus_chrf(said, [right]).score
    assert [scorer.scores().metrics["chrf"] for scorer in scorers] == pytest.approx([wanted] * 2)
    assert scorers[1].scores().metrics["exact_match"] == pytest.approx(1 / 3)


def test_cider_is_what_its_formula_gives() -> None:
    """By hand, of the weights ln 3 (a run of one of three right texts) and ln 1.5 (of two)."""
    right = ["A red house.", "a blue house", "two dogs"]
    rare, common = math.log(3), math.log(1.5)
    blue = (common**2 + rare**2) / math.sqrt((common**2 + 2 * rare**2) * (2 * common**2 + rare**2))
    again = (2 / math.sqrt(20) + 1 / math.sqrt(5)) * math.exp(
        -(2**2) / (2 * 6**2)
    )  # two words more, none of them counts
    wanted = [2.5 * 3, 2.5 * (blue + 1 / 2), 2.5 * again]
    said = ["a red house", "a blue dog", "two dogs dogs dogs"]
    assert cider(said, right) == pytest.approx(sum(wanted) / 3)
    assert cider(["cats run far away"] * 3, right) == cider(["", "", ""], right) == cider(said[:1], right[:1]) == 0
    long = ["one two three four", "five six seven eight"]
    assert cider(long, long) == pytest.approx(10)
    scorers = caption_scorer(), caption_scorer(), answer_scorer()
    for scorer, targets in zip(scorers, (right, ["one", "Two.", "three"], right), strict=True):
        scorer.add([Answer(text) for text in said], [{"target": text} for text in targets])
    of_texts, of_words, of_answers = (scorer.scores().metrics for scorer in scorers)
    assert of_texts["cider"] == pytest.approx(sum(wanted) / 3)
    assert "cider" not in of_words and "cider" not in of_answers


def test_another_kind_of_model_is_refused_in_plain_words() -> None:
    class Other:
        config = transformers.LlavaConfig

    with pytest.raises(StudioError, match="teaches GIT and BLIP"):
        require_seeing(Other, Path("llava"))
