"""The images of an upload, stored as the studio keeps them, and the table that names the copies."""

import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pandas

from studio.data.annotations import AnnotatedImage, place_boxes
from studio.data.columns import Problem
from studio.data.image_files import StoredImage, store_image, unreadable
from studio.data.masks import Masks, store_masks
from studio.data.named_files import NotBroughtError, find_below
from studio.data.progress import Progress
from studio.errors import StudioError
from studio.files import replace_json
from studio.language import _

CONTENTS = "contents.json"
Stored = dict[str, StoredImage | StudioError]


def store_images(
    table: pandas.DataFrame,
    annotated: Mapping[int, AnnotatedImage] | None,
    source: Path,
    folder: Path,
    progress: Progress,
    places: Mapping[str, Path] | None = None,
    masks: Masks | None = None,
) -> tuple[pandas.DataFrame, list[Problem]]:
    """Copies and thumbnails of every image that column `image` names, in `folder`, and a file of what tells same ones
    by their content (copy -> `StoredImage.content`); rows of broken ones become problems.

    annotated: row -> what is known of its image; the table gets a column `boxes` then, and with masks a column `mask`,
    without the rows whose mask cannot be used. places: name -> path of the
    image, where it is not `source` / name. Raises StudioError when no image can be used.
    """
    stored = store_files(dict.fromkeys(table["image"]), source, folder, progress, places)
    usable = [result for result in stored.values() if isinstance(result, StoredImage)]
    replace_json(folder / CONTENTS, {image.name: image.content for image in usable})
    problems: list[Problem] = []
    copies: dict[int, str] = {}
    boxes: dict[int, str] = {}
    for row, name in zip(table.index.tolist(), table["image"], strict=True):
        result = stored[name]
        if isinstance(result, StudioError):
            why = result.explanation.why
            problems.append(Problem(row, _("The image {file} cannot be used.", file=name), why, column="image"))
            continue
        copies[row] = result.name
        if annotated is not None and row in annotated:
            placed, remarks = place_boxes(row, annotated[row], result)
            boxes[row] = json.dumps([box.as_dict() for box in placed], ensure_ascii=False)
            problems += remarks
    kept = table.loc[list(copies)].assign(image=pandas.Series(copies, dtype="str"))
    if annotated is not None:
        kept.insert(1, "boxes", pandas.Series(boxes, dtype="str"))
    if masks is not None:
        names = dict(zip(table.index.tolist(), table["image"], strict=True))
        images = {row: image for row in copies if isinstance(image := stored[names[row]], StoredImage)}
        cells, unusable = store_masks(masks, images, source, folder / "files")
        kept = kept.loc[list(cells)].drop(columns="mask", errors="ignore")
        kept.insert(1, "mask", pandas.Series(cells, dtype="str"))
        problems += unusable
    return kept, problems


def store_files(
    names: Iterable[str], source: Path, folder: Path, progress: Progress, places: Mapping[str, Path] | None = None
) -> Stored:
    """Every image below `source` of these names, or why it cannot be opened. places: name -> its path, where known."""

    def store(name: str) -> StoredImage | StudioError:
        try:
            path = places[name] if places else find_below(name, [source])
            return store_image(path, folder / "files", folder / "thumbnails", name, alone)
        except NotBroughtError as error:
            return unreadable(source / name, str(error))
        except StudioError as error:
            return error

    wanted, alone = list(names), Lock()
    stored: Stored = {}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as workers:
        for done, (name, result) in enumerate(zip(wanted, workers.map(store, wanted), strict=True)):
            stored[name] = result
            if done % 20 == 0:
                progress(_("Looking at every image"), done, len(wanted))
    progress(_("Looking at every image"), len(wanted), len(wanted))
    return stored
