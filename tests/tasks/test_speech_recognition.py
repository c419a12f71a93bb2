"""Speech written down: learned by heart, written alike by the finished folder, scored as jiwer does."""

import random
import zipfile
from pathlib import Path
from types import SimpleNamespace

import jiwer
import pytest
import tiny
import transformers
from overfitting import ROWS, overfit

from studio.data.assembly import assemble
from studio.data.audio_files import load_audio
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch, Tools
from studio.tasks.speech_recognition import SpeechOptions, set_language
from studio.tasks.written import speech_scorer

TASK = TASKS["speech-recognition"]


@pytest.fixture
def imported(home: Home, tmp_path: Path) -> Imported:
    return import_source(str(tiny.write_spoken(tmp_path / "spoken.zip", ROWS)), ReadingOptions(), home, Limits())


def test_thirty_two_recordings_are_learned_by_heart(imported: Imported, tmp_path: Path) -> None:
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert set(assembled.table["target"]) == {"low", "high"}
    table, files = assembled.table[["audio", "target"]], imported.files
    assert files is not None
    model = tiny.write_speech_model(tmp_path / "model")
    scores, answers, found = overfit(TASK.name, table, model, files, 120, seconds=1, longest_answer=12)
    assert scores.metrics["wer"] <= 0.1 and scores.metrics["cer"] <= 0.1
    items = found.examples["train"].opened([0, 1])
    batch = found.collate(items)
    learned = batch["labels"][0][batch["labels"][0] >= 0]
    right = f"<|notimestamps|>{table['target'].iloc[0]}<|endoftext|>"
    assert found.tools.processor.tokenizer.decode(learned) == right
    loss = TASK.loss(found.model, Batch(batch, items))
    assert int(loss.units) == sum(len(item["labels"]) for item in items)
    TASK.finish(found.model, found.tools)
    found.model.save_pretrained(tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    again = transformers.pipeline("automatic-speech-recognition", model=str(tmp_path / "saved"))
    for name, answer in zip(table["audio"].iloc[:3], answers, strict=False):
        said = again({"raw": load_audio(files / name), "sampling_rate": 16000})
        assert said["text"].strip() == answer.value


def test_errors_are_counted_as_jiwer_counts_them() -> None:
    rng, words = random.Random(3), ["one", "two", "three", "four"]
    right = [" ".join(rng.choices(words, k=rng.randint(1, 6))) for _ in range(40)]
    said = [" ".join(rng.choices(words, k=rng.randint(0, 6))) for _ in range(40)]
    scorer = speech_scorer()
    scorer.add([Answer(f"{text.upper()}." if text else "") for text in said], [{"target": text} for text in right])
    metrics = scorer.scores().metrics
    assert metrics["wer"] == pytest.approx(jiwer.wer(right, said))
    assert metrics["cer"] == pytest.approx(jiwer.cer(right, said))
    nothing = speech_scorer()
    nothing.add([Answer("so it is")], [{"target": "..."}])
    assert nothing.scores().metrics["wer"] == 3.0


def test_a_recording_that_is_too_long_is_left_out(home: Home, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as archive:
        rows = ["file,transcript"]
        for place, seconds in enumerate((*[0.5] * 6, 31.0)):
            archive.writestr(f"{place}.wav", tiny.sound("low", random.Random(place), seconds, 2000))
            rows.append(f"{place}.wav,words {place}")
        archive.writestr("texts.csv", "\n".join(rows))
    imported = import_source(str(tmp_path / "long.zip"), ReadingOptions(), home, Limits())
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    assert len(assembled.table) == 6
    assert any(problem.drops and problem.what == "Recording too long" for problem in assembled.problems)


def test_a_model_of_many_languages_wants_to_know_which(tmp_path: Path) -> None:
    processor = transformers.AutoProcessor.from_pretrained(tiny.write_speech_model(tmp_path / "model"))
    english, many = SimpleNamespace(vocab_size=51_864), SimpleNamespace(vocab_size=51_865)
    set_language(Tools(processor, english, SpeechOptions()))
    with pytest.raises(StudioError, match="many languages"):
        set_language(Tools(processor, many, SpeechOptions()))
    with pytest.raises(StudioError, match="no language 'klingon'"):
        set_language(Tools(processor, many, SpeechOptions(language="Klingon")))
    set_language(Tools(processor, many, SpeechOptions(language="German")))
    start, _language, task, times = processor.tokenizer.convert_ids_to_tokens(processor.tokenizer.prefix_tokens)
    assert (start, task, times) == ("<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>")
