"""The guided demos: what each fills in, and what there is to look at on the way. A new one: an entry here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.app.nested import value_at
from studio.data.samples import Sample
from studio.data.sources import SAMPLE, SAMPLES
from studio.language import _, sentences
from studio.registry import Registry

TEXTS, IMAGES = _("Sort texts"), _("Look at images")
LISTENING, WRITING, FINDING, YOURS = _("Listen"), _("Write"), _("Find and recommend"), _("Your own data")
STOP = _("You can pause or stop it at any time.")
LOSS_FALLS = _("Press Start, and look at the curve: it shows how wrong the model still is, and falls as it learns.")


@dataclass(frozen=True)
class Demo:
    """config: the run file that it fills in, as far as it does not follow from the preset and the rows; what it names
        of the preset's settings suits these examples better. All of it is there without a network.
    group: what people want who choose it. look_at: what there is to see on a page, by the page's key.
    Its picture in assets/pictures has its name.
    """

    name: str
    group: str
    title: str
    sentence: str
    preset: str
    settings: Mapping[str, Any]
    look_at: Mapping[str, str]

    @property
    def source(self) -> str:
        return str(value_at(self.settings, "data.source"))

    @property
    def sample(self) -> Sample:
        return SAMPLES[self.source.removeprefix(SAMPLE)]

    @property
    def model(self) -> str:
        return str(value_at(self.settings, "model.id"))

    @property
    def config(self) -> dict[str, Any]:
        """The run file, as far as the demo decides it: the sample says which task it is for."""
        return {"task": self.sample.task, **self.settings}


DEMOS: Registry[Demo] = Registry(
    "demo",
    Demo(
        "messages",
        TEXTS,
        _("Sort support messages"),
        _("Refund, delivery or account? Teach a language model to sort what customers write."),
        "quick",
        {
            "model": {"id": "starter/text"},
            "data": {"source": "sample/support-messages"},
        },
        {
            "data": _(
                "These are messages to a web shop, each with what it is about. A few rows are wrong, as in real life: "
                "look at what was found, and how it was fixed."
            ),
            "strategy": _(
                "Quick is chosen: the model can read English already, so only a new last layer learns your classes."
            ),
            "train": LOSS_FALLS,
            "test": _(
                "Type a message, such as “Where is my parcel?”, and compare the answers before and after the training."
            ),
        },
    ),
    Demo(
        "surfaces",
        IMAGES,
        _("Find the scratched part"),
        _("Scratch, dent, stain or nothing? Teach a model to look over metal, wood and fabric."),
        "thorough",
        {
            "model": {"id": "starter/image"},
            "data": {"source": "sample/surface-inspection"},
            "training": {
                **{"learning_rate": 1.5e-3, "schedule": "cosine", "weight_decay": 0.05, "batch_size": 16},
                **{"epochs": 14, "evaluations_per_epoch": 1, "early_stopping": 0},
            },
            "options": {"augment": True},
        },
        {
            "data": _(
                "These are images of metal, wood and fabric, each with the flaw that it shows. Notice how faint some "
                "of them are."
            ),
            "strategy": _("Thorough is chosen: flaws are small and faint, so every layer learns to look for them."),
            "train": sentences(LOSS_FALLS, STOP),
            "test": _(
                "Choose an image that was kept out of the training. Under More numbers, click a cell beside the "
                "diagonal to see which flaws are confused."
            ),
        },
    ),
    Demo(
        "digits",
        IMAGES,
        _("Read handwriting"),
        _("Which digit is it? Teach a model to read what people wrote by hand."),
        "quick",
        {
            "model": {"id": "starter/image"},
            "data": {"source": "sample/handwritten-digits"},
            "training": {"learning_rate": 1e-2, "epochs": 40},
        },
        {
            "data": _("These are digits that people wrote by hand, each with the one that was meant."),
            "strategy": _("Quick is chosen: the model knows strokes and shapes, so it only learns the ten digits."),
            "train": LOSS_FALLS,
            "test": _(
                "Choose a digit that was kept out of the training. Under More numbers, click a cell beside the "
                "diagonal to see which digits are confused."
            ),
        },
    ),
    Demo(
        "machines",
        LISTENING,
        _("Hear what is wrong"),
        _("A worn bearing, a slipping belt, a loose part? Teach a model to listen to a motor."),
        "quick",
        {
            "model": {"id": "starter/speech"},
            "data": {"source": "sample/machine-sounds"},
            "training": {"learning_rate": 3e-3, "epochs": 20},
            "options": {"seconds": 2},
        },
        {
            "data": _(
                "These are recordings of a motor, each with what is wrong with it. Play a few, and try to tell which "
                "is which."
            ),
            "strategy": _("Quick is chosen: the model knows speech, and its ear serves for motors as well."),
            "train": LOSS_FALLS,
            "test": _("Choose a recording that was kept out of the training, and listen before you look."),
        },
    ),
    Demo(
        "house-style",
        WRITING,
        _("Answer in a voice"),
        _("How would a lighthouse keeper put it? Teach a tiny language model a tone of voice."),
        "thorough",
        {
            "model": {"id": "starter/gpt"},
            "data": {"source": "sample/house-style", "columns": {"prompt": "question", "reply": "answer"}},
            "training": {"learning_rate": 5e-4, "epochs": 3, "evaluations_per_epoch": 2, "early_stopping": 0},
        },
        {
            "data": _("These are questions, and how Marlow, who keeps a small lighthouse museum, answers them."),
            "strategy": _(
                "Thorough is chosen: the model has read old books only, so every layer learns to answer, and how."
            ),
            "train": sentences(LOSS_FALLS, STOP),
            "test": _(
                "Ask something. The model is tiny and knows nothing: look at the manner of the answers, before and "
                "after the training, and not at what they claim."
            ),
        },
    ),
    Demo(
        "orders",
        FINDING,
        _("Pick out what was ordered"),
        _("Which product, how many, until when? Teach a model to mark it in what people write."),
        "thorough",
        {
            "model": {"id": "starter/text"},
            "data": {"source": "sample/orders"},
        },
        {
            "data": _(
                "These are orders as people write or say them. The product, the quantity and the day are marked."
            ),
            "strategy": _(
                "Thorough is chosen: what a word belongs to depends on the whole sentence, so every layer learns."
            ),
            "train": sentences(LOSS_FALLS, STOP),
            "test": _(
                "Type an order, such as “Two crates of lemons for Friday, please”, and see what is marked in it."
            ),
        },
    ),
    Demo(
        "phrases",
        FINDING,
        _("Find it in French"),
        _("Ask in English, find the French phrase. Teach an English model to search in two languages."),
        "thorough",
        {
            "model": {"id": "starter/text"},
            "data": {"source": "sample/phrases", "columns": {"query": "english", "match": "french"}},
            "training": {"epochs": 3, "evaluations_per_epoch": 2, "early_stopping": 0},
        },
        {
            "data": _(
                "These are phrases for travellers, each with the same in French: a query, and what is to be found."
            ),
            "strategy": _("Thorough is chosen: French is new to this model, so every layer learns."),
            "train": sentences(LOSS_FALLS, STOP),
            "test": _(
                "Type what you want to say, such as “Where is the station?”, and compare what is found before and "
                "after the training."
            ),
        },
    ),
    Demo(
        "dishes",
        FINDING,
        _("Recommend the next dish"),
        _("Which dish will somebody like next? Teach a model to recommend by what they liked before."),
        "thorough",
        {
            "model": {"id": "starter/text"},
            "data": {"source": "sample/dishes"},
            "training": {"learning_rate": 1e-4, "batch_size": 32, "epochs": 3},
            "options": {"max_length": 24},
        },
        {
            "data": _("These are dishes that guests liked, each with the day. The last ones of each guest are tested."),
            "strategy": _(
                "Thorough is chosen: which dishes suit the same guests is new to the model, so every layer learns it."
            ),
            "train": sentences(LOSS_FALLS, STOP),
            "test": _("Pick a dish or two that you like, and see what is recommended, and because of which one."),
        },
    ),
)
