"""The words of the field that the page uses, explained once: in the tips of its pages, and on a page of their own."""

from collections.abc import Iterable, Sequence

from components import terms
from components.terms import Term, TermsValue
from components.words import Markup
from studio.language import _
from studio.registry import Registry

GLOSSARY = "/glossary"  # the address of the page

TERMS: Registry[Term] = Registry(
    "term",
    Term("accuracy", _("accuracy"), _("The share of examples that the model answers right: 90% is nine out of ten.")),
    Term(
        "adapter",
        _("adapter"),
        _("A small set of new weights beside a frozen model. Only they are trained, so little memory is needed."),
    ),
    Term(
        "batch",
        _("batch"),
        _("The examples that the model looks at together before it is changed a little. How many: the batch size."),
    ),
    Term("bias", _("bias"), _("A number that a layer adds to what it has computed.")),
    Term(
        "block",
        _("block"),
        _("A few layers that belong together. Most models are a stack of blocks that are built alike."),
    ),
    Term("checkpoint", _("checkpoint"), _("The state of a training, saved on the way, so that it can be continued.")),
    Term("class", _("class"), _("One of the answers to choose from, such as “refund” or “delivery”.")),
    Term(
        "confusion-matrix",
        _("confusion matrix"),
        _("A table of the right classes against the predicted ones. What lies off the diagonal was confused."),
    ),
    Term(
        "embedding",
        _("embedding"),
        _("A text, a word or an image as a list of numbers. What means the same lies close together."),
    ),
    Term(
        "epoch",
        _("epoch"),
        _("One pass over all training examples. After three epochs the model has seen each of them three times."),
    ),
    Term("f1", _("F1"), _("Precision and recall in one number: high only where both are.")),
    Term(
        "fine-tuning",
        _("fine-tuning"),
        _("Training a model that has already learned from a lot of data a little further, on your own examples."),
    ),
    Term("frozen", _("frozen"), _("A frozen layer stays as it is: it is used, but does not learn.")),
    Term("head", _("head"), _("The last layer of a model. It makes the answer from what the layers below have found.")),
    Term("label", _("label"), _("The right answer to an example, as it stands in your data.")),
    Term(
        "layer",
        _("layer"),
        _("One stage of a model. Lower layers see simple things, such as edges or words; higher ones their meaning."),
    ),
    Term(
        "learning-rate",
        _("learning rate"),
        _("How far each step changes the model. Too large, and nothing lasts; too small, and it takes ages."),
    ),
    Term(
        "lora",
        _("LoRA"),
        _("Low-rank adaptation: the model stays frozen, and small adapters beside its layers are trained instead."),
    ),
    Term("loss", _("loss"), _("How wrong the model's answers are, as one number. Training makes it smaller.")),
    Term(
        "lp-ft",
        _("LP-FT"),
        _("Linear probing, then fine-tuning: first only the new head learns, then the whole model does."),
    ),
    Term("matrix", _("matrix"), _("A table of numbers. The weights of a layer stand in such tables.")),
    Term(
        "normalisation",
        _("normalisation"),
        _("A part of a layer that shifts and scales numbers, so that they stay neither too large nor too small."),
    ),
    Term(
        "optimizer",
        _("optimizer"),
        _("The rule by which each step changes the model: in which direction, and how far. AdamW is the usual one."),
    ),
    Term(
        "overfitting",
        _("overfitting"),
        _("The model learns its training examples by heart, and gets worse at new ones."),
    ),
    Term(
        "parameter",
        _("parameter"),
        _("One of the numbers that make up a model, also called a weight. Training changes them."),
    ),
    Term(
        "precision", _("precision"), _("Of all examples that the model put into a class: the share that belongs there.")
    ),
    Term(
        "pretrained",
        _("pretrained model"),
        _("A model that has already learned from a lot of data. It needs far fewer examples than a new one."),
    ),
    Term("prompt", _("prompt"), _("The words that a language model is given, and from which it goes on.")),
    Term(
        "quantised",
        _("quantised"),
        _("Held in fewer bits, such as 4 in place of 32: the model takes far less memory, and is a little less exact."),
    ),
    Term(
        "rank", _("rank"), _("The width of a small adapter: the higher, the more it can learn, and the larger it is.")
    ),
    Term("recall", _("recall"), _("Of all examples that belong to a class: the share that the model found.")),
    Term(
        "regularisation",
        _("regularisation"),
        _("Whatever keeps a model from learning its examples by heart, such as weight decay or dropout."),
    ),
    Term(
        "seed",
        _("seed"),
        _("The starting number for everything random in a training. The same seed gives the same result."),
    ),
    Term(
        "split",
        _("split"),
        _("A part of your data with a task of its own: most is for training, some for validation, some for the test."),
    ),
    Term("step", _("step"), _("The model looks at one batch, and is changed a little. A training is many steps.")),
    Term(
        "test", _("test split"), _("Examples that are kept out of the training until the end, to see how good it is.")
    ),
    Term("token", _("token"), _("A piece of text as a model reads it: a word, or a part of one.")),
    Term(
        "unfreezing",
        _("Gradual unfreezing"),
        _("The head learns first; then the layers below join one after another, from the top down."),
    ),
    Term(
        "validation",
        _("validation"),
        _("Checking on examples that are not trained on, again and again during the training."),
    ),
    Term(
        "warm-up",
        _("warm-up"),
        _("The first steps of a training, in which the learning rate grows from almost nothing to its full size."),
    ),
    Term(
        "weight-decay",
        _("weight decay"),
        _("Pulls all weights a little towards zero at every step, against overfitting."),
    ),
)
OF_SETTINGS = {  # the term that a setting is about, whoever it belongs to
    "epochs": "epoch",
    "batch_size": "batch",
    "accumulation": "batch",
    "learning_rate": "learning-rate",
    "schedule": "learning-rate",
    "optimizer": "optimizer",
    "warmup": "warm-up",
    "weight_decay": "weight-decay",
    "dropout": "regularisation",
    "label_smoothing": "regularisation",
    "loss": "loss",
    "seed": "seed",
    "early_stopping": "overfitting",
    "evaluations_per_epoch": "validation",
    "checkpoint_seconds": "checkpoint",
    "cache_activations": "frozen",
    "last_blocks": "frozen",
    "embeddings": "embedding",
    "r": "rank",
    "alpha": "lora",
}

