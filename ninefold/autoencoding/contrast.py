"""Two views of a row have codes alike, and unlike those of other rows.

Chen et al., A simple framework for contrastive learning of visual representations, ICML 2020
(NT-Xent, with a projection that is thrown away afterwards); views of a table's row as in Bahri et
al., SCARF, ICLR 2022: some of its values are those of other rows.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ninefold.networks.augmenting import AugmentSpec
from ninefold.networks.modules.augmenting import Augmentation

PROJECTED = 64
PIECE = 256
"""Valid rows that are told from each other at once."""
VARIED = AugmentSpec(shift=0.12, rotate=12, zoom=0.15, brightness=0.3, noise=0.1)
"""How the views of a picture differ."""


class Views(nn.Module):
    """`(x (B, D), encoder) -> (B, 2 P)`: projections of the codes of two views, side by side.

    Args:
        groups: which coordinates `(D,)` come from one value, as the levels of a category do.
        latent: size Z of the code.
        corrupt: share of the values of a view that are another row's.
    """

    groups: Tensor

    def __init__(self, groups: Sequence[int], latent: int, corrupt: float) -> None:
        super().__init__()
        self.register_buffer("groups", torch.tensor(list(groups)), persistent=False)
        self.count, self.latent, self.corrupt = max(groups) + 1, latent, corrupt
        self.projection = nn.Sequential(
            nn.Linear(latent, PROJECTED), nn.SiLU(), nn.Linear(PROJECTED, PROJECTED)
        )

    def forward(self, x: Tensor, encoder: nn.Module) -> Tensor:
        codes = [encoder(self.view(x))[:, : self.latent] for _ in range(2)]
        return torch.cat([self.projection(code) for code in codes], dim=1)

    def view(self, x: Tensor) -> Tensor:
        """Return rows `(B, D)` of whose values some are those of other rows, drawn one by one."""
        shape = (len(x), self.count)
        taken = torch.rand(shape, device=x.device) < self.corrupt
        row = torch.randint(len(x), shape, device=x.device)
        others = x.gather(0, row[:, self.groups])
        return torch.where(taken[:, self.groups], others, x)


class PictureViews(Views):
    """The same of pictures `(C, H, W)` laid flat: a view is shifted, turned, zoomed and lit."""

    def __init__(self, shape: Sequence[int], latent: int) -> None:
        super().__init__((0,), latent, 0.5)
        self.shape = tuple(shape)
        self.augmentation = Augmentation(VARIED)

    def view(self, x: Tensor) -> Tensor:
        """Return the pictures `(B, D)`, each varied for itself."""
        varied: Tensor = self.augmentation(x.view(len(x), *self.shape))
        return varied.flatten(1)


def on_valid(views: Views, encoder: nn.Module, z: Tensor, temperature: float) -> float:
    """Return the contrast of views of `z (N, D)`, which are the same each time it is asked."""
    pieces = [piece for piece in torch.split(z, PIECE) if len(piece) > 1]
    views.train()
    with torch.no_grad(), torch.random.fork_rng([z.device] if z.is_cuda else []):
        torch.manual_seed(0)
        found = [float(nt_xent(views(piece, encoder), temperature)) for piece in pieces]
    views.eval()
    return sum(found) / max(len(found), 1)


def nt_xent(both: Tensor, temperature: float) -> Tensor:
    """Return the mean over all views of how little each tells its twin from the other views.

    Args:
        both: `(B, 2 P)`, projections of two views side by side.
    """
    views = torch.cat(both.float().chunk(2, dim=1))
    directions = functional.normalize(views, dim=1)
    likeness = directions @ directions.T / temperature
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    twin = torch.arange(len(views), device=views.device).roll(len(both))
    return functional.cross_entropy(likeness.masked_fill(itself, -1e9), twin)
