"""What transformers needs to know about the models of a task: which classes load them, and under which names."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ModelKind:
    """auto_class: the class of transformers that loads such a model, by name.

    processor: what prepares its inputs. pipeline_tag: the task's name for `pipeline` and on the Hub.
    peft_type: peft's name of the task, where it has one. hub_tags: what the Hub calls models to start from.
    without: arguments of model classes that are set to False where a class has them: layers that the task never reads.
    others: classes of transformers for families that the first has no model of.
    compares: whether one answer is made of several texts, which the model takes as (rows, texts, tokens).
    """

    auto_class: str
    processor: Literal["tokenizer", "image_processor", "feature_extractor", "processor"]
    pipeline_tag: str
    peft_type: str | None = None
    hub_tags: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    compares: bool = False

    @property
    def search_tags(self) -> tuple[str, ...]:
        """The Hub's pipeline tags of models to start from, and of those that do the task already."""
        return tuple(dict.fromkeys((*self.hub_tags, self.pipeline_tag)))

    def class_for(self, config: Any) -> Any:
        """The class of transformers that loads models with this config: the first that knows the family, else
        `auto_class`. Needs transformers."""
        import transformers

        classes = [getattr(transformers, name) for name in (self.auto_class, *self.others)]
        return next((each for each in classes if type(config) in each._model_mapping), classes[0])

    def class_name(self, config: Mapping[str, Any]) -> str:
        """The same by name, from a saved model's config.json."""
        architecture = str((config.get("architectures") or [""])[0])
        others = (name for name in self.others if architecture.endswith(name.removeprefix("AutoModel")))
        return next(others, self.auto_class)

    def arguments(self, config: Any) -> dict[str, bool]:
        """`without`, for the class that a config asks for. Needs transformers."""
        if not self.without:
            return {}
        found = self.class_for(config)._model_mapping.get(type(config), None)
        classes = found if isinstance(found, tuple) else (found,) if found else ()
        taken = [set(inspect.signature(each.__init__).parameters) for each in classes]
        return {name: False for name in self.without if taken and all(name in names for names in taken)}
