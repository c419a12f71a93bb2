"""The sample Machine sounds is what its recipe computes."""

import io
import zipfile

import numpy
import soundfile

from assets.recipes.machines import FAULTS, PER_CLASS, RATE, record
from studio.data.samples import SAMPLES


def test_the_recipe_computes_what_is_shipped() -> None:
    with zipfile.ZipFile(SAMPLES["machine-sounds"].path) as archive:
        names = [f"{label}/{number:02}.flac" for label in FAULTS for number in range(1, PER_CLASS + 1)]
        assert archive.namelist() == names and len(names) == SAMPLES["machine-sounds"].rows
        for name in names[:: PER_CLASS // 4]:
            label, file = name.split("/")
            heard, rate = soundfile.read(io.BytesIO(archive.read(name)))
            made = record(label, int(file.removesuffix(".flac")))
            assert rate == RATE and len(heard) == len(made)
            assert numpy.abs(heard - made).max() < 1e-4, name  # 16 bits for a value
