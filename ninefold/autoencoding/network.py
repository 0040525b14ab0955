"""The torch module of an AutoEncoder, and what it is trained for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.unlabelled import steps
from ninefold.unlabelled.chain import dense

if TYPE_CHECKING:
    from ninefold.autoencoding import AutoEncoderSpec

Sides = tuple[nn.Sequential, nn.Sequential]


class AutoEncoder(nn.Module):
    """`(x (B, D), codes) -> (B, 1, D)`; in training a variational one adds mean and log variance.

    In evaluation the code is the mean and no noise is added.
    """

    def __init__(self, sides: Sides, latent: int, *, noise: float, variational: bool) -> None:
        super().__init__()
        self.latent, self.noise, self.variational = latent, noise, variational
        self.encoder, self.decoder = sides

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
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


class Reconstructing:
    """Mean squared error of the coordinates, and the codes' distance from the normal."""

    def __init__(self, features: int, beta: float) -> None:
        self.features, self.beta = features, beta

    def loss(self, outputs: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        """Return the mean loss of `outputs (B, 1, D)` or `(B, 1, D + 2Z)` against `y (B, D)`."""
        flat = outputs[:, 0]
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
