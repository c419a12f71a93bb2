"""The models that are offered first: a short, hand-picked list for each task, good ones of several sizes.

All of them store safetensors. Figures are those of the models' pages on the Hub; download_bytes is the
size of the weights file, compute is multiply-adds for one token (text) or one image (image), 0 for a recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from studio.language import _

MEGABYTE = 1000**2
MILLION = 1000**2


@dataclass(frozen=True)
class ModelCard:
    """A model as the first page shows it.

    reads: languages, or the side of the images it was trained on; of a model that listens, what it heard.
    sentence: what it is good at, for a person who knows no model by name.
    download_bytes: 0 where nothing is downloaded.
    """

    id: str
    title: str
    sentence: str
    licence: str
    parameters: int
    download_bytes: int
    tasks: tuple[str, ...]
    reads: str
    compute: int

    @property
    def is_on_hub(self) -> bool:
        return not self.id.startswith("starter/")


def _card(
    tasks: tuple[str, ...], id: str, title: str, licence: str, millions: float, megabytes: float, compute: float,
    reads: str, sentence: str,
) -> ModelCard:  # fmt: skip
    parameters, download = round(millions * MILLION), round(megabytes * MEGABYTE)
    return ModelCard(id, title, sentence, licence, parameters, download, tasks, reads, round(compute * MILLION))


_TEXT = (
    *("text-classification", "text-labels", "text-regression", "token-classification"),
    *("text-pairs", "text-similarity", "search", "recommendation", "extractive-qa"),
    *("multiple-choice", "tabular-classification", "tabular-regression"),
)
_IMAGE = ("image-classification", "image-labels", "image-regression")
_LANGUAGE = ("text-generation", "chat", "preference")
_DETECTION = ("object-detection",)
_SEGMENTATION = ("image-segmentation",)
_SEEING = ("image-captioning", "visual-question-answering")
_WRITING = ("translation", "summarization")
_SOUNDS = ("audio-classification", "speech-recognition")

# task, id, title, licence, parameters (millions), download (MB), compute (millions of multiply-adds), reads, sentence
CATALOG: tuple[ModelCard, ...] = (
    _card(
        _TEXT, "starter/text", "MiniLM L6", "Apache-2.0", 22.7, 0, 10.6, _("English"),
        _("Included, small and quick: the best first try on a laptop."),
    ),
    _card(
        _LANGUAGE, "starter/gpt", "Old books", "Apache-2.0", 4.5, 0, 4.2, _("English"),
        _("Included: a tiny writer of old English prose; it learns a manner of writing, and knows nothing."),
    ),
    _card(
        _LANGUAGE, "HuggingFaceTB/SmolLM2-135M-Instruct", "SmolLM2 135M", "Apache-2.0", 134.5, 269, 134, _("English"),
        _("Small, and knows how a chat goes: the best first try on a laptop."),
    ),
    _card(
        _LANGUAGE, "HuggingFaceTB/SmolLM2-360M-Instruct", "SmolLM2 360M", "Apache-2.0", 362, 724, 362, _("English"),
        _("Answers better than the smaller one, at nearly three times the cost."),
    ),
    _card(
        _LANGUAGE, "Qwen/Qwen2.5-0.5B-Instruct", "Qwen2.5 0.5B", "Apache-2.0", 494, 988, 494, _("29 languages"),
        _("Writes in many languages; wants a GPU when all of it is trained."),
    ),
    _card(
        _TEXT, "distilbert/distilbert-base-uncased", "DistilBERT", "Apache-2.0", 67, 268, 42.5, _("English"),
        _("A well-tried small model: nearly as good as BERT at half the cost."),
    ),
    _card(
        _TEXT, "google-bert/bert-base-uncased", "BERT base", "Apache-2.0", 110, 440, 85, _("English"),
        _("The classic that others are compared with."),
    ),
    _card(
        _TEXT, "FacebookAI/roberta-base", "RoBERTa base", "MIT", 125, 499, 85, _("English"),
        _("Stronger than BERT at the same cost; keeps capitals and punctuation in mind."),
    ),
    _card(
        _TEXT, "answerdotai/ModernBERT-base", "ModernBERT base", "Apache-2.0", 149, 599, 110, _("English and code"),
        _("The newest of this size: accurate, and reads texts of many pages."),
    ),
    _card(
        _TEXT, "sentence-transformers/all-mpnet-base-v2", "MPNet sentences", "Apache-2.0", 109, 438, 85, _("English"),
        _("Knows what sentences mean as a whole: strong with few examples and with a new head only."),
    ),
    _card(
        _TEXT, "distilbert/distilbert-base-multilingual-cased", "DistilBERT multilingual", "Apache-2.0", 135, 542,
        42.5, _("104 languages"), _("Small, for texts that are not English or of several languages."),
    ),
    _card(
        _TEXT, "FacebookAI/xlm-roberta-base", "XLM-RoBERTa base", "MIT", 278, 1120, 85, _("100 languages"),
        _("The strongest here for other languages; a large download."),
    ),
    _card(
        _WRITING, "google-t5/t5-small", "T5 small", "Apache-2.0", 60.5, 242, 44, _("English, German, French, Romanian"),
        _("The smallest that translates and summarises before it is taught: the best first try on a laptop."),
    ),
    _card(
        _WRITING, "google-t5/t5-base", "T5 base", "Apache-2.0", 223, 892, 198, _("English, German, French, Romanian"),
        _("The same in larger: better texts, for four times the time."),
    ),
    _card(
        _WRITING, "google/flan-t5-base", "FLAN-T5 base", "Apache-2.0", 248, 990, 200, _("English and a few others"),
        _("Taught a thousand tasks already; learns a new one from few examples."),
    ),
    _card(
        ("summarization",), "facebook/bart-base", "BART base", "Apache-2.0", 139, 558, 99, _("English"),
        _("Reads a text whole and writes it anew: strong for summaries and headlines."),
    ),
    _card(
        ("summarization",), "facebook/bart-large-cnn", "BART large CNN", "MIT", 406, 1630, 355, _("English"),
        _("Summarises news already; wants a GPU when it is trained."),
    ),
    _card(
        _IMAGE, "starter/photo", "EfficientNet-Lite0", "Apache-2.0", 4.7, 0, 390, "224 px",
        _("Included, and knows a thousand everyday things: the best first try for photographs."),
    ),
    _card(
        _IMAGE, "starter/image", "Small ResNet", "Apache-2.0", 1.7, 0, 76, "128 px",
        _("Included, and quick: for shapes, surfaces and drawings; for photographs take one of the others."),
    ),
    _card(
        _IMAGE, "google/mobilenet_v2_1.0_224", "MobileNet V2", _("other (see its page)"), 3.5, 14.2, 300, "224 px",
        _("Tiny and quick, made for phones: the best first try on a laptop."),
    ),
    _card(
        _IMAGE, "microsoft/resnet-18", "ResNet-18", "Apache-2.0", 11.7, 46.8, 1820, "224 px",
        _("Small and dependable; learns well from scratch or from few images."),
    ),
    _card(
        _IMAGE, "microsoft/resnet-50", "ResNet-50", "Apache-2.0", 25.6, 102, 4100, "224 px",
        _("The classic that others are compared with."),
    ),
    _card(
        _IMAGE, "facebook/dinov2-small", "DINOv2 small", "Apache-2.0", 22.1, 88.2, 5700, "224 px",
        _("Sees fine differences between things it was never told about: strong with a new head only."),
    ),
    _card(
        _IMAGE, "microsoft/swin-tiny-patch4-window7-224", "Swin tiny", "Apache-2.0", 28.3, 113, 4500, "224 px",
        _("Accurate for its size, on scenes as well as on single things."),
    ),
    _card(
        _IMAGE, "google/vit-base-patch16-224", "ViT base", "Apache-2.0", 86.6, 346, 17600, "224 px",
        _("A large all-rounder; wants a GPU when all of it is trained."),
    ),
    _card(
        _SOUNDS, "starter/speech", "Whisper tiny (English)", "MIT", 37.8, 0, 0, _("English speech"),
        _("Small and quick: the best first try for spoken words on a laptop."),
    ),
    _card(
        _SOUNDS, "openai/whisper-base", "Whisper base", "Apache-2.0", 72.6, 290, 0, _("speech in 99 languages"),
        _("Hears what is said in whatever language, in noise too."),
    ),
    _card(
        ("audio-classification",), "MIT/ast-finetuned-audioset-10-10-0.4593", "AST", "BSD-3-Clause", 86.6, 346, 0,
        _("all kinds of sounds"), _("Knows 527 kinds of sounds: for machines, animals, music and streets."),
    ),
    _card(
        _SOUNDS, "facebook/wav2vec2-base-960h", "wav2vec2 base", "Apache-2.0", 94.4, 378, 0,
        _("English speech"), _("Hears the sound itself, letter by letter; wants a GPU when all of it is trained."),
    ),
    _card(
        _SOUNDS, "openai/whisper-small", "Whisper small", "Apache-2.0", 242, 967, 0, _("speech in 99 languages"),
        _("The most accurate here; wants a GPU."),
    ),
    _card(
        _DETECTION, "hustvl/yolos-tiny", "YOLOS tiny", "Apache-2.0", 6.5, 26, 9400, "512 px",
        _("Small enough to be trained on a laptop; knows the 80 everyday things of COCO."),
    ),
    _card(
        _DETECTION, "PekingU/rtdetr_r18vd_coco_o365", "RT-DETR R18", "Apache-2.0", 20.2, 81, 30000, "640 px",
        _("The best first try where there is a GPU: accurate, and quick when it answers."),
    ),
    _card(
        _DETECTION, "PekingU/rtdetr_r50vd_coco_o365", "RT-DETR R50", "Apache-2.0", 42.9, 172, 68000, "640 px",
        _("Larger and more accurate; wants a GPU."),
    ),
    _card(
        _SEGMENTATION, "nvidia/mit-b0", "SegFormer B0", _("other (see its page)"), 3.8, 14.4, 8400, "512 px",
        _("Small, accurate, and made for this: the best first try; knows ImageNet."),
    ),
    _card(
        _SEGMENTATION, "google/deeplabv3_mobilenet_v2_1.0_513", "DeepLab V3 (MobileNet V2)", _("other (see its page)"),
        2.6, 10.6, 2800, "513 px", _("Tiny and quick, made for phones; knows the 20 things of Pascal VOC."),
    ),
    _card(
        _SEGMENTATION, "nvidia/segformer-b2-finetuned-ade-512-512", "SegFormer B2 (ADE20K)", _("other (see its page)"),
        27.5, 110, 62400, "512 px", _("Knows 150 kinds of things, indoors and outdoors; wants a GPU."),
    ),
    _card(
        _SEEING, "microsoft/git-base", "GIT base", "MIT", 177, 707, 60000, "224 px",
        _("Describes images in English, and answers questions about them once it was taught to."),
    ),
    _card(
        _SEEING, "Salesforce/blip-image-captioning-base", "BLIP base", "BSD-3-Clause", 247, 990, 90000, "384 px",
        _("Describes photographs well already; wants a GPU when all of it is trained."),
    ),
    _card(
        ("visual-question-answering",), "microsoft/git-base-vqav2", "GIT base (VQA)", "MIT", 177, 707, 60000, "480 px",
        _("Answers everyday questions about photographs already."),
    ),
)  # fmt: skip


def cards_for(task: str) -> tuple[ModelCard, ...]:
    """The cards of a task, the one to try first in front."""
    return tuple(card for card in CATALOG if task in card.tasks)


def find_card(model_id: str) -> ModelCard | None:
    """The card with this id, or None. The owner of a model of the Hub may be left out."""
    return next((card for card in CATALOG if model_id in _names(card)), None)


def _names(card: ModelCard) -> Iterator[str]:
    yield card.id
    yield card.id.rpartition("/")[2]
