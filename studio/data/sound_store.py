"""The recordings of an upload, stored as the studio keeps them, and the table that names the copies."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas

from studio.data.audio_files import StoredSound, store_audio, unreadable
from studio.data.columns import Problem
from studio.data.image_store import CONTENTS
from studio.data.named_files import NotBroughtError, find_below
from studio.data.progress import Progress
from studio.errors import StudioError
from studio.files import read_cache, replace_json
from studio.language import _

SECONDS = "seconds.json"
AT_ONCE = 2  # recordings in memory


def store_sounds(
    table: pandas.DataFrame,
    source: Path,
    folder: Path,
    progress: Progress,
    places: Mapping[str, Path] | None = None,
) -> tuple[pandas.DataFrame, list[Problem]]:
    """Copies and drawings of every recording that column `audio` names, in `folder`, with a file of what tells same
    ones by their content and one of how long they are; rows of broken ones become problems. places: see
    `studio.data.image_store.store_images`."""

    def store(name: str) -> StoredSound | StudioError:
        try:
            path = places[name] if places else find_below(name, [source])
            return store_audio(path, folder / "files", folder / "thumbnails", name)
        except NotBroughtError as error:
            return unreadable(source / name, str(error))
        except StudioError as error:
            return error

    names = list(dict.fromkeys(table["audio"]))
    stored: dict[str, StoredSound | StudioError] = {}
    with ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1)) as workers:
        for done, (name, result) in enumerate(zip(names, workers.map(store, names), strict=True)):
            stored[name] = result
            if done % 20 == 0:
                progress(_("Listening to every recording"), done, len(names))
    progress(_("Listening to every recording"), len(names), len(names))
    usable = [result for result in stored.values() if isinstance(result, StoredSound)]
    replace_json(folder / CONTENTS, {sound.name: sound.content for sound in usable})
    replace_json(folder / SECONDS, {sound.name: sound.seconds for sound in usable})
    problems: list[Problem] = []
    copies: dict[int, str] = {}
    for row, name in zip(table.index.tolist(), table["audio"], strict=True):
        result = stored[name]
        if isinstance(result, StudioError):
            what = _("The recording {file} cannot be used.", file=name)
            problems.append(Problem(row, what, result.explanation.why, column="audio"))
        else:
            copies[row] = result.name
    return table.loc[list(copies)].assign(audio=pandas.Series(copies, dtype="str")), problems


def seconds_of(files: Path | None) -> dict[str, float]:
    """Stored recording -> how long it is, for the copies in this folder of an import; empty where nothing says so."""
    return (read_cache(files.parent / SECONDS, dict) or {}) if files else {}