OF_METRICS = {  # the term that a metric is
    "accuracy": "accuracy",
    "f1_macro": "f1",
    "f1": "f1",
    "precision_macro": "precision",
    "precision": "precision",
    "recall_macro": "recall",
    "recall": "recall",
    "loss": "loss",
}

OF_METHODS = (  # what methods are described with
    *("lp-ft", "unfreezing", "lora", "fine-tuning", "head", "layer", "block", "frozen", "adapter", "matrix", "rank"),
    *("parameter", "bias", "normalisation", "quantised", "prompt", "embedding"),
)


def term(name: str, words: str = "") -> Markup:
    """The word for it, or other words, as a button that explains it, for HTML of a page: f"<b>{term('loss')}</b>"."""
    return terms.term_html(TERMS[name], words)


def what_is(name: str) -> Markup:
    """A small question mark that explains it, to stand behind a label."""
    return terms.term_mark(TERMS[name])


def metric_words(name: str, title: str) -> str:
    """A metric's title, which explains itself where the metric is a term."""
    return term(OF_METRICS[name], title) if name in OF_METRICS else title


def explained(sentence: str, *names: str) -> Markup:
    """A sentence in which these terms explain themselves. Where components make HTML of a sentence, they take it:

    heading(_("Train"), explained(_("The loss falls with every epoch."), "loss", "epoch"))
    """
    return terms.explained(sentence, [TERMS[name] for name in names])


def methods_explained(sentences: Sequence[str]) -> list[Markup]:
    """Sentences about methods, in which each term explains itself at its first mention."""
    return terms.explained_once(sentences, map(TERMS.__getitem__, OF_METHODS))


def method_terms(sentences: Iterable[str]) -> Markup:
    """The terms of methods that the sentences mention, each with its explanation."""
    return terms.mentioned(sentences, map(TERMS.__getitem__, OF_METHODS))


def on_the_page(known: Iterable[Term] = TERMS) -> TermsValue:
    return {
        "meanings": {each.name: each.sentence for each in known},
        "action": GLOSSARY.lstrip("/"),
        "words": _("Glossary"),
    }
