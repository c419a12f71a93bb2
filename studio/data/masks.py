"""Masks as people bring them, stored as the studio keeps them: a PNG of the copy's size, whose values are classes.

A mask says for each pixel which class it belongs to: by a number (grey or palette) or by a colour. Numbers get the
names of a list of classes, where one comes along; colours those of a CVAT label map. Where the only numbers are 0 and
255, 255 is a class as any other; else it marks pixels that are left out, as in Pascal VOC.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from studio.data.annotations import SAME_SHAPE
from studio.data.columns import Problem
from studio.data.fields.mask import Mask
from studio.data.image_files import DECODERS, MOST_MEGAPIXELS, StoredImage
from studio.data.regions import BACKGROUND, LEFT_OUT
from studio.language import _, plural

if TYPE_CHECKING:
    import numpy
    from PIL.Image import Image

Key = int | str  # the number of a pixel, or its colour as "#rrggbb"
MOST_KEYS = 250  # in one mask
NUMBERED = ("1", "L", "P", "I", "I;16", "I;16B")  # modes of Pillow in which a pixel is a number
WORDS = frozenset(
    {"mask", "masks", "segmentation", "segmentations", "segmentationclass", "segmentationclasspng", "segmentationmask"}
    | {"label", "labels", "labelids", "annotation", "annotations", "gt", "groundtruth", "seg", "target", "targets"}
)
FOREGROUND = "foreground"
_NAME = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Outline:
    """A polygon, [(x, y), ...] in pixels, of a class."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RawMask:
    """What is known of an image's regions: a file of the upload, or outlines that were drawn on an image of `size`."""

    file: str = ""
    outlines: tuple[Outline, ...] = ()
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Masks:
    """rows: row -> its mask. names: of the numbers, in their order; colours: names of colours ("#rrggbb")."""

    rows: Mapping[int, RawMask]
    names: Sequence[str] = ()
    colours: Mapping[str, str] = field(default_factory=dict)


class UnusableMaskError(ValueError):
    """Says why a mask cannot be used."""


def is_mask_word(name: str) -> bool:
    """Whether a folder or a column is called as masks are."""
    plain = name.lower().replace("_", "").replace("-", "").replace(" ", "")
    return plain in WORDS or bool(WORDS.intersection(_NAME.findall(name.lower())))


def store_masks(
    masks: Masks, stored: Mapping[int, StoredImage], source: Path, folder: Path
) -> tuple[dict[int, str], list[Problem]]:
    """Row -> its cell. stored: row -> the copy of its image. Masks lie in `folder` / masks; those that cannot be used
    become problems."""
    found: dict[int, tuple[str, list[Key]]] = {}
    problems = []
    for row, image in stored.items():
        if row not in masks.rows:
            problems.append(Problem(row, _("There is no mask for {file}.", file=image.name), column="mask"))
            continue
        name = f"masks/{image.name}.png"
        try:
            keys = store_mask(masks.rows[row], image, source, folder / name, bool(masks.colours))
        except (UnusableMaskError, OSError) as error:
            what = _("The mask of {file} cannot be used.", file=image.name)
            problems.append(Problem(row, what, str(error), column="mask"))
            continue
        found[row] = (name, keys)
    naming = names_of((key for _unused, keys in found.values() for key in keys), masks.names, masks.colours)
    cells = {}
    for row, (name, keys) in found.items():
        cells[row] = Mask(name, tuple(naming[key] for key in keys)).as_cell()
    return cells, problems


def names_of(keys: Iterable[Key], names: Sequence[str], colours: Mapping[str, str]) -> dict[Key, str | None]:
    """What each number or colour stands for; None for pixels that are left out. Every name stands once."""
    known = set(keys)
    numbers = {key: number for key in known if (number := _grey(key)) is not None and not colours}
    if len(numbers) < len(known):  # true colours
        return {key: colours.get(str(key), key if isinstance(key, str) else f"class {key}") for key in known}
    values = set(numbers.values())
    if values <= {0, LEFT_OUT} and len(names) <= 2:
        pair = list(names) if len(names) == 2 else [BACKGROUND, names[0] if names else FOREGROUND]
        return {key: pair[bool(number)] for key, number in numbers.items()}
    most = max(values - {LEFT_OUT}, default=0)
    called = [BACKGROUND, *names] if len(names) == most and BACKGROUND not in names else list(names)
    said: dict[Key, str | None] = {}
    for key, number in numbers.items():
        usual = BACKGROUND if number == 0 and not called else f"class {number}"
        name = called[number] if number < len(called) else usual
        said[key] = None if number == LEFT_OUT and number >= len(called) else name
    return said


