"""What a task is: the contract that the Data, Test and Strategy pages and the engine build on.

A task is one file here and one line in `studio.tasks`. It is imported by the UI process, so torch and
transformers are imported inside `prepare` and `predict`, which only run in a worker or inference process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.data.columns import Column, Kind, Problem
from studio.models.kind import ModelKind
from studio.options import Options

if TYPE_CHECKING:
    import numpy
    import pandas
    import torch
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Spec:
    """What `prepare` gets: the assembled rows and where the pretrained model lies.

    table: columns `row` (original number), one per task column (named as in `Task.columns`), `split`.
    files: the folder that image paths in the table are relative to.
    model_folder: a local folder in transformers format.
    changes: values of the model's config that are not as the folder has them (dropout, say).
    """

    table: "pandas.DataFrame"
    files: Path | None
    model_folder: Path
    options: Any  # the task's own Options
    seed: int
    trust_remote_code: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Prepared:
    """What the engine trains: a model whose forward takes a collated batch with `labels` and returns loss and logits.

    datasets: split -> sequence of items; an item is a dict that `collate` takes, without padding.
    lengths: split -> length of each item, where batches of like length save padding; None for fixed sizes.
    new_parameters: names of the parameters that did not come with the pretrained model (the head).
    processor: tokenizer or image processor; has `save_pretrained`.
    varying: splits whose items differ each time (augmentation): their activations cannot be cached.
    """

    model: "PreTrainedModel"
    processor: Any
    datasets: Mapping[str, Sequence[dict[str, Any]]]
    collate: "Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]"
    lengths: Mapping[str, Sequence[int]] | None
    labels: tuple[str, ...]
    new_parameters: frozenset[str]
    varying: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Predictions:
    """The model's answers on one split: logits (rows, classes), targets (rows,), in the table's order."""

    logits: "numpy.ndarray"
    targets: "numpy.ndarray"
    labels: tuple[str, ...]
    loss: float


@dataclass(frozen=True)
class Scores:
    """Metrics by their usual names, and plain data for the evaluation page.

    per_class: one dict a class: label, precision, recall, f1, support.
    confusion: [true][predicted] counts; None where it makes no sense.
    """

    metrics: dict[str, float]
    per_class: tuple[dict[str, Any], ...] = ()
    confusion: tuple[tuple[int, ...], ...] | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """One answer: the classes with their probabilities, most likely first."""

    label: str
    probabilities: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A model ready to answer."""

    model: "PreTrainedModel"
    processor: Any
    labels: tuple[str, ...]
    options: Any
    device: str = "cpu"


class Task(Protocol):
    """See the module's docstring. `name` is what run.yaml says; `sentence` is shown on the task's card."""

    name: str
    title: str
    sentence: str
    icon: str  # a name in components.icons
    headline_metric: str
    columns: tuple[Column, ...]
    input_kind: Kind
    output_kind: Kind
    model: ModelKind
    Options: type[Options]

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Plain-language problems of the rows, whose columns are already named as in `self.columns`."""
        ...

    def architectures(self) -> tuple[str, ...]:
        """Endings of model classes that already carry this task's head, e.g. `ForSequenceClassification`."""
        ...

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        """Values for the model's config that follow from the rows (`num_labels`, `id2label`). Raises StudioError."""
        ...

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        """Change a freshly built or loaded model in place; names of the parameters that this brought.

        folder: the pretrained model's. The model may be on the meta device, with shapes alone.
        """
        ...

    def prepare(self, spec: Spec) -> Prepared: ...

    def score(self, predictions: Predictions) -> Scores: ...

    def load(
        self, model_folder: Path, options: Any, trust_remote_code: bool = False, base: Path | None = None
    ) -> Bundle:
        """A finished model, as `prepare`'s was saved; an adapter is put on `base`, or the model that it names."""
        ...

    def load_untrained(
        self, base: Path, tuned: Path, initial: Path, options: Any, trust_remote_code: bool = False
    ) -> Bundle:
        """The model as it was before the first step: the pretrained one in `base` with the new weights of `initial`.

        tuned: the finished model's folder, for its labels. initial: a safetensors file, by parameter name.
        """
        ...

    def predict(self, bundle: Bundle, inputs: Sequence[Any]) -> list[Prediction]:
        """`inputs`: texts, or paths of pictures, by `input_kind`."""
        ...
