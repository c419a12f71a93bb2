"""Sort pictures into classes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Kind, Problem
from studio.data.picture_files import load_picture
from studio.models.kind import ModelKind
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.tasks.base import Bundle, Prediction, Predictions, Prepared, Scores, Spec
from studio.tasks.classification import LABEL, answers_from, class_names, label_problems, one_of, row_numbers, score

if TYPE_CHECKING:
    import pandas

IMAGE = Column(
    "image",
    "Picture",
    "image",
    "What the model looks at: a file inside the ZIP.",
    hints=("image", "file", "filename", "file_name", "path", "picture", "photo", "img", "image_path"),
)


class ImageOptions(BaseOptions):
    augment: bool = setting(
        False,
        title="Vary the pictures (augmentation)",
        help="Mirrors and crops training pictures at random, so that few examples go further. "
        "Frozen layers must then be computed anew in every pass, which is slower.",
        same_model=True,
    )


class ImageClassification:
    name = "image-classification"
    title = "Sort pictures"
    sentence = "Give each picture one of your classes: species, product, defect, kind of document."
    icon = "image"
    headline_metric = "accuracy"
    columns: tuple[Column, ...] = (IMAGE, LABEL)
    input_kind: Kind = "image"
    output_kind: Kind = "label"
    model = ModelKind("AutoModelForImageClassification", "image_processor", "image-classification", None)
    Options: type[BaseOptions] = ImageOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        return sorted((*picture_problems(table, files), *label_problems(table)), key=lambda problem: problem.row)

    def architectures(self) -> tuple[str, ...]:
        return ("ForImageClassification",)

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return one_of(class_names(table))

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        return frozenset()

    def prepare(self, spec: Spec) -> Prepared:
        from transformers import AutoModelForImageClassification, set_seed

        from studio.tasks.pictures import NormalisePictures, Pictures, Pixels, load_processor, memory_for_pictures
        from studio.tasks.pretrained import load_with_head

        set_seed(spec.seed)  # the new head's first weights
        model, labels, new = load_with_head(
            AutoModelForImageClassification,
            spec.model_folder,
            class_names(spec.table),
            spec.trust_remote_code,
            spec.changes,
        )
        processor = load_processor(spec.model_folder, model.config, spec.trust_remote_code)
        index = {label: number for number, label in enumerate(labels)}
        pixels = Pixels(processor)
        memory = memory_for_pictures() / max(1, len(spec.table))
        datasets: dict[str, Sequence[dict[str, Any]]] = {}
        for split, rows in spec.table.groupby("split", sort=False):
            datasets[str(split)] = Pictures(
                [(spec.files or Path()) / str(image) for image in rows["image"]],
                [index[str(label)] for label in rows["label"]],
                pixels,
                augment=spec.options.augment and split == "train",
                bytes_per_picture=memory,
            )
        return Prepared(
            model=model,
            processor=processor,
            datasets=datasets,
            collate=NormalisePictures(pixels),
            lengths=None,
            labels=labels,
            new_parameters=new,
            varying=frozenset({"train"} if spec.options.augment else ()),
        )

    def score(self, predictions: Predictions) -> Scores:
        return score(predictions)

    def load(
        self, model_folder: Path, options: Any, trust_remote_code: bool = False, base: Path | None = None
    ) -> Bundle:
        from transformers import AutoModelForImageClassification

        from studio.tasks.pictures import load_processor
        from studio.tasks.pretrained import labels_of, load_finished

        model = load_finished(AutoModelForImageClassification, model_folder, trust_remote_code, base)
        processor = load_processor(model_folder, model.config, trust_remote_code)
        return Bundle(model, processor, labels_of(model.config), options)

    def load_untrained(
        self, base: Path, tuned: Path, initial: Path, options: Any, trust_remote_code: bool = False
    ) -> Bundle:
        from transformers import AutoModelForImageClassification

        from studio.tasks.pictures import load_processor
        from studio.tasks.pretrained import load_with_head, restore_initial, stored_labels

        model, labels, _ = load_with_head(
            AutoModelForImageClassification, base, stored_labels(tuned), trust_remote_code
        )
        restore_initial(model, initial)
        return Bundle(model.eval(), load_processor(tuned, model.config, trust_remote_code), labels, options)

    def predict(self, bundle: Bundle, inputs: Sequence[Any]) -> list[Prediction]:
        """`inputs`: paths of pictures, answered 16 at a time."""
        import numpy
        import torch

        from studio.tasks.pictures import Pixels

        if not inputs:
            return []
        pixels, rows = Pixels(bundle.processor), []
        with torch.inference_mode():
            for start in range(0, len(inputs), 16):
                chosen = [pixels.shrink(load_picture(Path(path))) for path in inputs[start : start + 16]]
                values = pixels.normalise(torch.stack(chosen)).to(bundle.device)
                rows.append(bundle.model(pixel_values=values).logits.float().cpu().numpy())
        return answers_from(numpy.concatenate(rows), bundle.labels)


def picture_problems(table: "pandas.DataFrame", files: Path | None) -> Iterator[Problem]:
    """Rows without a picture, or whose file is not there."""
    for row, value in zip(row_numbers(table), table["image"], strict=True):
        name = "" if value is None or value != value else str(value).strip()
        if not name:
            yield Problem(int(row), "No picture", "The file name in this row is empty.", column="image")
        elif not ((files or Path()) / name).is_file():
            yield Problem(int(row), "Picture not found", f"There is no file '{name}'.", column="image")
