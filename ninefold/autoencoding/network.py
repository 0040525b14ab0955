"""The torch module of an AutoEncoder, and what it is trained for."""

import torch
from torch import Tensor, nn

from ninefold.unlabelled.chain import dense


class AutoEncoder(nn.Module):
    """`(x (B, D), codes) -> (B, 1, D)`; in training a variational one adds mean and log variance.

    In evaluation the code is the mean and no noise is added.
    """

    def __init__(
        self, features: int, latent: int, width: int, depth: int, *, noise: float, dropout: float,
        variational: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.latent, self.noise, self.variational = latent, noise, variational
        hidden = [width] * depth
        self.encoder = dense([features, *hidden, latent * (2 if variational else 1)], dropout)
        self.decoder = dense([latent, *hidden[::-1], features], dropout)

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
