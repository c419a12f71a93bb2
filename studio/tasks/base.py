"""What a task is: encode rows, answer batches, score answers. The engine and the pages know nothing else of one.

A task is one file here and one line in `studio.tasks`. It says which fields it takes, which model class it wants,
how a row becomes numbers, how a batch is answered, and how answers are scored; the engine loads, prepares, trains,
evaluates and predicts. The page's process imports it, so torch and transformers are imported inside the methods,
which run in a worker or inference process.

    class ReviewScore(Task):
        name, title, sentence, icon, group = "review-score", "Predict the score", "...", "text", "Texts"
        inputs, targets = (TEXT,), (SCORE,)
        answer_kind, headline = "number", "rmse"
        model = ModelKind("AutoModelForSequenceClassification", "tokenizer", "text-classification")

        def configure(self, table, options): return {"num_labels": 1, "problem_type": "regression"}
        def encode(self, tools, rows): ...
        ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS
from studio.data.fields.base import Field
from studio.language import _, packed, unpacked
from studio.metrics import metric_named
from studio.metrics.intervals import Interval
from studio.models.kind import ModelKind
from studio.models.settings_files import label_names
from studio.options import Options

if TYPE_CHECKING:
    import pandas
    import torch

Row = Mapping[str, Any]
"""A row's values by column name, as their fields parse them. For a prediction the inputs alone."""
Item = dict[str, Any]
"""An encoded row: plain values (numbers, strings, lists of them), so that millions fit on the disk."""
Marks = tuple[str, ...]
"""Words for what happened with a row, such as "cat → dog". What is clicked in a view selects the rows with its mark."""
RIGHT, WRONG = "right", "wrong"  # marks that every scorer may set


@dataclass(frozen=True)
class Tools:
    """What a task works with besides rows.

    processor: tokenizer, image processor or the like. config: the model's. options: the task's own.
    """

    processor: Any
    config: Any
    options: Any

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the model's outputs, in their order."""
        names: Mapping[int, str] = self.config.id2label
        return tuple(str(names[index]) for index in sorted(names))


@dataclass
class Batch:
    """tensors: what the model is called with, by name; values are tensors, or lists of dicts of tensors.

    items: the encoded rows that they were made of, for what tensors cannot hold (the text, an image's size).
    """

    tensors: dict[str, Any]
    items: Sequence[Item]


@dataclass
class Loss:
    """total: summed over so many `units` (rows, tokens, boxes), a scalar with gradients. outputs: the model's.

    Sums and counts of several batches add up, so the mean does not depend on how rows are cut into batches.
    """

    total: "torch.Tensor"
    units: "torch.Tensor"
    outputs: Any = None

    @property
    def mean(self) -> "torch.Tensor":
        return self.total / self.units.clamp(min=1e-12)

    @classmethod
    def of_mean(cls, mean: "torch.Tensor", units: float, outputs: Any = None) -> "Loss":
        """From a mean that a model computed over so many units."""
        return cls(mean * units, mean.new_tensor(float(units)), outputs)


@dataclass(frozen=True)
class Answer:
    """What a model says to one row. value and details: plain JSON; `Task.answer_kind` says how they are drawn."""

    value: Any
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "details": dict(self.details)}


@dataclass(frozen=True)
class View:
    """One view of the scores. kind: who draws it (`studio.app.views`), from `data`, which is plain JSON."""

    kind: str
    title: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Scores:
    """metrics: by names of `studio.metrics`. views: what the Test page draws.

    intervals: what the headline's number is worth, and others' where that is known, by the same names.
    remarks: sentences without which the metrics would be misread.
    """

    metrics: dict[str, float]
    views: tuple[View, ...] = ()
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON, its texts packed; `all_unpacked` gives them back."""
        return all_packed(
            {
                "metrics": self.metrics,
                "views": [asdict(view) for view in self.views],
                "intervals": {name: asdict(interval) for name, interval in self.intervals.items()},
                "remarks": list(self.remarks),
            }
        )


def all_packed(structure: Any) -> Any:
    if isinstance(structure, str):
        return packed(structure)
    if isinstance(structure, Mapping):
        return {key: all_packed(value) for key, value in structure.items()}
    return [all_packed(value) for value in structure] if isinstance(structure, list | tuple) else structure


def all_unpacked(structure: Any) -> Any:
    if isinstance(structure, dict):
        if isinstance(structure.get("en"), str):
            return unpacked(structure)
        return {key: all_unpacked(value) for key, value in structure.items()}
    return [all_unpacked(value) for value in structure] if isinstance(structure, list) else structure


class Scorer(Protocol):
    """Takes answers as they come, so that no split's outputs are ever all in memory."""

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        """Count the answers to these rows (with their targets); returns the marks of each."""
        ...

    def scores(self) -> Scores:
        """Of everything added so far. Without any row the metrics are empty."""
        ...


