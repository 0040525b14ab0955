"""Random changes of pictures, on the device where they are."""

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

if TYPE_CHECKING:
    from ninefold.networks.augmenting import AugmentSpec


class Augmentation(nn.Module):
    """Varies pictures `(B, C, H, W)` while training; elsewhere they pass as they are.

    Shift, turn, zoom and mirror are one affine map, sampled bilinearly; what comes in from outside
    repeats the border.
    """

    def __init__(self, spec: "AugmentSpec") -> None:
        super().__init__()
        self.spec = spec
        self._is_affine = bool(spec.shift or spec.rotate or spec.zoom or spec.flip != "none")

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        if self._is_affine:
            grid = F.affine_grid(self._maps(x), list(x.shape), align_corners=False)
            x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
        if self.spec.brightness:
            x = x + self.spec.brightness * _evenly(x, 1).view(-1, 1, 1, 1)
        if self.spec.noise:
            x = x + self.spec.noise * torch.randn_like(x)
        return x

    def _maps(self, x: Tensor) -> Tensor:
        """Return one affine map `(B, 2, 3)` per picture."""
        spec = self.spec
        drawn = _evenly(x, 4)
        angle = drawn[:, 0] * math.radians(spec.rotate)
        scale = 1.0 + drawn[:, 1] * spec.zoom
        cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
        ratio = x.shape[2] / x.shape[3]
        mirrored = torch.where(_evenly(x, 2) < 0, -1.0, 1.0)
        across = mirrored[:, 0] if spec.flip in ("horizontal", "both") else torch.ones_like(cos)
        down = mirrored[:, 1] if spec.flip in ("vertical", "both") else torch.ones_like(cos)
        shift = drawn[:, 2:] * 2.0 * spec.shift
        rows = [cos * across, -sin * ratio * down, shift[:, 0]]
        rows += [sin / ratio * across, cos * down, shift[:, 1]]
        return torch.stack(rows, dim=1).view(-1, 2, 3)


def _evenly(x: Tensor, count: int) -> Tensor:
    """Return numbers between -1 and 1, `(B, count)`."""
    return torch.rand(len(x), count, device=x.device) * 2.0 - 1.0
