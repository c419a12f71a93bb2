"""A mask: which class each pixel of an image belongs to, as a PNG that was stored when the data was imported."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.named_files import NotBroughtError, find_below
from studio.data.profile import ColumnProfile
from studio.data.regions import LEFT_OUT
from studio.errors import StudioError
from studio.language import _

if TYPE_CHECKING:
    import numpy

SHAPE = '{"mask": "masks/1.png", "labels": ["background", "road"]}'


@dataclass(frozen=True)
class Mask:
    """file: a PNG of the stored image's size; its values are places in `labels`, and `LEFT_OUT`.

    labels: those that occur in it; None stands for pixels that are left out.
    """

    file: str
    labels: tuple[str | None, ...]
    folder: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(label for label in self.labels if label is not None))

    @property
    def path(self) -> Path:
        """Raises StudioError for a file that did not come with the data."""
        try:
            return find_below(self.file, [self.folder] if self.folder else [])
        except NotBroughtError as error:
            raise StudioError(_("The mask {file} is not there.", file=self.file), str(error)) from error

    def pixels(self, labels: Sequence[str]) -> "numpy.ndarray":
        """(height, width): places in `labels`, `LEFT_OUT` where nothing is said."""
        import numpy
        from PIL import Image

        with Image.open(self.path, formats=("PNG",)) as image:
            values = numpy.asarray(image)
        numbers = {label: number for number, label in enumerate(labels)}
        table = numpy.full(256, LEFT_OUT, dtype="uint8")
        for value, label in enumerate(self.labels):
            table[value] = LEFT_OUT if label is None else numbers[label]
        pixels: numpy.ndarray = table[values]
        return pixels

    def as_cell(self) -> str:
        return json.dumps({"mask": self.file, "labels": list(self.labels)}, ensure_ascii=False)


class Masks(Field):
    name = "mask"
    examples = (
        SHAPE,
        '{"mask": "masks/2.png", "labels": ["background", "road"]}',
        '{"mask": "masks/3.png", "labels": ["background", null]}',
    )
    is_plain = False
    missing = _("Nothing says what is where in the image.")
    bring = {
        "text": _("Put the images and their masks into one ZIP, in folders called images and masks."),
        "image": _(
            "Add a ZIP with two folders, images and masks: a PNG of the same name for each image, whose colours say "
            "what is where; or outlines in the format of COCO (JSON)."
        ),
        "audio": _("This task learns from images: bring those, and a mask for each."),
    }
    absent = _("Nothing in this data says what is where in the images (masks).")

    def parse(self, cell: str, files: Path | None) -> Mask:
        return read_mask(cell, files)

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        for row, cell in cells.items():
            try:
                mask = read_mask(str(cell), files)
                if files is not None:
                    mask.path  # noqa: B018 - whether it is there
            except StudioError as error:
                yield Problem(int(str(row)), error.explanation.what, error.explanation.why, column=column.name)

    def require_lesson(self, cells: pandas.Series) -> None:
        names = {name for cell in cells for name in self.classes(str(cell))}
        if len(names) < 2:
            raise StudioError(
                _("All pixels of all masks are of one class."),
                _("There is nothing to tell apart."),
                _("Use masks with two classes or more, such as background and road."),
            )

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        found = [self.classes(cell) for cell in profile.samples]
        return 25.0 if found and sum(map(bool, found)) * 2 >= len(found) else 0.0

    def classes(self, cell: str) -> tuple[str, ...]:
        try:
            return read_mask(cell).names
        except StudioError:
            return ()

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        try:
            mask = read_mask(cell)
        except StudioError:
            return cell
        return replace(mask, labels=tuple(label and names.get(label, label) for label in mask.labels)).as_cell()

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        """For each mask the rarest of the classes in it."""
        found = cells.map(lambda cell: self.classes(str(cell)))
        counts = Counter(label for labels in found for label in labels)
        return found.map(lambda labels: min(sorted(labels), key=counts.__getitem__, default="")).astype("str")


def read_mask(cell: str, files: Path | None = None) -> Mask:
    """Raises StudioError for what is none."""
    try:
        value = json.loads(cell)
        labels = value["labels"]
        mask = Mask(value["mask"], tuple(labels), files)
        is_right = isinstance(mask.file, str) and all(isinstance(label, str | None) for label in labels)
    except (ValueError, RecursionError, TypeError, KeyError):
        is_right = False
    if not is_right or len(mask.labels) > LEFT_OUT:
        raise StudioError(
            _("'{cell}' is no mask.", cell=cell[:60]),
            _("Masks are images that come in a ZIP together with those that they belong to."),
            _("Bring both in one ZIP, in folders called images and masks."),
        )
    return mask