Collate = Callable[[list[Item]], dict[str, Any]]
"""Opened items -> the tensors of a batch. May draw random numbers (torch's) where training varies its examples."""


class Task:
    """The contract; what most tasks have no need for answers with "nothing" here.

    name: what run.yaml says. sentence: on the task's card. icon: a name in components.icons. group: its heading.
    inputs, targets: the columns that it asks for. answer_kind: a name in `studio.app.answers`.
    headline: the metric that decides which step is best. traits: "classes" where logits (..., classes) under labels
    (-100: left out) are learned, "images" where `pixel_values` can be mixed, "generates" where answering is slow.
    names_outputs: whether the outputs of its models have names, usually those of classes.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    icon: ClassVar[str]
    group: ClassVar[str]
    inputs: ClassVar[tuple[Column, ...]]
    targets: ClassVar[tuple[Column, ...]]
    answer_kind: ClassVar[str]
    headline: ClassVar[str]
    traits: ClassVar[frozenset[str]] = frozenset()
    model: ClassVar[ModelKind]
    names_outputs: ClassVar[bool] = True
    Options: ClassVar[type[Options]] = Options

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.inputs, *self.targets)

    @property
    def readings(self) -> tuple[tuple[str, ...], ...]:
        """The names of the inputs that a model reads together, for each time that it reads a row."""
        return (tuple(column.name for column in self.inputs),)

    def counted(self, n: int) -> str:
        """So many examples: images, texts, recordings; rows where one is made of several of these."""
        return (FIELDS[self.inputs[0].kind] if len(self.inputs) == 1 else Field()).counted(n)

    # --- before training; no torch ----------------------------------------------------------------

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """What is wrong with rows whose cells are each right on their own. table: `row`, and the task's columns."""
        return []

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        """Values for the model's config that follow from the rows (`num_labels`, `id2label`). Raises StudioError."""
        return {}

    def classes(self, outputs: Sequence[str]) -> Sequence[str]:
        """The classes that an answer may name, from the names of a model's outputs."""
        return outputs if self.names_outputs else ()

    def summary(self, labels: Sequence[str]) -> str:
        """What a finished model does, in one sentence for its card. labels: names of its outputs."""
        return self.sentence

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What `pipeline` of transformers must be told to answer as the studio does. config: the saved model's.

        An exported tokenizer says itself after how many tokens texts are cut.
        """
        return {}

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        """Where transformers has no `pipeline` for the task: imports, and definitions with a function `ask` that uses
        `model` and `processor`, as Python. config: the saved model's."""
        return "", ""

    def question(self, examples: Sequence[str]) -> str:
        """What stands between the brackets of `ask(...)`. examples: one for each input (`Field.example`), as Python."""
        return examples[0]

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What `configure` gave, read back from a finished model's config.json."""
        if not self.names_outputs:
            return {}
        labels = {int(index): label for index, label in label_names(config).items()}
        known = {
            "id2label": labels,
            "label2id": config.get("label2id") or {label: index for index, label in labels.items()},
            "problem_type": config.get("problem_type"),
        }
        return {key: value for key, value in known.items() if value} | ({"num_labels": len(labels)} if labels else {})

    # --- in a process with torch ------------------------------------------------------------------

    def fit(self, folder: Path, config: Any, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """`values` for the config of the pretrained model in a folder, as far as they depend on which one it is.
        config: its own."""
        return values

    def prepare_processor(self, processor: Any, options: Any) -> None:
        """Change a pretrained model's tokenizer or image processor in place; it is saved with the finished model."""

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        """Change a freshly built or loaded model in place; names of the parameters that this added.

        folder: the pretrained model's. The model may be on the meta device, with shapes alone.
        """
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        """Rows -> items, one each; without targets where the rows have none. Called with a thousand rows or so."""
        raise NotImplementedError

    def pack(self, tools: Tools, items: Sequence[Item]) -> Sequence[Item]:
        """What is trained on instead of the items of so many training rows, where these are not learned one by one."""
        return items

    def open(self, tools: Tools, item: Item) -> Item:
        """What `collate` needs of an item that only names it: its image decoded. May run in another thread."""
        return item

    def length(self, item: Item) -> int | None:
        """How long an item is, where padding makes batches of like length faster."""
        return len(item["input_ids"]) if "input_ids" in item else None

    def varies(self, tools: Tools) -> bool:
        """Whether training examples differ each time they are seen."""
        return False

    def collate(self, tools: Tools, training: bool) -> Collate:
        """How items become a batch. training: vary them where the options ask for it."""
        raise NotImplementedError

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Usually the model's own."""
        outputs = model(**batch.tensors)
        return Loss.of_mean(outputs.loss, len(batch.items), outputs)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        """One answer an item. outputs: the model's for this batch, where the engine has them already."""
        raise NotImplementedError

    def known(self, options: Any, table: "Callable[[], pandas.DataFrame]") -> Sequence[Row]:
        """Rows that every answer of a finished model depends on, such as a catalogue that is searched in. They are
        answered once, and handed to `conclude`. table: reads the rows that the run used."""
        return ()

    def alongside(self, tools: Tools) -> Sequence[Row]:
        """Rows that are answered besides those of a split while it is scored, and handed to `conclude` behind them:
        what may be found though nobody asks for it there."""
        return ()

    def conclude(self, answers: Sequence[Answer], known: Sequence[Answer]) -> list[Answer]:
        """What is said in the end, where the answer to a row depends on other rows: while a split is scored on all of
        it and what is answered alongside, afterwards on those of `known`. What `answer` gave may hold more than JSON
        until then."""
        return list(answers)

    def scorer(self, tools: Tools) -> Scorer:
        raise NotImplementedError

    def metrics_of(self, loss: float) -> dict[str, float]:
        """Metrics that follow from the mean loss of a whole split, which is known even where few rows are answered."""
        return {}

    def settles(self, tools: Tools) -> bool:
        """Whether `settle` decides anything; all of the validation split is answered once more for it."""
        return False

    def settle(self, tools: Tools, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
        """Called once after training, with the answers to the validation split, which may be empty: what is decided
        by these (a threshold) goes into `tools.config`, which is saved with the model."""

    def beside(self, table: "pandas.DataFrame") -> tuple[str, ...]:
        """What the plainest other way of solving it reaches on the rows that the model is judged by (test, else
        validation), in sentences. Called once after training. table: the rows of the run with their `split`."""
        return ()

    # --- the results ------------------------------------------------------------------------------

    def verdict(self, scores: Mapping[str, Any]) -> str:
        """How good the model is, in plain words. scores: of one split, as they are stored (`Scores.as_dict`)."""
        metric = metric_named(self.headline)
        return _("{metric}: {value}.", metric=metric.title, value=metric.text(scores["metrics"][self.headline]))

    def finish(self, model: Any, tools: Tools) -> None:
        """Called once after training: convert the model so that plain transformers gives the same answers."""


@runtime_checkable
class Refers(Protocol):
    """A task whose loss compares with what the model says before its first step."""

    def refer(self, model: Any, batch: Batch) -> list[Item]:
        """What is kept of that, to be added to each item."""
        ...


@runtime_checkable
class Streams(Protocol):
    """A task whose answer can be read while it is written."""

    def stream(self, tools: Tools, model: Any, batch: Batch, tell: Callable[[str], None]) -> Answer:
        """The answer to a batch of one item. tell: called with what is written so far, again and again."""
        ...
