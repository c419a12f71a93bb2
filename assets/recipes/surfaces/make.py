"""The sample Surface inspection: images of surfaces with a scratch, a dent, a stain, or none of these.

    python -m assets.recipes.surfaces.make [--to assets/samples/surface_inspection.zip]

They are computed, not photographed, so that nobody's rights are touched: a relief and a colour for every point, lit by
a lamp and seen by a camera. Nothing but the flaw tells the class: every class has every material equally often,
and light, seams and grain are drawn without a look at it.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy
from PIL import Image

from assets.recipes.packing import asked_for, pack
from assets.recipes.surfaces.camera import photograph
from assets.recipes.surfaces.details import with_detail
from assets.recipes.surfaces.flaws import FLAWS
from assets.recipes.surfaces.materials import MATERIALS

SAMPLE = Path("assets/samples/surface_inspection.zip")
PER_CLASS = 120
SEED = 1
QUALITY = 90


def material_of(number: int) -> str:
    """The numbers, from 1, go round the materials: the same number is the same material in every class."""
    return list(MATERIALS)[(number - 1) % len(MATERIALS)]


def draw_surfaces(per_class: int = PER_CLASS, seed: int = SEED) -> Iterator[tuple[str, bytes]]:
    """(CLASS/CLASS-NNN.jpg, its content), class by class, the same every time."""
    for position, name in enumerate(FLAWS):
        for number in range(1, per_class + 1):
            yield f"{name}/{name}-{number:03}.jpg", draw_surface(position, number, seed)


def draw_surface(position: int, number: int, seed: int = SEED) -> bytes:
    """A JPEG of one surface with the flaw at this position of FLAWS."""
    # A generator of its own for each, so that a change to one material leaves the images of the others.
    random = numpy.random.default_rng((seed, position, number))
    surface = with_detail(MATERIALS[material_of(number)](random), random)
    flaw = list(FLAWS.values())[position]
    file = io.BytesIO()
    Image.fromarray(photograph(flaw(surface, random), random)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def main() -> None:
    pack(draw_surfaces(), asked_for(__doc__, SAMPLE))


if __name__ == "__main__":
    main()
