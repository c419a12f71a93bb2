"""From what annotations say of images to a table of images: what every reader of boxes shares."""

from collections.abc import Iterable, Iterator, Sequence

import pandas

from studio.data.annotations import AnnotatedImage, merge
from studio.data.columns import Problem
from studio.data.folders.base import Listing, Upload, shown
from studio.data.folders.image_names import ImageNames
from studio.data.folders.split_folders import split_of_file, splits_of_paths
from studio.data.formats.base import check_rows
from studio.data.limits import MEGABYTE, Limits
from studio.data.named_files import why_missing, why_refused
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _, plural, sentences

LARGEST_LIST = 64 * MEGABYTE


def list_images(
    annotated: Iterable[AnnotatedImage],
    upload: Upload,
    problems: Sequence[Problem] = (),
    reading: ReadingOptions | None = None,
) -> Listing:
    """One row an image. Images that no annotation names, or that are missing, and those without boxes are reported.

    The splits are those of the annotations, else those of the folders that the images lie in.
    """
    merged = merge(bounded(annotated, upload.limits))
    rows = dict(enumerate(merged, start=1))
    usable = {row: image for row, image in rows.items() if image.image and not image.fault}
    found = [*problems, *(_unusable(row, image, upload) for row, image in rows.items() if row not in usable)]
    if left := sorted(set(upload.found.images).difference(image.image or "" for image in merged)):
        what = plural(
            "{n:,} image is not annotated and left out.", "{n:,} images are not annotated and left out.", len(left)
        )
        found.append(Problem(0, what, shown(left), drops=False))
    if empty := [str(image.image) for image in usable.values() if not image.boxes]:
        what = plural("{n:,} image has no boxes.", "{n:,} images have no boxes.", len(empty))
        why = _("There the model learns what is not to be found: {files}", files=shown(empty))
        found.append(Problem(0, what, why, drops=False))
    if not usable:
        first = next((sentences(problem.what, problem.why) for problem in found if problem.drops), "")
        raise StudioError(_("None of the annotated images can be used."), first, _("Check that they belong together."))
    table = pandas.DataFrame({"image": [image.image for image in usable.values()]}, dtype="str")
    table.index = pandas.Index(list(usable), dtype="int64", name="row")
    splits = [image.split for image in usable.values()]
    if not any(splits):
        splits = splits_of_paths(table["image"].tolist())
    if any(splits):
        table["split"] = pandas.Series(splits, dtype="str", index=table.index)
    return Listing(table, found, reading or ReadingOptions(), usable)


def bounded(annotated: Iterable[AnnotatedImage], limits: Limits) -> Iterator[AnnotatedImage]:
    """The same images. Raises StudioError as soon as they, or their boxes, are more than the limits allow."""
    boxes = 0
    for count, image in enumerate(annotated, start=1):
        boxes += len(image.boxes)
        check_rows(max(count, boxes), limits)
        yield image


def listed_splits(upload: Upload, lists: Sequence[str], names: ImageNames) -> tuple[dict[str, str], list[Problem]]:
    """Image -> split, from text files with a name a line: train.txt, val.txt, test.txt; trainval.txt for the others."""
    splits: dict[str, str] = {}
    twice: set[str] = set()
    refused: dict[str, str] = {}
    for name in sorted(lists, key=lambda name: split_of_list(name) is None):
        split = split_of_list(name)
        for line in upload.text(name, LARGEST_LIST).splitlines():
            image = names(line)
            if reason := why_refused(line) if line.strip() else "":
                refused.setdefault(line.strip(), reason)
            if image and split and splits.get(image, split) != split:
                twice.add(image)
            if image:
                splits.setdefault(image, split or "train")
    problems = []
    if refused:
        first, reason = next(iter(refused.items()))
        what = plural(
            "{n:,} name is left out of the lists of splits: '{name}'.",
            "{n:,} names are left out of the lists of splits, such as '{name}'.",
            len(refused),
            name=first[:80],
        )
        problems.append(Problem(0, what, reason, drops=False))
    if twice:
        what = plural(
            "{n:,} image is in the lists of several splits.",
            "{n:,} images are in the lists of several splits.",
            len(twice),
        )
        why = _("Each stays in the first: {files}", files=shown(sorted(twice)))
        problems.append(Problem(0, what, why, drops=False))
    return splits, problems


def split_of_list(name: str) -> str | None:
    return None if name.rpartition("/")[2].lower().startswith("trainval") else split_of_file(name)


def _unusable(row: int, image: AnnotatedImage, upload: Upload) -> Problem:
    if image.fault:
        return Problem(row, _("{file} cannot be used.", file=image.name), image.fault)
    why = why_missing(image.name, upload.folder) or _("The annotations name it, but it is not in the upload.")
    return Problem(row, _("There is no image '{file}'.", file=image.name[:200]), why, column="image")
