"""The torch module of an AutoEncoder, and what it is trained for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.autoencoding.contrast import PROJECTED, Views, nt_xent
from ninefold.columns import Array
from ninefold.unlabelled import recurrence, steps
from ninefold.unlabelled.chain import dense

if TYPE_CHECKING:
    from ninefold.autoencoding import AutoEncoderSpec

Sides = tuple[nn.Module, nn.Module]


class AutoEncoder(nn.Module):
    """`(x (B, D), codes) -> (B, 1, D)`; in training a variational one adds mean and log variance,
    and one with `views` the projections of two of them.

    In evaluation the code is the mean and no noise is added.
    """

    def __init__(
        self,
        sides: Sides,
        latent: int,
        *,
        noise: float,
        variational: bool,
        views: Views | None = None,
    ) -> None:
        super().__init__()
        self.latent, self.noise, self.variational = latent, noise, variational
        self.encoder, self.decoder = sides
        self.views = views

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        found = self.given_back(x)
        if self.views is None or not self.training:
            return found
        return torch.cat([found, self.views(x, self.encoder).unsqueeze(1)], dim=2)

    def given_back(self, x: Tensor) -> Tensor:
        """Return the rows as they come back `(B, 1, D)`, with mean and log variance."""
        given = x + self.noise * torch.randn_like(x) if self.training and self.noise else x
        code = self.encoder(given)
        if not self.variational:
            return torch.as_tensor(self.decoder(code)).unsqueeze(1)
        mean, log_variance = code[:, : self.latent], code[:, self.latent :].clamp(-10, 10)
        if not self.training:
            return torch.as_tensor(self.decoder(mean)).unsqueeze(1)
        drawn = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return torch.cat([self.decoder(drawn), mean, log_variance], dim=1).unsqueeze(1)


def dense_sides(features: int, latent: int, spec: "AutoEncoderSpec") -> Sides:
    """Return encoder and decoder of dense layers."""
    hidden = [spec.width] * spec.depth
    out = latent * (2 if spec.variational else 1)
    return (
        dense([features, *hidden, out], spec.dropout),
        dense([latent, *hidden[::-1], features], spec.dropout),
    )


def picture_sides(shape: Sequence[int], latent: int, spec: "AutoEncoderSpec") -> Sides:
    """Return encoder and decoder of convolutions for pictures `(C, H, W)` laid flat."""
    out = latent * (2 if spec.variational else 1)
    return (
        steps.encoder(shape, out, spec.filters, spec.depth),
        steps.decoder(latent, shape, spec.filters, spec.depth),
    )


def step_sides(of_steps: Sequence[Array], latent: int, spec: "AutoEncoderSpec") -> Sides:
    """Return recurrent encoder and decoder of rows; `of_steps` says which coordinates are the steps
    of a sequence `(T, C)`, and which none `(R,)`.
    """
    places, rest = of_steps
    out, hidden = latent * (2 if spec.variational else 1), (spec.width,) * max(spec.depth - 1, 0)
    return (
        recurrence.encoder(out, places, rest, spec.width, hidden, spec.dropout),
        recurrence.decoder(latent, places, rest, spec.width, hidden, spec.dropout),
    )


class Reconstructing:
    """Mean squared error of the coordinates, the codes' distance from the normal, and the contrast
    of two views.
    """

    def __init__(
        self, features: int, beta: float, contrast: float = 0.0, temperature: float = 1.0
    ) -> None:
        self.features, self.beta = features, beta
        self.contrast, self.temperature = contrast, temperature

    def loss(self, outputs: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        """Return the mean loss of `outputs (B, 1, D)`, `(B, 1, D + 2Z)`, or these and `2P` more,
        against `y (B, D)`.
        """
        flat = outputs[:, 0].float()
        if not self.contrast or flat.shape[1] == self.features:
            return self._given_back(flat, y, weight)
        rest, both = flat[:, : -2 * PROJECTED], flat[:, -2 * PROJECTED :]
        apart = nt_xent(both, self.temperature)
        return self._given_back(rest, y, weight) + self.contrast * apart

    def _given_back(self, flat: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        error = ((flat[:, : self.features] - y) ** 2).mean(dim=1)
        rest = flat[:, self.features :]
        if rest.shape[1]:
            mean, log_variance = rest.chunk(2, dim=1)
            apart = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
            error = error + self.beta * apart / self.features
        return (error * weight).mean()

    def scores(self, outputs: Tensor) -> Tensor:
        """Return the reconstruction `(B, D)`."""
        return outputs[:, 0, : self.features]
