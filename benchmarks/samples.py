"""How hard the samples are: simple classifiers of scikit-learn on each, test accuracy beside chance.

python benchmarks/samples.py [--seeds 5]

Texts: TF-IDF of words and pairs of words, logistic regression. Images: 32 x 32 grey values, logistic regression.
80/20, stratified, the rows as the Data page's check leaves them with everything fixed. A sample on which these
reach 0.99 would show nothing, and one on which they stay at chance would teach nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from reporting import report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from studio.data.assembly import assemble
from studio.data.cleaning import CleaningOptions, apply_fix, available_fixes
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.data.samples import SAMPLES, Sample
from studio.paths import Home
from studio.tasks import TASKS

SIDE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    with tempfile.TemporaryDirectory() as folder:
        arms = {sample.name: [measure(sample, Home(Path(folder)), seed) for seed in seeds] for sample in SAMPLES}
    report("samples", arms, next(iter(arms)), ["accuracy", "chance", "rows"])


def measure(sample: Sample, home: Home, seed: int) -> dict[str, float]:
    imported = import_source(f"sample/{sample.name}", ReadingOptions(), home, Limits())
    inputs, labels = rows_of(sample, imported)
    kept, held_out, answers, truth = train_test_split(inputs, labels, test_size=0.2, stratify=labels, random_state=seed)
    words = imported.kind == "text"
    features: Any = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True) if words else StandardScaler()
    model = make_pipeline(features, LogisticRegression(C=10 if words else 0.01, max_iter=2000))
    accuracy = float(model.fit(kept, answers).score(held_out, truth))
    most = max(labels.count(label) for label in set(labels))
    return {"accuracy": accuracy, "chance": most / len(labels), "rows": len(labels)}


def rows_of(sample: Sample, imported: Imported) -> tuple[Any, list[str]]:
    """Texts, or (rows, pixels), with their labels."""
    task = TASKS[sample.task]
    cleaning = CleaningOptions()
    assembled = assemble(imported, DataOptions(source="-"), task.columns, task.check)
    counts = {name: sum(splits.values()) for name, splits in assembled.counts.items()}
    for each in available_fixes(cleaning, assembled.problems, counts):
        cleaning = apply_fix(cleaning, each.key, counts)
    table = assemble(imported, DataOptions(source="-", cleaning=cleaning), task.columns, task.check).table
    if imported.files is None or imported.kind == "text":
        return table["text"].tolist(), table["label"].tolist()
    return numpy.stack([pixels(imported.files / name) for name in table["image"]]), table["label"].tolist()


def pixels(path: Path) -> numpy.ndarray:
    return numpy.asarray(Image.open(path).convert("L").resize((SIDE, SIDE)), dtype="float32").ravel() / 255


if __name__ == "__main__":
    main()
