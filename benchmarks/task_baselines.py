"""What anyone would try first: plain methods that learn from a run's training rows and are judged on its test rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas


@dataclass(frozen=True)
class Baseline:
    """score: (the rows with their splits, the folder of their files) -> what it reaches on the test rows."""

    title: str
    score: Callable[[pandas.DataFrame, Path | None], float]


def _accuracy(table: pandas.DataFrame, inputs: Callable[[pandas.DataFrame], Any], prepared: Any) -> float:
    """Of a logistic regression on `inputs` of the rows, as `prepared` changes them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train, test = table[table["split"] == "train"], table[table["split"] == "test"]
    model = make_pipeline(prepared, LogisticRegression(C=10, max_iter=1000))
    return float(model.fit(inputs(train), train["label"]).score(inputs(test), test["label"]))


def _word_counts(table: pandas.DataFrame, files: Path | None) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return _accuracy(table, lambda rows: rows["text"], TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True))


def _word_overlap(table: pandas.DataFrame, files: Path | None) -> float:
    """By the likeness of the two texts' weighed word counts, and a threshold learned on it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    train = table[table["split"] == "train"]
    first, second = [name for name in table.columns if name in ("first", "second")]
    weighed = TfidfVectorizer(sublinear_tf=True).fit(pandas.concat([train[first], train[second]]))

    def likeness(rows: pandas.DataFrame) -> numpy.ndarray:
        both = weighed.transform(rows[first]).multiply(weighed.transform(rows[second]))
        return numpy.asarray(both.sum(axis=1)).reshape(-1, 1)

    return _accuracy(table, likeness, StandardScaler())


def _spectrum(table: pandas.DataFrame, files: Path | None) -> float:
    """On the loudness of 32 heights in each eighth of a recording."""
    from scipy.signal import spectrogram
    from sklearn.preprocessing import StandardScaler

    from studio.data.audio_files import load_audio

    def described(name: str) -> numpy.ndarray:
        assert files is not None
        _heights, _times, power = spectrogram(load_audio(files / name, 8000), 8000, nperseg=256, noverlap=128)
        parts = numpy.array_split(numpy.log(power[1:129] + 1e-8), 8, axis=1)
        return numpy.concatenate([part.mean(axis=1).reshape(32, 4).mean(axis=1) for part in parts if part.shape[1]])

    def of_rows(rows: pandas.DataFrame) -> numpy.ndarray:
        found = [described(name) for name in rows["audio"]]
        return numpy.stack([numpy.pad(each, (0, 256 - len(each))) for each in found])

    return _accuracy(table, of_rows, StandardScaler())


def _thumbnails(table: pandas.DataFrame, files: Path | None) -> float:
    """On the colours of 16 x 16 pixels."""
    from sklearn.preprocessing import StandardScaler

    from studio.data.image_files import load_image

    def of_rows(rows: pandas.DataFrame) -> numpy.ndarray:
        assert files is not None
        return numpy.stack([numpy.asarray(load_image(files / name).resize((16, 16))).ravel() for name in rows["image"]])

    return _accuracy(table, of_rows, StandardScaler())


def _copy(table: pandas.DataFrame, files: Path | None) -> float:
    """chrF of the source as it stands; on the scale of the studio's metric."""
    from sacrebleu import corpus_chrf

    test = table[table["split"] == "test"]
    return float(corpus_chrf(list(test["source"]), [list(test["target"])]).score)


def _boosting(table: pandas.DataFrame, files: Path | None) -> float:
    """Accuracy where there are classes, else the root of the mean squared error."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import root_mean_squared_error

    from studio.tasks.tabular import boosting_data

    target = next(name for name in ("label", "value", "target") if name in table)
    data = boosting_data(table, target)
    assert data is not None
    seen, right, judged, wanted = data
    if target == "label":
        return float(HistGradientBoostingClassifier(random_state=0).fit(seen, right).score(judged, wanted))
    boosted = HistGradientBoostingRegressor(random_state=0).fit(seen, right.astype(float))
    return float(root_mean_squared_error(wanted.astype(float), boosted.predict(judged)))


WORD_COUNTS = Baseline("word counts (TF-IDF, pairs too), logistic regression", _word_counts)
WORD_OVERLAP = Baseline("likeness of word counts (TF-IDF), logistic regression", _word_overlap)
SPECTRUM = Baseline("spectrum in eighths, logistic regression", _spectrum)
THUMBNAILS = Baseline("16 x 16 pixels, logistic regression", _thumbnails)
COPY = Baseline("the source, copied", _copy)
BOOSTING = Baseline("gradient boosting", _boosting)
