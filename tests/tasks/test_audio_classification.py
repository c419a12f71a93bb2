"""Recordings in classes: learned by heart by every kind of listener, and heard the same wherever they are asked."""

from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
import torch
import transformers
from overfitting import ROWS, overfit

from studio.data.assembly import assemble
from studio.data.fields import FIELDS
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Batch
from studio.tasks.sounds import shorten_encoder

TASK = TASKS["audio-classification"]
FIELD = FIELDS["audio"]


@pytest.fixture
def imported(home: Home, tmp_path: Path) -> Imported:
    return import_source(str(tiny.write_sounds(tmp_path / "sounds.zip", ROWS)), ReadingOptions(), home, Limits())


def table_of(imported: Imported) -> pandas.DataFrame:
    return imported.table()[["audio", "label"]]


@pytest.mark.parametrize("kind", ["whisper", "hubert", "wav2vec2", "ast"])
def test_thirty_two_recordings_are_learned_by_heart(kind: str, imported: Imported, tmp_path: Path) -> None:
    folder = tiny.write_sound_model(tmp_path / kind, kind)
    scores, answers, found = overfit(TASK.name, table_of(imported), folder, imported.files, 80, seconds=1)
    assert scores.metrics["accuracy"] == 1.0 and scores.metrics["f1_macro"] == 1.0
    items = found.examples["train"].opened([0, 1, 2])
    with torch.inference_mode():
        together = TASK.answer(found.tools, found.model, Batch(found.collate(items), items))
        apart = [TASK.answer(found.tools, found.model, Batch(found.collate([item]), [item]))[0] for item in items]
    for alone, answer in zip(apart, together, strict=True):
        assert alone.details["probabilities"] == pytest.approx(answer.details["probabilities"], abs=1e-4)
    assert_the_card_answers_alike(found, imported, [answer.value for answer in answers[:4]], tmp_path / "saved")


def assert_the_card_answers_alike(found: Any, imported: Imported, values: list[str], folder: Path) -> None:
    TASK.finish(found.model, found.tools)
    found.model.save_pretrained(folder)
    found.tools.processor.save_pretrained(folder)
    model = transformers.AutoModelForAudioClassification.from_pretrained(folder).eval()
    processor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    names: dict[str, Any] = {"model": model, "processor": processor}
    for part in (*FIELD.reading, *TASK.asking_code(model.config.to_dict())):
        exec(part, names)
    files = imported.files
    assert files is not None
    for name, value in zip(imported.table()["audio"], values, strict=False):
        asked = names["ask"](names["read"](str(files / name)))
        assert asked[0]["label"] == value and sum(each["score"] for each in asked) == pytest.approx(1.0, abs=1e-5)


def test_a_shorter_whisper_hears_as_the_long_one_does(tmp_path: Path) -> None:
    folder = tiny.write_sound_model(tmp_path / "whisper")
    whole = transformers.WhisperModel.from_pretrained(folder)
    short = transformers.WhisperModel.from_pretrained(folder)
    shorten_encoder(short, 40)
    assert short.config.max_source_positions == 40
    assert torch.equal(short.encoder.embed_positions.weight, whole.encoder.embed_positions.weight[:40])
    short.save_pretrained(tmp_path / "short")
    again = transformers.WhisperModel.from_pretrained(tmp_path / "short")
    features = torch.rand(1, 16, 80)
    assert torch.equal(again.encoder(features).last_hidden_state, short.encoder(features).last_hidden_state)
    base = transformers.WhisperModel.from_pretrained(folder, config=again.config, ignore_mismatched_sizes=True)
    assert torch.allclose(
        base.encoder(features).last_hidden_state, short.encoder(features).last_hidden_state, atol=1e-5
    )


def test_wrong_data_is_told_in_words(home: Home, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "mixed.zip", "w") as archive:
        import random

        for place in range(6):
            label = ("low", "high")[place % 2]
            archive.writestr(f"{label}/{place}.wav", tiny.sound(label, random.Random(place)))
        archive.writestr("low/broken.wav", b"RIFF and nothing else")
        archive.writestr("low/empty.wav", tiny.sound("low", random.Random(1), 0.0))
        archive.writestr("high/phone.m4a", b"no matter")
        archive.writestr("high/long.wav", tiny.sound("high", random.Random(2), 31.0, 2000))
    imported = import_source(str(tmp_path / "mixed.zip"), ReadingOptions(), home, Limits())
    whys = {problem.why for problem in imported.problems}
    assert imported.rows == 7 and "It is empty." in whys and "Recordings of the kind .m4a are not supported." in whys
    assert any("damaged" in why for why in whys)
    assembled = assemble(imported, DataOptions(source="mixed.zip"), TASK.columns, TASK.check)
    assert [problem.why for problem in assembled.problems if problem.what == "Long recording"] == [
        "It lasts 31 seconds; at most the first 30 are heard."
    ]
    texts = tmp_path / "texts.csv"
    texts.write_text("text,label\na,b\nc,d\n")
    with pytest.raises(StudioError, match="There are no recordings"):
        assemble(
            import_source(str(texts), ReadingOptions(), home, Limits()),
            DataOptions(source="t"),
            TASK.columns,
            TASK.check,
        )
