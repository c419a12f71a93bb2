"""The guided demos: one click fills every step, and the person walks through the steps as with data of their own."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from components.stepper import Guide
from components.words import spoken
from studio.app.drafts import OF_THE_PROJECT, OWN, Draft
from studio.app.fixes import fix
from studio.app.imports import import_source
from studio.app.nested import value_at
from studio.app.outlook import preset_draft, subject
from studio.app.pages import Services, wait_for_architecture
from studio.data.options import ReadingOptions
from studio.data.samples import Sample
from studio.data.sources import SAMPLE, SAMPLES
from studio.errors import StudioError
from studio.language import _, sentences
from studio.registry import Registry

TEXTS, IMAGES = _("Sort texts"), _("Look at images")
FINDING, YOURS = _("Find and recommend"), _("Your own data")
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
        "dishes",
        FINDING,
        _("Recommend the next dish"),
        _("What will a guest like next? Teach a model to recommend by what they liked before."),
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


def cards(draft: Draft, times: Callable[[Demo], str]) -> dict[str, Any]:
    """The value of the first screen's cards: the demos, and data of one's own.

    times: how long the training of each takes here, in a few words.
    """
    demos = [
        {
            **{"key": demo.name, "title": demo.title, "text": demo.sentence, "group": demo.group},
            "picture": demo.name,
            "tags": [{"text": time}] if (time := times(demo)) else [],
        }
        for demo in DEMOS
    ]
    own = {"key": OWN, "title": _("Use my own data"), "text": _("Texts, images, recordings, or a table.")}
    cards = [*demos, {**own, "group": YOURS, "picture": OWN}]
    return {"label": _("What to do"), "selected": draft.demo, "cards": cards, "beside": True}


def current(draft: Draft) -> Demo | None:
    """The current demo, or None once other data was chosen."""
    demo = DEMOS[draft.demo] if draft.demo in {demo.name for demo in DEMOS} else None
    return demo if demo and draft.source == demo.source else None


def guide(draft: Draft) -> Guide | None:
    """What there is to look at on the open page during a demo."""
    demo = current(draft)
    if demo is None:
        return None
    return Guide(key=demo.name, title=_("What to look at:"), words=words(draft))


def words(draft: Draft) -> str:
    demo = current(draft)
    return demo.look_at.get(draft.page, "") if demo else ""


def begin(services: Services, draft: Draft, name: str) -> Generator[str, None, Draft]:
    """Fill every step for the demo. What the person had chosen for their own data is kept."""
    demo = DEMOS[name]
    without_data = {section: value for section, value in demo.config.items() if section != "data"}
    fresh = draft.fresh(demo=demo.name, own=set_aside(draft), config=without_data)
    services.drafts.save(fresh)  # the import goes on from what is stored
    try:
        services.architectures.prefetch(fresh)  # while the data is read
        filled = yield from import_source(services, fresh, demo.source, spoken(demo.sample.title), ReadingOptions())
        if filled.dataset is not None:
            yield from wait_for_architecture(services, filled)
            filled = fix(services, filled)
            filled = preset_draft(services, filled, subject(services, filled), demo.preset)
            return filled.merge(demo.config)
    except StudioError:
        services.drafts.save(draft)
        raise
    return draft  # cancelled


def set_aside(draft: Draft) -> dict[str, Any] | None:
    """The choices for data of one's own, as they are kept while a demo is shown."""
    if draft.task is None or current(draft):
        return draft.own
    return draft.model_dump(mode="json", exclude={*OF_THE_PROJECT, "own", "undo"})


def own_data(draft: Draft) -> Draft:
    """Back to data of one's own: as it was left, or a fresh start."""
    if draft.demo != OWN and draft.own:
        return Draft.model_validate({**draft.own, **draft.of_the_project(), "demo": OWN})
    if current(draft) is None:
        return draft.change(demo=OWN)
    return draft.fresh(demo=OWN)


def go_on_with_own(draft: Draft) -> Draft:
    """After a demo: the same task and model, for data of one's own."""
    if draft.own:
        return own_data(draft)
    kept = {section: draft.config[section] for section in ("task", "model") if section in draft.config}
    return draft.fresh(demo=OWN, config=kept)
