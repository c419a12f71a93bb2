"""A recording: the name of a sound file that was stored when the data was imported."""

from studio.data.fields.stored_file import StoredFile
from studio.language import _, plural

# what `studio.data.audio_files.load_audio` does, for people without the studio
READING = (
    "from math import gcd\nimport soundfile\nfrom scipy.signal import resample_poly",
    '''def read(path, rate=16000):
    """The recording in one channel at 16,000 values a second, as the model heard its examples."""
    values, own = soundfile.read(path, dtype="float32", always_2d=True)
    values = values.mean(axis=1, dtype="float32")
    if own != rate:
        values = resample_poly(values, rate // gcd(own, rate), own // gcd(own, rate)).astype("float32")
    return {"raw": values, "sampling_rate": rate}''',
)


class AudioFile(StoredFile):
    name = "audio"
    examples = ("recordings/1.wav", "recordings/2.wav", "recordings/3.wav")
    missing = _("The recording is missing.")
    bring = {
        "text": _("A table alone brings no recordings: put it and the sound files that it names into one ZIP."),
        "image": _("This task learns from recordings: bring sound files (WAV, FLAC, MP3, OGG) in one ZIP."),
        "audio": _("Bring the recordings in one ZIP."),
    }
    example = 'read("recording.wav")'
    reading = READING
    absent = _("There are no recordings in this data.")
    foreign = _("'{file}' is not a recording of this data.")
    lost = _("Recording not found")
    without = _("The recordings did not come with the table: bring both in one ZIP file.")

    def counted(self, n: int) -> str:
        return plural("{n:,} recording", "{n:,} recordings", n)
