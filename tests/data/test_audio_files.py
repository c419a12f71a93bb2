"""Recordings of strangers: whatever their header says, little memory and time, and a sentence."""

import struct
from pathlib import Path

import pytest

from studio.data.audio_files import load_audio
from studio.errors import StudioError


def wav(path: Path, rate: int, channels: int = 1, claimed: int = 200) -> Path:
    """A hundred values of each channel."""
    values = b"\1\0" * 100 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 % 2**32, 2 * channels % 2**16, 16)
    head = b"RIFF" + struct.pack("<I", 36 + len(values)) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
    path.write_bytes(head + b"data" + struct.pack("<I", claimed) + values)
    return path


@pytest.mark.parametrize("rate", [1, 24_999_999, 999_999_937, 2**31 - 1])
def test_the_filter_for_a_rate_that_no_recorder_has_is_never_built(tmp_path: Path, rate: int) -> None:
    with pytest.raises(StudioError, match="unusual number of values a second"):
        load_audio(wav(tmp_path / "a.wav", rate))


def test_a_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    assert len(load_audio(wav(tmp_path / "claims.wav", 16_000, claimed=2**31))) == 100
    assert len(load_audio(wav(tmp_path / "many.wav", 16_000, channels=1000, claimed=200_000))) == 100
