"""Speech written down: learned by heart, written alike by the finished folder, scored as jiwer does."""

import random
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jiwer
import numpy
import pandas
import pytest
import soundfile
import tiny
import torch
import transformers
from overfitting import ROWS, overfit
from prepared import prepare_table
from transformers.utils import ModelOutput

from studio.data.assembly import assemble
from studio.data.audio_files import load_audio
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.engine.answering import answer_cells
from studio.errors import StudioError
from studio.paths import Home
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.tasks.base import Answer, Batch, Tools
from studio.tasks.ctc import letters_of
from studio.tasks.loading import Bundle, config_of, load_pretrained, load_tuned
from studio.tasks.sounds import between_pauses
from studio.tasks.speech_recognition import SpeechOptions, set_language
from studio.tasks.spoken_times import first_word_heard
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


def test_letters_are_learned_by_heart_and_long_recordings_heard_in_pieces(imported: Imported, tmp_path: Path) -> None:
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    table, files = assembled.table[["audio", "target"]], imported.files
    assert files is not None
    model = tiny.write_letters_model(tmp_path / "model")
    scores, answers, found = overfit(TASK.name, table, model, files, 240, 3e-3, seconds=1)
    assert scores.metrics["wer"] <= 0.1 and scores.metrics["cer"] <= 0.1
    assert {answer.value for answer in answers} <= {"LOW", "HIGH"}
    TASK.finish(found.model, found.tools)
    found.model.save_pretrained(tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    again = transformers.pipeline("automatic-speech-recognition", model=str(tmp_path / "saved"))
    for name, answer in zip(table["audio"].iloc[:3], answers, strict=False):
        said = again({"raw": load_audio(files / name), "sampling_rate": 16000})
        assert said["text"].strip() == answer.value
    parts = [load_audio(files / name) for name in table["audio"].iloc[:4]]
    silence = numpy.zeros(8000, "float32")
    long = numpy.concatenate([each for part in parts for each in (part, silence)])
    soundfile.write(tmp_path / "long.wav", long, 16000)
    pieces = between_pauses(load_audio(tmp_path / "long.wav"), 16000)
    for place, (begin, end) in enumerate(pieces):
        soundfile.write(tmp_path / f"{place}.wav", long[begin:end], 16000)
    names = [str(tmp_path / f"{place}.wav") for place in range(len(pieces))]
    whole, *apart = answer_cells(
        Bundle(TASK, found.model, found.tools), [{"audio": name} for name in (str(tmp_path / "long.wav"), *names)]
    )
    assert len(pieces) >= 4 and whole.value == " ".join(each.value for each in apart if each.value)
    moved = [
        (begin / 16000 + first, begin / 16000 + last, word)
        for (begin, _end), each in zip(pieces, apart, strict=True)
        for first, last, word in each.details.get("times", [])
    ]
    for (first, last, word), right in zip(whole.details["times"], moved, strict=True):
        assert word == right[2] and (first, last) == pytest.approx(right[:2], abs=0.011)


def test_the_first_word_has_its_time(tmp_path: Path) -> None:
    """Where the model looks while it reads the two tokens of the prompt and the three that it writes, one by one."""
    loaded = load_pretrained(TASK, tiny.write_speech_model(tmp_path / "model"), SpeechOptions(seconds=2), {})
    model = loaded.model.eval()
    looks = torch.linspace(0, 0.01, 5)[:, None].expand(1, 1, 5, 100).clone()
    for token, (first, end) in enumerate(((0, 10), (10, 30), (30, 50), (50, 70), (70, 100))):
        looks[..., token, first:end] = 1
    steps = looks[:, :, :2], looks[:, :, 2:3], looks[:, :, 3:4], looks[:, :, 4:]
    outputs = ModelOutput(cross_attentions=[(step,) for step in steps], sequences=torch.zeros(1, 6, dtype=torch.long))
    with first_word_heard(model):
        moments = model._extract_token_timestamps(outputs, [[0, 0]], num_frames=None, num_input_ids=2)
    assert moments[0].tolist() == pytest.approx([0, 0, 0.6, 1.0, 1.4, 1.4])
    assert model._extract_token_timestamps(outputs, [[0, 0]], num_frames=None, num_input_ids=2)[0, 2] == 0
    sound = tmp_path / "low.wav"
    sound.write_bytes(tiny.sound("low", random.Random(0), 1.0, 16000))
    untimed = answer_cells(Bundle(TASK, model, loaded.tools), [{"audio": str(sound)}])[0]
    model.generation_config.alignment_heads = [[0, 0], [0, 1]]
    timed = answer_cells(Bundle(TASK, model, loaded.tools), [{"audio": str(sound)}])[0]
    assert timed.value == untimed.value and not untimed.details
    assert [word for _first, _end, word in timed.details["times"]] == timed.value.split()
    assert timed.details["times"][0][1] > 0


def test_a_model_that_has_only_listened_learns_the_letters_of_the_transcripts(
    imported: Imported, tmp_path: Path
) -> None:
    assembled = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check)
    table, files = assembled.table[["audio", "target"]], imported.files
    words = {"low": "Fe\u0301!", "high": "Да, ß"}
    table = table.assign(target=[words[each] for each in table["target"]])
    model = tiny.write_sound_model(tmp_path / "model", "hubert", do_stable_layer_norm=True, feat_extract_norm="layer")
    scores, answers, found = overfit(TASK.name, table, model, files, 240, 3e-3, seconds=1)
    assert {answer.value for answer in answers} == {"f\u00e9", "да ß"}
    assert found.tools.config.vocab_size == 5 + 5
    assert found.new_parameters == {"lm_head.weight", "lm_head.bias"}
    assert "learned to write with the 5 of the transcripts (f ß" in scores.remarks[0]
    TASK.finish(found.model, found.tools)
    found.model.save_pretrained(tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    again = load_tuned(TASK, tmp_path / "saved", found.tools.options, STRATEGIES["full"])
    before = load_pretrained(TASK, model, found.tools.options, TASK.restore(config_of(tmp_path / "saved")))
    assert again.tools.processor.tokenizer.get_vocab() == before.tools.processor.tokenizer.get_vocab()
    assert before.model.config.vocab_size == again.model.config.vocab_size
    heard = answer_cells(again, [{"audio": str(files / name)} for name in table["audio"].iloc[:3]])
    assert [each.value for each in heard] == [each.value for each in answers[:3]]


def test_transcripts_without_letters_teach_no_writing(tmp_path: Path) -> None:
    model = tiny.write_sound_model(tmp_path / "model", "hubert")
    values = TASK.configure(pandas.DataFrame({"target": ["...", "?!"]}), SpeechOptions())
    with pytest.raises(StudioError, match="cannot learn to write"):
        load_pretrained(TASK, model, SpeechOptions(), values)


def test_the_loss_of_letters_is_that_of_transformers(imported: Imported, tmp_path: Path) -> None:
    table = assemble(imported, DataOptions(source="-"), TASK.columns, TASK.check).table
    found = prepare_table(TASK.name, table.assign(split="train"), tiny.write_letters_model(tmp_path / "model"),
                          imported.files, seconds=1)  # fmt: skip
    items = found.examples["train"].opened([0, 1, 2])
    batch = found.collate(items)
    loss = TASK.loss(found.model, Batch(batch, items))
    found.model.config.ctc_loss_reduction = "sum"
    assert loss.total.item() == pytest.approx(found.model(**batch).loss.item(), rel=1e-5)
    assert int(loss.units) == int((batch["labels"] >= 0).sum())


def test_code_for_others_ends_recordings_in_silence_where_they_were_learned_so(tmp_path: Path) -> None:
    loaded = load_pretrained(
        TASK, tiny.write_letters_model(tmp_path / "model", mask=False), SpeechOptions(seconds=2), {}
    )
    sound = tmp_path / "low.wav"
    sound.write_bytes(tiny.sound("low", random.Random(0), 1.0, 16000))
    answer = answer_cells(Bundle(TASK, loaded.model.eval(), loaded.tools), [{"audio": str(sound)}])[0]
    TASK.finish(loaded.model, loaded.tools)
    imports, code = TASK.asking_code(loaded.model.config.to_dict())
    names: dict[str, Any] = {"model": loaded.model, "processor": loaded.tools.processor}
    exec(f"{imports}\n{code}", names)
    said = names["ask"]({"raw": load_audio(sound), "sampling_rate": 16000})
    assert said["text"] == answer.value != ""


def test_transcripts_are_put_into_the_letters_of_the_vocabulary(tmp_path: Path) -> None:
    tokenizer = transformers.AutoProcessor.from_pretrained(tiny.write_letters_model(tmp_path / "model")).tokenizer
    first, nothing = letters_of(tokenizer, ["So, 3 words  went?", "..."])
    assert tokenizer.convert_ids_to_tokens(first) == list("SO|WORDS|WENT") and nothing == [-100]


def test_long_recordings_are_cut_where_it_is_quiet() -> None:
    samples = numpy.ones(100_000, "float32")
    samples[37_000:39_000] = 0.0
    pieces = between_pauses(samples, 40_000)
    assert 37_000 <= pieces[0][1] <= 39_000
    assert [begin for begin, _end in pieces[1:]] == [end for _begin, end in pieces[:-1]] and pieces[-1][1] == 100_000
    assert all(0 < end - begin <= 40_000 for begin, end in pieces)
    assert between_pauses(samples[:40_000], 40_000) == [(0, 40_000)]


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
