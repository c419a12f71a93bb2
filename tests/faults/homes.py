"""Homes of which several files are damaged at random, taken through everything that looks at one."""

import contextlib
import io
import random
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from drawn_pages import opened, reading_quickly, services_of, shell_of
from faults.damages import damaged, damaged_json
from faults.uploads import Report, storable

from studio import cli
from studio.app.drafts import OWN, Draft
from studio.app.live import poll
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.run_list import run_page
from studio.app.runs import config_of
from studio.errors import StudioError
from studio.paths import Home
from studio.store import Run, Store

IMAGES = (".png", ".jpg")
FOLDERS = ("runs", "trash", "drafts", "datasets", "cache", "busy", "shared", "sessions", "downloads")
SIGNS_OF_A_BUG = ("Traceback", "mistake in the studio", "unexpected error")
Damage = Callable[[Path, list[Path], random.Random], None]


def rewrite(change: Callable[[bytes, random.Random], bytes]) -> Damage:
    return lambda file, others, rng: void(file.write_bytes(change(file.read_bytes(), rng)))


def void(_: object) -> None:
    return None


def become_a_folder(file: Path, others: list[Path], rng: random.Random) -> None:
    file.unlink()
    file.mkdir()


def become_another(file: Path, others: list[Path], rng: random.Random) -> None:
    file.write_bytes(rng.choice(others).read_bytes())


def odd_values(content: bytes, rng: random.Random) -> bytes:
    """Of JSON, and of the lines of a log; other bytes are damaged as such."""
    lines = content.splitlines()
    try:
        if len(lines) < 2:
            return damaged_json(content, rng)
        chosen = rng.randrange(len(lines))
        return b"\n".join((*lines[:chosen], damaged_json(lines[chosen], rng), *lines[chosen + 1 :], b""))
    except ValueError:
        return damaged(content, rng)


