"""One recording: opening an untrusted sound file, and storing it for training and listening.

Copies are FLAC with one channel at 16,000 values a second, which is what speech models read; so no training decodes or
resamples anything large, and the browser plays them.
"""

import hashlib
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.language import _

if TYPE_CHECKING:
    import numpy

RATE = 16_000  # values a second of the copies
LONGEST = 300.0  # seconds of a recording
MOST_VALUES = 100_000_000  # of all channels of a file, before it is resampled
RATES = range(1000, 1_000_000)  # values a second of a file; the filter of others would take minutes, or gigabytes
ENDINGS = frozenset({".wav", ".wave", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au"})
UNSUPPORTED_ENDINGS = frozenset({".m4a", ".aac", ".wma", ".amr", ".caf", ".m4b"})
COPY = ".flac"
BLOCK = 1 << 18  # values of a channel that are read at once
WAVE_BARS, WAVE_SIZE, WAVE_COLOUR = 60, (240, 48), (112, 110, 214, 255)  # of the drawing


@dataclass(frozen=True)
class StoredSound:
    """A copy of a recording. name: relative to the folder of copies. content: the same for the same sound alone."""

    name: str
    seconds: float
    content: str


def load_audio(path: Path, rate: int = RATE, seconds: float | None = None) -> "numpy.ndarray":
    """One channel of float32 between -1 and 1 at `rate` values a second, of the first `seconds` or all of it.

    All code of the studio opens recordings this way. Raises StudioError when it cannot be read, or is longer than
    `LONGEST` while all of it is asked for.
    """
    import numpy
    import soundfile

    if path.suffix.lower() in UNSUPPORTED_ENDINGS:
        raise unreadable(path, _("Recordings of the kind {ending} are not supported.", ending=path.suffix))
    try:
        with path.open("rb") as stream, soundfile.SoundFile(stream) as file:
            own, length = int(file.samplerate), int(file.frames)
            if not seconds and length > LONGEST * own:
                why = _(
                    "It lasts {seconds:,.0f} seconds; at most {most:,.0f} are read.", seconds=length / own, most=LONGEST
                )
                raise unreadable(path, why, _("Cut it into pieces."))
            wanted = min(length, int(min(seconds or LONGEST, LONGEST) * own) + 1)
            if own not in RATES or wanted * file.channels > MOST_VALUES:
                raise unreadable(path, _("It holds too many channels, or an unusual number of values a second."))
            blocks = file.blocks(BLOCK, frames=wanted, dtype="float32", always_2d=True)
            parts = [block.mean(axis=1, dtype="float32") for block in blocks]
    except (StudioError, MemoryError):
        raise
    except Exception as error:  # libsndfile's words name this machine's paths, or memory
        raise unreadable(path, _("It cannot be opened as a recording: it is damaged, or something else.")) from error
    samples = numpy.concatenate(parts) if parts else numpy.zeros(0, "float32")
    if not len(samples):
        raise unreadable(path, _("It is empty."))
    samples = numpy.nan_to_num(resampled(samples, own, rate), posinf=1.0, neginf=-1.0)
    return samples[: int(seconds * rate)] if seconds else samples


def resampled(samples: "numpy.ndarray", own: int, rate: int) -> "numpy.ndarray":
    """At another number of values a second, with what would alias filtered out (a polyphase filter)."""
    if own == rate:
        return samples
    from scipy.signal import resample_poly

    common = gcd(own, rate)
    changed: numpy.ndarray = resample_poly(samples, rate // common, own // common).astype("float32")
    return changed


def store_audio(path: Path, files: Path, drawings: Path, name: str) -> StoredSound:
    """Put a copy below `files`, and a drawing of its loudness below `drawings`. Raises StudioError."""
    import numpy
    import soundfile

    from studio.data.image_files import thumbnail_of

    samples = load_audio(path)
    values = numpy.round(samples.clip(-1.0, 1.0) * 32767).astype("int16")
    name = name if name.lower().endswith(COPY) else name + COPY
    target, drawing = files / name, thumbnail_of(drawings, name)
    for each in (target, drawing):
        each.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(target, values, RATE, format="FLAC", subtype="PCM_16")
    draw_wave(samples, drawing)
    content = hashlib.blake2b(values.tobytes(), digest_size=16).hexdigest()
    return StoredSound(name, round(len(values) / RATE, 3), content)


def draw_wave(samples: "numpy.ndarray", path: Path) -> None:
    """A PNG of bars, one for the loudest moment of each of so many equal parts; transparent around them."""
    import numpy
    from PIL import Image, ImageDraw

    parts = numpy.array_split(numpy.abs(samples), min(WAVE_BARS, len(samples)))
    peaks = numpy.array([part.max() for part in parts])
    heights = peaks / max(float(peaks.max()), 1e-4)
    width, height = WAVE_SIZE
    image = Image.new("RGBA", WAVE_SIZE, (0, 0, 0, 0))
    pen, step = ImageDraw.Draw(image), width / WAVE_BARS
    for place, share in enumerate(heights):
        half = max(1.0, float(share) * (height / 2 - 1))
        left = place * step
        pen.rectangle((left, height / 2 - half, left + step - 2, height / 2 + half), fill=WAVE_COLOUR)
    image.save(path, "PNG", optimize=True)


def unreadable(path: Path, why: str, what_to_do: str = "") -> StudioError:
    how = what_to_do or _("Save it again as WAV, FLAC, MP3 or OGG.")
    return StudioError(_("The recording {file} cannot be used.", file=path.name), why, how)
