"""Mark regions in images: which class each pixel belongs to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.mask import Mask, read_mask
from studio.data.image_files import load_image
from studio.data.regions import LEFT_OUT, regions_of
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import Options, setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.classes import label_maps, name_classes
from studio.tasks.images import IMAGE, pixels_of
from studio.tasks.mask_sets import AUTO_CLASS, class_shares, marks_sets, require_known, set_loss
from studio.tasks.regions import RegionScorer, region_verdict

if TYPE_CHECKING:
    import pandas
    import torch

MASK = Column(
    "mask",
    _("Mask"),
    "mask",
    _("What is where: an image as large, whose colours stand for classes."),
    hints=("mask", "segmentation", "label", "labels", "annotation"),
    examples=("masks/1.png", "masks/2.png", "masks/3.png"),
)
TAG = "image-segmentation"  # on the Hub


class SegmentationOptions(Options):
    image_size: int = setting(
        256,
        title=_("Side of the images (in pixels)"),
        help=_("Every image is resized to a square of this side. Small things need a large one, and more time."),
        ge=32,
        le=2048,
        same_model=True,
    )


class ImageSegmentation(Task):
    """For models with an output for every class at every place (SegFormer, DeepLab, UPerNet, DPT, ...), and for
    Mask2Former."""

    name = "image-segmentation"
    title = _("Mark regions")
    sentence = _("Colour in what is where, to the pixel: damage, tissue, roads, fields.")
    icon = "region"
    group = _("Images")
    inputs = (IMAGE,)
    targets = (MASK,)
    answer_kind = "regions"
    headline = "miou"
    model = ModelKind("AutoModelForSemanticSegmentation", "image_processor", TAG, None, (TAG,), others=(AUTO_CLASS,))
    Options = SegmentationOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        FIELDS[MASK.kind].require_lesson(table["mask"])
        return label_maps(sorted({name for cell in table["mask"] for name in read_mask(cell).names}))

    def summary(self, labels: Sequence[str]) -> str:
        return f"Marks in images what is where, pixel by pixel: {name_classes(labels)}."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"subtask": "semantic"}

    def prepare_processor(self, processor: Any, options: Any) -> None:
        """Squares of one size: a pixel lies at the same place of its image in every batch."""
        processor.do_resize, processor.do_center_crop, processor.do_pad = True, False, False
        if hasattr(processor, "do_reduce_labels"):
            processor.do_reduce_labels = False
        processor.size = type(processor.size)(height=options.image_size, width=options.image_size)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        """Without a second head, which only helps while a model learns for very long."""
        require_known(model, folder)
        if getattr(model, "auxiliary_head", None) is not None:
            model.auxiliary_head = None
            model.config.use_auxiliary_head = False
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [{"image": str(row["image"]), **self._target(row)} for row in rows]

    def _target(self, row: Row) -> Item:
        if "mask" not in row:
            return {}
        mask: Mask = row["mask"]
        return {"mask": mask.file, "values": list(mask.labels), "folder": str(mask.folder or "")}

    def open(self, tools: Tools, item: Item) -> Item:
        image = load_image(Path(item["image"]))
        opened = {"image": item["image"], "height": image.height, "width": image.width}
        opened["pixel_values"] = pixels_of(tools.processor).shrink(image)
        if "mask" in item:
            mask = Mask(item["mask"], tuple(item["values"]), Path(item["folder"]))
            opened["labels"] = _labels(mask, tools.labels, tuple(opened["pixel_values"].shape[-2:]))
        return opened

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        pixels = pixels_of(tools.processor)

        def stack(items: list[Item]) -> dict[str, Any]:
            batch = {"pixel_values": pixels.normalise(torch.stack([item["pixel_values"] for item in items]))}
            if "labels" in items[0]:
                batch["labels"] = torch.stack([item["labels"] for item in items])
            return batch

        return stack

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Cross-entropy of the pixels about which the masks say something; the units are these."""
        if marks_sets(model.config):
            return set_loss(model, batch)
        from torch.nn import functional

        pixels, labels = batch.tensors["pixel_values"], batch.tensors["labels"]
        if model.training and len(pixels) == 1:  # of a single value a batch normalisation knows no spread
            pixels = pixels.repeat(2, 1, 1, 1)
        outputs = model(pixel_values=pixels)
        logits = outputs.logits[: len(labels)]
        logits = functional.interpolate(logits.float(), labels.shape[-2:], mode="bilinear", align_corners=False)
        total = functional.cross_entropy(logits, labels, ignore_index=LEFT_OUT, reduction="sum")
        return Loss(total, (labels != LEFT_OUT).sum().to(total.dtype), outputs)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        shares = class_shares(outputs) if outputs is not None else None
        if shares is None or len(shares) != len(batch.items):
            outputs = model(pixel_values=batch.tensors["pixel_values"])
            shares = class_shares(outputs)
        sizes = [_size(item) for item in batch.items]
        sure = shares.amax(dim=1).mean(dim=(1, 2)).tolist()
        found = tools.processor.post_process_semantic_segmentation(outputs, target_sizes=sizes)
        return [
            Answer(regions_of(pixels.cpu().numpy(), tools.labels), {"width": width, "height": height, "score": score})
            for pixels, (height, width), score in zip(found, sizes, sure, strict=True)
        ]

    def scorer(self, tools: Tools) -> Scorer:
        return RegionScorer(tools.labels)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return region_verdict(scores) or super().verdict(scores)


def _size(item: Item) -> tuple[int, int]:
    """(height, width); from its file where the item was not opened, because its frozen layers were computed before."""
    if "height" in item:
        return int(item["height"]), int(item["width"])
    image = load_image(Path(item["image"]))
    return image.height, image.width


def _labels(mask: Mask, labels: Sequence[str], size: tuple[int, ...]) -> "torch.Tensor":
    """(height, width) of `size`: places in `labels`."""
    import torch
    from PIL import Image

    pixels = Image.fromarray(mask.pixels(labels), "L").resize((size[1], size[0]), resample=0)
    return torch.frombuffer(bytearray(pixels.tobytes()), dtype=torch.uint8).reshape(size).long()
