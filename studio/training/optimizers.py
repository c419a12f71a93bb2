"""Optimizers that `training.optimizer` can name. Each builds itself from parameter groups in a worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from studio.errors import StudioError
from studio.hardware import why_no_bitsandbytes
from studio.language import _
from studio.options import Options, setting
from studio.registry import Registry

if TYPE_CHECKING:
    from torch.optim import Optimizer

Groups = list[dict[str, Any]]


def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class OptimizerChoice:
    """state_floats: numbers kept per trained parameter, for the memory estimate.
    rate: the recommended learning rate, as a multiple of the one for AdamW.
    reads: the settings of this file that it looks at, beside the learning rate.
    follows_schedule: False where the learning rate stays at its peak after the warm-up, whatever the schedule.
    by_shape: it treats the matrices inside the model unlike embeddings, head and vectors ("by_shape" of a group).
    why_not: a sentence why this machine cannot use it, or "".
    """

    name: str
    title: str
    sentence: str
    state_floats: float
    build: "Callable[[Groups, float, Any], Optimizer]"  # (groups, learning rate, OptimizerOptions)
    rate: float = 1.0
    reads: tuple[str, ...] = ()
    follows_schedule: bool = True
    by_shape: bool = False
    why_not: Callable[[], str] = _nothing


def _adamw(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import AdamW

    return AdamW(groups, lr=rate, betas=_betas(options), eps=options.epsilon, fused=True)


def _adam(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import Adam

    return Adam(groups, lr=rate, betas=_betas(options), eps=options.epsilon, fused=True)


def _sgd(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import SGD

    return SGD(groups, lr=rate, momentum=options.momentum, nesterov=options.nesterov and options.momentum > 0)


def _rmsprop(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import RMSprop

    return RMSprop(groups, lr=rate, momentum=options.momentum, eps=options.epsilon)


def _adagrad(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import Adagrad

    return Adagrad(groups, lr=rate)


def _adafactor(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import Adafactor

    return Adafactor(groups, lr=rate)


def _lion(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from lion_pytorch import Lion

    return Lion(groups, lr=rate, betas=(options.beta1, min(options.beta2, 0.99)))


def _nadam(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import NAdam

    return NAdam(groups, lr=rate, betas=_betas(options), eps=options.epsilon, decoupled_weight_decay=True)


def _radam(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from torch.optim import RAdam

    return RAdam(groups, lr=rate, betas=_betas(options), eps=options.epsilon, decoupled_weight_decay=True)


def _schedule_free_adamw(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from schedulefree import AdamWScheduleFree

    return AdamWScheduleFree(groups, lr=rate, betas=_betas(options), eps=options.epsilon)


def _muon(groups: Groups, rate: float, options: Any) -> "Optimizer":
    """Matrices are scaled as their steps under AdamW would be (Liu et al. 2025, arXiv:2502.16982)."""
    from torch.optim import Muon

    matrices = [group for group in groups if group["by_shape"]]
    rest = [group for group in groups if not group["by_shape"]]
    muon = Muon(matrices, lr=rate, momentum=options.muon_momentum, adjust_lr_fn="match_rms_adamw") if matrices else None
    return _side_by_side([part for part in (muon, _adamw(rest, rate, options) if rest else None) if part])


def _adamw_8bit(groups: Groups, rate: float, options: Any) -> "Optimizer":
    from bitsandbytes.optim import AdamW8bit

    return AdamW8bit(groups, lr=rate, betas=_betas(options), eps=options.epsilon)


def _betas(options: Any) -> tuple[float, float]:
    return options.beta1, options.beta2


def _side_by_side(members: "Sequence[Optimizer]") -> "Optimizer":
    """Several optimizers, each with parameters of its own, as one."""
    from torch.optim import Optimizer

    class SideBySide(Optimizer):
        def __init__(self) -> None:  # the members hold what Optimizer's own constructor would make
            self.defaults: dict[str, Any] = {}

        @property
        def param_groups(self) -> Groups:  # type: ignore[override]
            return [group for member in members for group in member.param_groups]

        @property
        def state(self) -> dict[Any, Any]:  # type: ignore[override]
            return {key: value for member in members for key, value in member.state.items()}

        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for member in members:
                member.step()

        def zero_grad(self, set_to_none: bool = True) -> None:
            for member in members:
                member.zero_grad(set_to_none)

        def state_dict(self) -> dict[str, Any]:
            return {str(number): member.state_dict() for number, member in enumerate(members)}

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            for number, member in enumerate(members):
                member.load_state_dict(state_dict[str(number)])

    return SideBySide()


_ADAM = ("beta1", "beta2", "epsilon")

OPTIMIZERS: Registry[OptimizerChoice] = Registry(
    _("optimizer"),
    OptimizerChoice(
        "adamw", "AdamW", _("Adapts the step of every weight by itself; the usual choice."), 2, _adamw, reads=_ADAM
    ),
    OptimizerChoice("adam", "Adam", _("The same with weight decay mixed into the gradients."), 2, _adam, reads=_ADAM),
    OptimizerChoice(
        "sgd", "SGD", _("Plain steps with momentum; little memory."), 1, _sgd, rate=100, reads=("momentum", "nesterov")
    ),
    OptimizerChoice(
        "rmsprop",
        "RMSprop",
        _("Adapts steps to recent gradients."),
        1,
        _rmsprop,
        reads=("momentum", "epsilon"),
        rate=0.3,
    ),
    OptimizerChoice("adagrad", "Adagrad", _("Adapts steps to all gradients so far; rare words."), 1, _adagrad, rate=10),
    OptimizerChoice(
        "adafactor", "Adafactor", _("Like Adam, with next to no memory of its own."), 0.01, _adafactor, rate=20
    ),
    OptimizerChoice(
        "lion",
        "Lion",
        _("Steps of one size, by sign alone; half of Adam's memory."),
        1,
        _lion,
        rate=0.2,
        reads=_ADAM[:2],
    ),
    OptimizerChoice("nadam", "NAdam", _("Adam that looks one step ahead."), 2, _nadam, reads=_ADAM),
    OptimizerChoice("radam", "RAdam", _("Adam that begins carefully by itself."), 2, _radam, reads=_ADAM),
    OptimizerChoice(
        "schedule-free-adamw",
        "Schedule-free AdamW",
        _("AdamW that averages its weights instead of shrinking its steps."),
        2,
        _schedule_free_adamw,
        rate=2,
        reads=_ADAM,
        follows_schedule=False,
    ),
    OptimizerChoice(
        "muon",
        "Muon",
        _("Orthogonalises the steps of matrices, so that all directions count alike; AdamW for the rest."),
        1.5,
        _muon,
        reads=("muon_momentum", *_ADAM),
        by_shape=True,
    ),
    OptimizerChoice(
        "adamw-8bit",
        _("AdamW, 8 bit"),
        _("AdamW with a quarter of its memory; NVIDIA GPUs only."),
        0.5,
        _adamw_8bit,
        reads=_ADAM,
        why_not=why_no_bitsandbytes,
    ),
)


def _readers(name: str) -> dict[str, tuple[str, ...]]:
    return {"optimizer": tuple(choice.name for choice in OPTIMIZERS if name in choice.reads)}


class OptimizerOptions(Options):
    learning_rate: float | None = setting(
        None,
        title=_("Step size (learning rate)"),
        help=_("How far the weights move each step. Empty: what is recommended for the strategy and the optimizer."),
        gt=0,
        le=10,
    )
    find_learning_rate: bool = setting(
        False,
        title=_("Find the step size by trial (range test)"),
        help=_("Lets the learning rate grow over 100 trial steps, and takes the one at which the loss falls fastest."),
    )
    optimizer: str = setting("adamw", title=_("Optimizer"), help=_("The rule that turns errors into weight changes."))
    momentum: float = setting(
        0.9,
        title=_("Momentum"),
        help=_("How much of the last step carries over into the next."),
        ge=0,
        lt=1,
        shown_if=_readers("momentum"),
    )
    nesterov: bool = setting(
        False,
        title=_("Look ahead (Nesterov momentum)"),
        help=_("Measures where momentum will lead, not where it came from."),
        shown_if=_readers("nesterov"),
    )
    muon_momentum: float = setting(
        0.95,
        title=_("Momentum of matrices"),
        help=_("How much of the last step carries over into the next, for the matrices that Muon trains."),
        ge=0,
        lt=1,
        shown_if=_readers("muon_momentum"),
    )
    beta1: float = setting(
        0.9,
        title=_("Memory of the direction (beta 1)"),
        help=_("How slowly the mean of the gradients forgets."),
        ge=0,
        lt=1,
        shown_if=_readers("beta1"),
    )
    beta2: float = setting(
        0.999,
        title=_("Memory of the size (beta 2)"),
        help=_("How slowly the mean of their squares forgets; Lion takes at most 0.99."),
        ge=0,
        lt=1,
        shown_if=_readers("beta2"),
    )
    epsilon: float = setting(
        1e-8,
        title=_("Smallest divisor (epsilon)"),
        help=_("Keeps steps finite where gradients are almost zero."),
        gt=0,
        le=1,
        shown_if=_readers("epsilon"),
    )

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, value: str) -> str:
        try:
            return OPTIMIZERS[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error