def _grey(key: Key) -> int | None:
    """The number that a grey colour means."""
    if isinstance(key, int):
        return key
    return int(key[1:3], 16) if key[1:3] == key[3:5] == key[5:7] else None


def store_mask(raw: RawMask, image: StoredImage, source: Path, target: Path, by_colour: bool) -> list[Key]:
    """What its values mean: number or colour by place. Raises UnusableMaskError."""
    values, keys = _drawn(raw, image) if not raw.file else _read(source / raw.file, image, by_colour)
    from PIL import Image

    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values, "L").resize(image.size, resample=0).save(target, "PNG", optimize=True)
    return keys


def _drawn(raw: RawMask, image: StoredImage) -> "tuple[numpy.ndarray, list[Key]]":
    """Outlines over a background, in their order."""
    import numpy
    from PIL import Image, ImageDraw

    width, height = raw.size or image.upright
    across, down = image.size[0] / width, image.size[1] / height
    labels = list(dict.fromkeys([BACKGROUND, *(outline.label for outline in raw.outlines)]))
    if len(labels) > MOST_KEYS:
        raise UnusableMaskError(_too_many(len(labels)))
    paper = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(paper)
    for outline in raw.outlines:
        pen.polygon([(x * across, y * down) for x, y in outline.points], fill=labels.index(outline.label))
    values = numpy.asarray(paper)
    there = [label for number, label in enumerate(labels) if (values == number).any()]
    table = numpy.zeros(256, dtype="uint8")
    for label in there:
        table[labels.index(label)] = there.index(label)
    return table[values], list(there)


def _read(path: Path, image: StoredImage, by_colour: bool) -> "tuple[numpy.ndarray, list[Key]]":
    import numpy
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=DECODERS) as opened:
            if opened.format in ("JPEG", "MPO"):
                raise UnusableMaskError(_("It is a JPEG, which blurs the borders between colours: save it as PNG."))
            if opened.width * opened.height > MOST_MEGAPIXELS * 1e6:
                raise UnusableMaskError(_("It has more than {most} million pixels.", most=MOST_MEGAPIXELS))
            mask = _upright(opened, image)
            if is_coloured := by_colour or mask.mode not in NUMBERED:
                colours = numpy.asarray(mask.convert("RGB")).astype("int64")
                codes = (colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]
            else:
                codes = numpy.asarray(mask.convert("L") if mask.mode == "1" else mask).astype("int64")
    except (UnidentifiedImageError, SyntaxError, ValueError) as error:
        if isinstance(error, UnusableMaskError):
            raise
        raise UnusableMaskError(_("The file is damaged, or no image.")) from error
    values, places = numpy.unique(codes, return_inverse=True)
    if len(values) > MOST_KEYS:
        raise UnusableMaskError(_too_many(len(values)))
    keys: list[Key] = [f"#{int(value):06x}" if is_coloured else int(value) for value in values]
    return places.reshape(codes.shape).astype("uint8"), keys


def _too_many(count: int) -> str:
    return plural(
        "It has {n:,} colour: a mask has one for each class.",
        "It has {n:,} different colours: a mask has one for each class.",
        count,
    )


def _upright(mask: "Image", image: StoredImage) -> "Image":
    """The mask turned as its image was, where it was drawn on the image as it lies in its file. Raises
    UnusableMaskError where its shape is another one."""
    from PIL.Image import Transpose

    turned = mask
    if image.orientation >= 5 and mask.size == image.raw and mask.size != image.upright:
        way = {5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270}
        way |= {7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}
        turned = mask.transpose(way[image.orientation])
    ratio, wanted = turned.width / turned.height, image.size[0] / image.size[1]
    if abs(ratio / wanted - 1) > max(SAME_SHAPE, 1.5 / min(*image.size, *turned.size)):
        sizes = {"mask": "{} x {}".format(*mask.size), "image": "{} x {}".format(*image.upright)}
        raise UnusableMaskError(_("It has {mask} pixels, and its image {image}: another shape.", **sizes))
    turned.load()
    return turned
