"""What tasks that listen share: the column, and recordings as a model hears them.

Every recording is heard for the same time: longer ones are cut, shorter ones end in silence. So an answer does not
depend on what else is in its batch, and Whisper, which knows no shorter time than its own, is built for this one.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.audio_files import RATES, load_audio
from studio.data.columns import Column
from studio.errors import StudioError
from studio.language import _
from studio.options import Options, setting
from studio.tasks.base import Answer, Batch, Item, Tools

if TYPE_CHECKING:
    import numpy
    import torch

AUDIO = Column(
    "audio",
    _("Recording"),
    "audio",
    _("What the model listens to: a sound file inside the ZIP."),
    hints=("audio", "recording", "sound", "file", "filename", "file_name", "path", "clip", "wav", "speech"),
)
MOST_SECONDS = 30
LAST_PART = 0.25  # of a piece, in which it may end
AT_ONCE = 16  # pieces of recordings that are written down together
MOMENT = 800  # values over which loudness is measured: a twentieth of a second
Times = list[tuple[float, float, str]]  # from which second to which one, and what is said there
STRIDE = 2  # frames of a spectrogram for each position of Whisper's encoder


class ListeningOptions(Options):
    seconds: int = setting(
        5,
        title=_("How long the model listens (in seconds)"),
        help=_("What comes later is cut off, and shorter recordings end in silence. Longer takes more time."),
        ge=1,
        le=MOST_SECONDS,
        same_model=True,
    )


def listen_for(processor: Any, seconds: int) -> None:
    """Let Whisper's feature extractor take so many seconds at most, where it takes a fixed time."""
    if hasattr(processor, "chunk_length"):
        processor.chunk_length = min(processor.chunk_length, seconds)
        processor.n_samples = processor.chunk_length * processor.sampling_rate
        processor.nb_max_frames = processor.n_samples // processor.hop_length


def shorten_encoder(model: Any, positions: int) -> None:
    """Let Whisper's encoder take so many positions at most. They are waves of fixed lengths, each place the same
    however many follow, so nothing that it learned is lost (Radford et al., 2022)."""
    if model.config.model_type != "whisper" or positions >= model.config.max_source_positions:
        return
    import torch

    encoder = model.get_encoder() if hasattr(model, "model") else model.encoder
    first = encoder.embed_positions.weight[:positions].detach().clone()
    encoder.embed_positions.weight = torch.nn.Parameter(first, requires_grad=False)
    encoder.embed_positions.num_embeddings = positions
    encoder.max_source_positions = model.config.max_source_positions = positions


def positions_of(seconds: int) -> int:
    """Of Whisper's encoder: a frame of the spectrogram every hundredth of a second."""
    return seconds * 100 // STRIDE


def values_of(processor: Any, seconds: int) -> int:
    """How many values of a recording are heard."""
    return int(getattr(processor, "n_samples", 0)) or seconds * int(processor.sampling_rate)


def heard(processor: Any, samples: "numpy.ndarray", seconds: int) -> "dict[str, torch.Tensor]":
    """What the model is called with, by name, for one recording; without the dimension of the batch."""
    most = values_of(processor, seconds)
    found = processor(
        samples[:most],
        sampling_rate=processor.sampling_rate,
        padding="max_length",
        max_length=most,
        truncation=True,
        return_tensors="pt",
    )
    return {name: values[0] for name, values in found.items()}


def between_pauses(samples: "numpy.ndarray", most: int) -> list[tuple[int, int]]:
    """Pieces of `most` values or less that make up a recording, (begin, end) each: cut where it is quietest in the last
    part of a piece, so that no word is cut in two."""
    import numpy

    pieces, begin = [], 0
    while len(samples) - begin > most:
        first = begin + int(most * (1 - LAST_PART))
        count = max(1, (begin + most - first) // MOMENT)
        parts = numpy.array_split(numpy.abs(samples[first : begin + most]), count)
        quietest = int(numpy.argmin([part.mean() for part in parts]))
        end = first + sum(len(part) for part in parts[:quietest]) + len(parts[quietest]) // 2
        pieces.append((begin, end))
        begin = end
    return [*pieces, (begin, len(samples))]


def answers_of_pieces(
    batch: Batch, write: Callable[[dict[str, Any], Sequence[Item]], list[tuple[str, Times]]]
) -> list[Answer]:
    """What is written of all pieces of each item, some at once. write: for the model's inputs and their pieces."""
    inputs = {name: value for name, value in batch.tensors.items() if name != "labels"}
    of_items = [item.get("pieces", [item]) for item in batch.items]
    pieces = [piece for some in of_items for piece in some]
    written: list[tuple[str, Times]] = []
    for start in range(0, len(pieces), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        written += write({name: value[some] for name, value in inputs.items()}, pieces[some])
    found = iter(written)
    return [_joined([next(found) for _piece in some]) for some in of_items]


def _joined(pieces: Sequence[tuple[str, Times]]) -> Answer:
    """What is written of the pieces of one recording, and when each word is said, where that is known."""
    text = " ".join(said for said, _times in pieces if said)
    times = [[round(begin, 2), round(end, 2), word] for _said, found in pieces for begin, end, word in found]
    return Answer(text, {"times": times} if times else {})


def rate_of(processor: Any) -> int:
    """How many values a second the model hears. Raises StudioError where a stranger's file says what no model hears."""
    rate = processor.sampling_rate
    if isinstance(rate, int) and rate in RATES:
        return rate
    raise StudioError(
        _("This model's settings for sound cannot be used."),
        _("They ask for {rate} values a second.", rate=str(rate)[:40]),
        _("Choose another model."),
    )


def open_sound(tools: Tools, item: Item) -> Item:
    """`audio` (a path) becomes what the model hears of it."""
    processor, seconds = getattr(tools.processor, "feature_extractor", tools.processor), tools.options.seconds
    samples = load_audio(Path(item["audio"]), rate_of(processor), seconds)
    return {**item, **heard(processor, samples, seconds)}


def open_pieces(tools: Tools, item: Item) -> Item:
    """The same for a recording of any length that is only heard: `pieces`, each with the second at which it begins and
    how many it lasts."""
    processor, seconds = getattr(tools.processor, "feature_extractor", tools.processor), tools.options.seconds
    rate = rate_of(processor)
    samples = load_audio(Path(item["audio"]), rate)
    pieces = [
        {"begin": begin / rate, "lasts": (end - begin) / rate, **heard(processor, samples[begin:end], seconds)}
        for begin, end in between_pauses(samples, values_of(processor, seconds))
    ]
    return {**item, "pieces": pieces}


def stack_sounds(items: Sequence[Item]) -> "dict[str, torch.Tensor]":
    """Opened items -> one batch of what the model hears, and labels (batch,) where there are some."""
    import torch

    names = [name for name, value in items[0].items() if isinstance(value, torch.Tensor)]
    batch = {name: torch.stack([item[name] for item in items]) for name in names}
    if "labels" in items[0]:
        batch["labels"] = torch.tensor([item["labels"] for item in items])
    return batch
