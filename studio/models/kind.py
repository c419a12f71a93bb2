"""What transformers needs to know about the models of a task: which classes load them, and under which names."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ModelKind:
    """auto_class: the class of transformers that loads such a model, by name.

    processor: what prepares its inputs. pipeline_tag: the task's name for `pipeline` and on the Hub.
    peft_type: peft's name of the task, where it has one. hub_tags: what the Hub calls models to start from.
    """

    auto_class: str
    processor: Literal["tokenizer", "image_processor", "feature_extractor", "processor"]
    pipeline_tag: str
    peft_type: str | None = None
    hub_tags: tuple[str, ...] = ()

    @property
    def search_tags(self) -> tuple[str, ...]:
        """The Hub's pipeline tags of models to start from, and of those that do the task already."""
        return tuple(dict.fromkeys((*self.hub_tags, self.pipeline_tag)))
