"""A sample of pictures for inspection: surfaces with a scratch, a dent, a stain, or none of these.

They are computed, not photographed, so that nobody's rights are touched: a relief and a colour for every point, lit by
a lamp and seen by a camera. Nothing but the flaw tells the class: every class has every material equally often,
and light, seams and grain are drawn without a look at it.
"""

from pathlib import Path

from studio.data.progress import Progress

PICTURES_PER_CLASS = 120
SEED = 1
QUALITY = 90


def material_of(number: int) -> str:
    """The numbers, from 1, go round the materials: the same number is the same material in every class."""
    from studio.data.surface_materials import MATERIALS

    return list(MATERIALS)[(number - 1) % len(MATERIALS)]


def write_surfaces(folder: Path, progress: Progress) -> None:
    """Write folder/CLASS/CLASS-NNN.jpg, the same every time."""
    import numpy
    from PIL import Image

    from studio.data.surface_camera import photograph
    from studio.data.surface_details import with_detail
    from studio.data.surface_flaws import FLAWS
    from studio.data.surface_materials import MATERIALS

    total = len(FLAWS) * PICTURES_PER_CLASS
    for position, (name, flaw) in enumerate(FLAWS.items()):
        target = folder / name
        target.mkdir(parents=True)
        for number in range(1, PICTURES_PER_CLASS + 1):
            progress("Taking pictures of surfaces", position * PICTURES_PER_CLASS + number - 1, total)
            # A generator of its own for each, so that a change to one material leaves the pictures of the others.
            random = numpy.random.default_rng((SEED, position, number))
            surface = with_detail(MATERIALS[material_of(number)](random), random)
            picture = Image.fromarray(photograph(flaw(surface, random), random))
            picture.save(target / f"{name}-{number:03}.jpg", quality=QUALITY)
