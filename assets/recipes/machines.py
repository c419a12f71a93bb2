"""The sample Machine sounds: a motor that runs well, and three ways in which one does not.

    python -m assets.recipes.machines [--to assets/samples/machine_sounds.zip]

Every recording is computed: a hum of the shaft and its harmonics in noise, at a speed, a loudness and a distance of its
own, and into it the sound of at most one fault, from faint to plain.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import soundfile

from assets.recipes.packing import asked_for, pack

SAMPLE = Path("assets/samples/machine_sounds.zip")
PER_CLASS = 40
RATE = 8000  # values a second
SECONDS = 1.25
TIME = numpy.arange(int(RATE * SECONDS)) / RATE
Drawn = numpy.random.Generator
Sound = numpy.ndarray


def coloured_noise(drawn: Drawn, low: float, high: float) -> Sound:
    """Noise between two frequencies, of a mean square of 1."""
    spectrum = numpy.fft.rfft(drawn.normal(size=len(TIME)))
    frequencies = numpy.fft.rfftfreq(len(TIME), 1 / RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    noise = numpy.fft.irfft(spectrum, len(TIME))
    return noise / noise.std()


def motor(drawn: Drawn, turns: float) -> Sound:
    """turns: of the shaft in a second."""
    phase = (
        2 * numpy.pi * turns * (TIME + drawn.uniform(0, 0.004) * numpy.sin(2 * numpy.pi * drawn.uniform(1, 3) * TIME))
    )
    hum = sum(drawn.uniform(0.3, 1) / n * numpy.sin(n * phase + drawn.uniform(0, 6.3)) for n in range(1, 9))
    blades = drawn.uniform(0, 0.3) * numpy.sin(int(drawn.integers(5, 12)) * phase)
    air = drawn.uniform(0.05, 0.2) * coloured_noise(drawn, 100, drawn.uniform(1500, 3500))
    return hum + blades + air


def struck(times: numpy.ndarray, strengths: numpy.ndarray, ring: Sound) -> Sound:
    """`ring` at each of `times` (seconds)."""
    pulses = numpy.zeros(len(TIME))
    numpy.add.at(pulses, (times * RATE).astype(int) % len(TIME), strengths)
    return numpy.convolve(pulses, ring)[: len(TIME)]


def ringing(drawn: Drawn, low: float, high: float, seconds: float) -> Sound:
    """What a blow leaves: a tone between two frequencies that dies away."""
    span = TIME[: int(RATE * seconds * 6)]
    return numpy.sin(2 * numpy.pi * drawn.uniform(low, high) * span) * numpy.exp(-span / seconds)


def worn_bearing(drawn: Drawn, turns: float) -> Sound:
    """A click each time a ball passes the damage, louder once a turn, when the load is on it."""
    passes = turns * drawn.uniform(2.6, 4.6)
    times = numpy.arange(0, SECONDS, 1 / passes)
    times = numpy.clip(times * (1 + drawn.normal(0, 0.002, len(times))), 0, SECONDS - 0.01)
    load = 0.6 + 0.4 * numpy.cos(2 * numpy.pi * turns * times)
    return struck(times, load * drawn.uniform(0.7, 1.3, len(times)), ringing(drawn, 1400, 3200, 0.003))


def slipping_belt(drawn: Drawn, turns: float) -> Sound:
    """A squeal that comes and goes, and slides in pitch."""
    slow = drawn.uniform(1.2, 4)
    pitch = drawn.uniform(900, 2400) * (1 + 0.08 * numpy.sin(2 * numpy.pi * slow * TIME + drawn.uniform(0, 6.3)))
    phase = 2 * numpy.pi * numpy.cumsum(pitch) / RATE
    comes = numpy.clip(numpy.sin(2 * numpy.pi * slow * TIME + drawn.uniform(0, 6.3)) + drawn.uniform(0, 0.6), 0, 1)
    return comes * (numpy.sin(phase) + 0.4 * numpy.sin(2 * phase)) * (1 + 0.2 * coloured_noise(drawn, 5, 60))


def loose_part(drawn: Drawn, turns: float) -> Sound:
    """A rattle: a few blows close together, now and then, never quite alike."""
    begins = numpy.cumsum(drawn.exponential(1 / drawn.uniform(5, 11), 30))
    times = (begins[:, None] + numpy.cumsum(drawn.uniform(0.008, 0.03, (30, 3)), axis=1)).ravel()
    times = times[times < SECONDS - 0.01]
    body = ringing(drawn, 300, 900, 0.012)
    tin = ringing(drawn, 1000, 2500, 0.006)
    strengths = drawn.uniform(0.3, 1.2, len(times))
    return struck(times, strengths, body) + struck(times, strengths, tin)


def nothing(drawn: Drawn, turns: float) -> Sound:
    return numpy.zeros(len(TIME))


FAULTS: dict[str, Callable[[Drawn, float], Sound]] = {
    "running well": nothing,
    "worn bearing": worn_bearing,
    "slipping belt": slipping_belt,
    "loose part": loose_part,
}


def record(label: str, number: int) -> Sound:
    """Values from -1 to 1. The same for the same label and number, whatever else is made."""
    drawn = numpy.random.default_rng([zlib.crc32(label.encode()), number])
    turns = drawn.uniform(22, 60)
    machine, fault = motor(drawn, turns), FAULTS[label](drawn, turns)
    if fault.any():
        machine = machine + drawn.uniform(0.05, 0.7) * fault * (machine.std() / fault.std())
    heard = machine + drawn.uniform(0.02, 0.1) * machine.std() * drawn.normal(size=len(TIME))
    return heard / numpy.abs(heard).max() * drawn.uniform(0.15, 0.6)


def play_machines() -> Iterator[tuple[str, bytes]]:
    """(LABEL/NN.flac, its content), class by class."""
    for label in FAULTS:
        for number in range(1, PER_CLASS + 1):
            file = io.BytesIO()
            soundfile.write(file, record(label, number), RATE, format="FLAC", subtype="PCM_16")
            yield f"{label}/{number:02}.flac", file.getvalue()


def main() -> None:
    pack(play_machines(), asked_for(__doc__, SAMPLE))


if __name__ == "__main__":
    main()
