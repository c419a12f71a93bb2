"""Model folders that are damaged at random, taken through everything that the pages do with one."""

import json
import random
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path

from faults.damages import ODD, damaged, damaged_json
from faults.uploads import Report, storable

from studio.app import model_cards
from studio.app.drafts import Draft
from studio.errors import StudioError
from studio.forecast import image_side
from studio.model_reader import read_architecture
from studio.models.folders import CONFIG, INDEX, WEIGHTS, is_complete
from studio.models.local import describe, describe_folder, find
from studio.models.sources import locate
from studio.models.weights import required_weight_files
from studio.paths import Home
from studio.tasks import TASKS

OTHERS = ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json")


def make(seed: int, sound: Path, to: Path) -> Path:
    rng = random.Random(seed)
    folder = Path(shutil.copytree(sound, to))
    for _ in range(rng.randint(1, 3)):
        rng.choice((damage_config, damage_config, damage_header, damage_weights, divide, damage_other))(folder, rng)
    return folder


def damage_config(folder: Path, rng: random.Random) -> None:
    rewrite_json(folder / CONFIG, rng)


def damage_other(folder: Path, rng: random.Random) -> None:
    there = [folder / name for name in OTHERS if (folder / name).is_file()]
    if there and rng.random() < 0.8:
        rewrite_json(rng.choice(there), rng)
    else:
        (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/etc"}')


def rewrite_json(path: Path, rng: random.Random) -> None:
    if not path.is_file():
        return
    if rng.random() < 0.1:
        path.unlink()
        return
    content = path.read_bytes()
    try:
        path.write_bytes(damaged_json(content, rng))
    except ValueError:  # it was damaged before
        path.write_bytes(damaged(content, rng))


def damage_header(folder: Path, rng: random.Random) -> None:
    path = folder / WEIGHTS
    if not path.is_file():
        return
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, numbers = content[8 : 8 + length], content[8 + length :]
    try:
        header = damaged_json(header, rng)
    except ValueError:
        header = damaged(header, rng)
    said = rng.choice((len(header), len(header), len(header), length, 0, 2**63, 2**64 - 1, 10**6))
    path.write_bytes(struct.pack("<Q", said) + header + numbers)


def damage_weights(folder: Path, rng: random.Random) -> None:
    path = folder / WEIGHTS
    if path.is_file():
        path.write_bytes(damaged(path.read_bytes(), rng))


def divide(folder: Path, rng: random.Random) -> None:
    """The weights as parts, listed in an index that is not sound."""
    if not (folder / WEIGHTS).is_file():
        return
    part = folder / "model-00001-of-00001.safetensors"
    (folder / WEIGHTS).rename(part)
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub/part.bin").write_bytes(b"\x80\x04}.")
    index = {"metadata": {"total_size": 1}, "weight_map": {f"layer.{n}": part.name for n in range(3)}}
    if rng.random() < 0.7:
        strange = ("sub/part.bin", "../x.safetensors", "/etc/x.safetensors", part.name, *ODD)
        index["weight_map"]["layer.0"] = rng.choice(strange)  # type: ignore[index,assignment]
        (folder / INDEX).write_text(json.dumps(index))
    else:
        (folder / INDEX).write_bytes(damaged_json(json.dumps(index).encode(), rng))


def take(folder: Path, home: Home, builds: bool) -> str:
    """Everything that looks at a folder. builds: let transformers build what passes, which needs torch."""
    info = describe_folder(folder)
    assert all("\n" not in sentence and len(sentence) < 1000 for sentence in info.problems)
    storable(info.problems, info.model_type, info.parameters, sorted(info.files))
    plainly(lambda: storable(describe(str(folder), home=home).problems))
    plainly(lambda: find(str(folder), home=home))
    plainly(lambda: locate(str(folder), home=home))
    plainly(lambda: required_weight_files(folder))
    is_complete(folder)
    image_side(info)
    task = TASKS["text-classification"]
    draft = Draft(id="0" * 24, folders=(str(folder),), config={"task": task.name, "model": {"id": str(folder)}})
    storable([each.problems for each in model_cards.unusable_folders(draft, False)], model_cards.summary(draft, home))
    if info.problems:
        return "refused"
    if not builds:
        return "accepted"
    built = [plainly(lambda task=task: read_architecture(info, task, task.Options(), home)) for task in TASKS]  # type: ignore[misc]
    return "built" if any(built) else "not built"


def plainly(look: Callable[[], object]) -> object:
    """What it gives; None after a plain sentence."""
    try:
        return look()
    except StudioError as error:
        storable(error.as_dict())
        return None


def run(
    count: int, seed: int, sound: list[Path], folder: Path, home: Home, builds: bool, say: Callable[[str], None]
) -> Report:
    report = Report()
    for number in range(seed, seed + count):
        begin = time.process_time()
        made = folder / f"model {number}"
        try:
            outcome = take(make(number, sound[number % len(sound)], made), home, builds)
        except Exception as error:  # noqa: BLE001  that is what is looked for
            outcome = "failed"
            report.failures.append((number, f"{type(error).__name__}: {str(error)[:300]}"))
        shutil.rmtree(made, ignore_errors=True)
        report.outcomes[outcome] += 1
        report.slowest = max(report.slowest, (time.process_time() - begin, number))
        if number % 20 == 19:
            say(str(report))
    return report