DAMAGES: tuple[Damage, ...] = (
    rewrite(lambda content, rng: b""),
    rewrite(lambda content, rng: content[: len(content) // 2]),
    rewrite(lambda content, rng: content[: rng.randrange(len(content) + 1)]),
    rewrite(lambda content, rng: b"\xff\xfe\x00[[{"),
    rewrite(lambda content, rng: b"[1]\n"),
    rewrite(lambda content, rng: b'{"a": 1}\n'),
    rewrite(damaged),
    rewrite(odd_values),
    rewrite(odd_values),
    become_a_folder,
    become_another,
    lambda file, others, rng: file.unlink(),
)


@dataclass(frozen=True)
class Case:
    """run, draft: ids of those that are looked at, and that are most likely damaged."""

    home: Home
    run: str
    draft: str


def make(seed: int, sound: Path, to: Path) -> Case:
    """A copy of the home in which two to twelve files are damaged, half of them of one run, its data and a draft."""
    rng = random.Random(seed)
    home = Home(Path(shutil.copytree(sound, to)))
    run = rng.choice(sorted(Store(home), key=lambda run: run.id))
    draft = rng.choice(sorted(home.drafts.glob("*.json")))
    files = sorted(file for name in FOLDERS for file in (home.root / name).rglob("*") if file.is_file())
    at_hand = {run.folder, home.datasets / (run.dataset or "none"), draft}
    near = [file for file in files if at_hand & {file, *file.parents} and file.suffix not in IMAGES]
    for file in (*rng.sample(near, min(len(near), rng.randint(1, 6))), *rng.sample(files, rng.randint(1, 6))):
        if file.is_file():
            there = [other for other in files if other.is_file()]
            rng.choice(DAMAGES)(file, there, rng)
    return Case(home, run.id, draft.stem)


def take(case: Case, model: str, said: Callable[[], str]) -> str:
    """Draw every page, for the run and for the draft as it was left; list the runs; ask to resume and to delete them.

    said: what was logged since it was last asked. Returns whether a page, a draft or a run had to be explained.
    """
    home, sentences = case.home, 0
    with services_of(home) as services:
        shell = shell_of(services)
        runs = list(services.store)
        drafts = [services.drafts.load(None).change(demo=OWN, folders=(model,))]
        try:
            drafts.append(services.drafts.load(case.draft))
        except StudioError as error:
            sentences += storable_words(error)
        drafts.append(draft_of(services, runs, Run(home.runs / case.run), model))
        for draft in drafts:
            sentences += draw(services, shell, draft)
        storable(run_page(services, {}))
        for run in runs:
            sentences += plainly(lambda run=run: poll(services.store, services.states, run.id, 0))  # type: ignore[misc]
            sentences += plainly(lambda run=run: run.state())  # type: ignore[misc]
        list_runs(home)
        services.store.mark_busy()
        for run in runs:  # a run that has ended refuses, damaged or not
            plainly(lambda run=run: services.supervisor.resume(run))  # type: ignore[misc]
            plainly(lambda run=run: services.supervisor.stop(run))  # type: ignore[misc]
            if run.exists:  # or it waited, and left the queue for the trash
                plainly(lambda run=run: services.store.delete(run))  # type: ignore[misc]
        services.supervisor.queue()
        for gone in list(services.store.deleted()):
            plainly(lambda gone=gone: services.store.restore(gone.id))  # type: ignore[misc]
        assert len(list(services.store)) >= len(runs), "a run is lost"
    words = said()
    assert not any(sign in words for sign in SIGNS_OF_A_BUG) and "could not be drawn" not in words, words[-1500:]
    return "explained" if sentences else "unharmed"


def remember(home: Home, model: str) -> None:
    """Let the pages of each run leave there what they remember, so that this can be damaged, too."""
    with services_of(home) as services:
        shell, runs = shell_of(services), list(services.store)
        for run in runs:
            draw(services, shell, draft_of(services, runs, run, model))
        storable(run_page(services, {}))


def draft_of(services: Services, runs: list[Run], run: Run, model: str) -> Draft:
    """That of whoever looks at this run."""
    config = config_of(run)
    values = config.model_dump(mode="json") if config else {}
    draft = services.drafts.load(None).change(config=values, demo=OWN, title="reviews", dataset=run.dataset)
    return draft.change(folders=(model,), run=run.id, picked=run.id, compared=tuple(run.id for run in runs[:4]))


def draw(services: Services, shell: Shell, draft: Draft) -> int:
    """Every page; how many say that something of them is not there."""
    count = 0
    for page in shell.pages:
        steps, told, shown = opened(services, shell, draft, page)
        assert len(steps["steps"]) == 5 and len(steps["side"]) == 2
        storable(steps, told)
        assert not any(sign in f"{told}{shown}" for sign in SIGNS_OF_A_BUG), (page, told)
        count += bool(told) or "damaged" in str(shown)
    return count


def list_runs(home: Home) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
        for more in ([], ["--json"]):
            assert cli.main(["runs", "--home", str(home.root), *more]) == 0, errors.getvalue()
    assert "Traceback" not in errors.getvalue()


def plainly(ask: Callable[[], object]) -> int:
    """1 after a plain sentence."""
    try:
        ask()
    except StudioError as error:
        return storable_words(error)
    return 0


def storable_words(error: StudioError) -> int:
    words = error.as_dict()
    storable(words)
    assert not any(sign in str(words) for sign in SIGNS_OF_A_BUG), words
    return 1


def run(
    count: int,
    seed: int,
    sound: Path,
    model: str,
    folder: Path,
    log: pytest.LogCaptureFixture,
    say: Callable[[str], None],
) -> Report:
    report = Report()

    def said() -> str:
        words = log.text
        log.clear()
        return words

    with pytest.MonkeyPatch.context() as patch:
        reading_quickly(patch, model)
        remember(Home(sound), model)
        for number in range(seed, seed + count):
            begin, made = time.process_time(), folder / f"home {number}"
            said()
            try:
                outcome = take(make(number, sound, made), model, said)
            except Exception as error:  # noqa: BLE001  that is what is looked for
                outcome = "failed"
                report.failures.append((number, f"{type(error).__name__}: {str(error)[:300]}"))
                say(f"home {number}: {''.join(traceback.format_exception(error))} {log.text[-3000:]}")
            shutil.rmtree(made, ignore_errors=True)
            report.outcomes[outcome] += 1
            report.slowest = max(report.slowest, (time.process_time() - begin, number))
            if number % 20 == 19:
                say(str(report))
    return report
