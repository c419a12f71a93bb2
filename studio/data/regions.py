"""Regions of an image: which pixels belong to which class, as a small PNG for each class that a page can lay over it.

A region is {"label", "share": of the image's pixels, "png": base64 of a PNG of the image's size, opaque where it is}.
"""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

Region = Mapping[str, Any]
LEFT_OUT = 255  # pixels about which nobody says anything
BACKGROUND = "background"


def regions_of(pixels: "numpy.ndarray", labels: Sequence[str | None]) -> list[dict[str, Any]]:
    """The classes in an array (height, width) of their numbers, the largest first. labels: by number."""
    import numpy

    counts = numpy.bincount(pixels.ravel(), minlength=len(labels))
    found = [
        {"label": label, "share": round(float(counts[number]) / pixels.size, 6), "png": png_of(pixels == number)}
        for number, label in enumerate(labels)
        if label is not None and counts[number]
    ]
    return sorted(found, key=lambda region: (-region["share"], region["label"]))


def png_of(there: "numpy.ndarray") -> str:
    """A PNG of two colours, one of them transparent, as base64. there: (height, width) of booleans."""
    from PIL import Image

    image = Image.fromarray(there.astype("uint8"), "L")
    image.putpalette([0, 0, 0] * 2)
    buffer = BytesIO()
    image.save(buffer, "PNG", bits=1, transparency=bytes([0, 255]), optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def there_in(png: str) -> "numpy.ndarray":
    """What `png_of` was given."""
    import numpy
    from PIL import Image

    with Image.open(BytesIO(base64.b64decode(png)), formats=("PNG",)) as image:
        return numpy.asarray(image) == 1


def pixels_of(regions: Sequence[Region], size: tuple[int, int], labels: Sequence[str]) -> "numpy.ndarray":
    """The other way: the numbers of the classes (height, width), `LEFT_OUT` where no region is. size: of the image."""
    import numpy

    width, height = size
    pixels = numpy.full((height, width), LEFT_OUT, dtype="uint8")
    numbers = {label: number for number, label in enumerate(labels)}
    for region in regions:
        pixels[there_in(region["png"])] = numbers[region["label"]]
    return pixels
