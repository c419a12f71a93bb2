"""Views of an image, each a little different: cut out, turned, mirrored, seen from afar, blended with another one.

Blends (MixUp, Zhang et al. 2018, arXiv:1710.09412; CutMix, Yun et al. 2019, arXiv:1905.04899) show a teacher far more
than was drawn: distilled on variations of very few images, a small network learns most of what its teacher knows
(Asano and Saeed 2023, arXiv:2112.00725).
"""

from dataclasses import dataclass
from typing import Any

FAR_CHANCE, BLEND_CHANCE, PASTE_CHANCE = 0.3, 0.2, 0.2
NEAREST, FARTHEST = 64, 10  # pixels that are left of a side when a thing is far away


@dataclass(frozen=True)
class View:
    """pixels: (n, 3, side, side) from -1 to 1. mirrored: (n,). share: how much of each is its own image, (n,), and
    the rest that of the image with the number `partner`, (n,)."""

    pixels: Any
    mirrored: Any
    share: Any
    partner: Any


def shown(pixels: Any, side: int) -> View:
    """A view of each of the images (n, stored, stored, 3), bytes."""
    views, mirrored = varied(pixels, side)
    views, share, partner = blended(from_afar(views))
    return View(views, mirrored, share, partner)


def varied(pixels: Any, side: int) -> tuple[Any, Any]:
    """A random part of every image, turned a little and mirrored in half of the cases; (batch, which were)."""
    import torch
    from torch.nn import functional

    count, device = len(pixels), pixels.device

    def between(low: float, high: float, *shape: int) -> Any:
        return torch.empty(shape or (count,), device=device).uniform_(low, high)

    mirrored = between(0, 1) < 0.5
    scale = between(0.6, 1)
    stretch = between(-0.15, 0.15).exp()
    turn = between(-0.15, 0.15)
    move = between(-1, 1, 2, count) * (1 - scale)
    across, down = scale * stretch * torch.where(mirrored, -1.0, 1.0), scale / stretch
    rows = [across * turn.cos(), -down * turn.sin(), move[0], across * turn.sin(), down * turn.cos(), move[1]]
    places = functional.affine_grid(torch.stack(rows, dim=1).view(count, 2, 3), [count, 3, side, side], False)
    seen = functional.grid_sample(as_numbers(pixels), places, padding_mode="reflection", align_corners=False)
    return seen.contiguous(memory_format=torch.channels_last), mirrored


def from_afar(views: Any) -> Any:
    """Some of them as if they had been small: most data sets hold images of few pixels, too."""
    import torch
    from torch.nn import functional

    count, _, side, _ = views.shape
    (far,) = torch.nonzero(torch.rand(count, device=views.device) < FAR_CHANCE, as_tuple=True)
    if not len(far):
        return views
    left = int(torch.randint(FARTHEST, NEAREST, ()))
    small = functional.interpolate(views[far], (left, left), mode="area")
    return views.index_copy(0, far, functional.interpolate(small, (side, side), mode="bilinear"))


def blended(views: Any) -> tuple[Any, Any, Any]:
    """Some with another one shining through, some with a piece of another one; (batch, shares, partners)."""
    import torch

    count, _, side, _ = views.shape
    device = views.device
    partner = torch.randperm(count, device=device)
    chance = torch.rand(count, device=device)
    drawn = torch.rand(count, device=device)
    shines, pasted = chance < BLEND_CHANCE, chance > 1 - PASTE_CHANCE
    through = torch.where(shines, 0.5 + 0.5 * drawn, 1.0)
    half = torch.where(pasted, 0.25 + 0.15 * drawn, 0.0)  # half of the piece's side, as a share of the whole side
    middle = half + (1 - 2 * half) * torch.rand(2, count, device=device)
    line = (torch.arange(side, device=device) + 0.5) / side
    across, down = ((line - at[:, None]).abs() < half[:, None] for at in middle)
    piece = down[:, None, :, None] & across[:, None, None, :]
    own = torch.where(piece, 0.0, through[:, None, None, None])
    mixed = own * views + (1 - own) * views[partner]
    return mixed.contiguous(memory_format=torch.channels_last), own.mean(dim=(1, 2, 3)), partner


def as_numbers(pixels: Any) -> Any:
    """From bytes (n, side, side, 3) to what networks read: (n, 3, side, side), from -1 to 1."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
