"""New rows like those of a table, drawn by seed."""

from typing import Literal

from pydantic import Field

from ninefold.config import Spec


class GenerateSpec(Spec):
    """A Wasserstein GAN with gradient penalty (Gulrajani et al., 2017): for rows of a table, of
    dense layers, or, where each row is one picture, of convolutions.
    """

    latent: int = Field(default=32, ge=1, le=1024)
    """Random numbers that one row is made from."""
    width: int = Field(default=128, ge=1, le=8192)
    """Width of the hidden layers of generator and critic; default of pictures: 256."""
    depth: int = Field(default=2, ge=1, le=10)
    """Hidden layers of each; of convolutions, how often a picture is halved."""
    convolutions: bool | None = None
    """Convolutions in the place of dense layers; default: where each row is one picture of more
    than 256 numbers."""
    filters: int = Field(default=32, ge=1, le=1024)
    """Convolutions: filters at the picture's own size, doubled each time it is halved."""
    steps: int = Field(default=2000, ge=1, le=10_000_000)
    """Steps of the generator."""
    critic_steps: int = Field(default=3, ge=1, le=100)
    """Steps of the critic for each of the generator's."""
    penalty: float = Field(default=10.0, ge=0, le=1000)
    """Weight of the critic's gradient penalty."""
    lr: float = Field(default=1e-3, gt=0, le=1)
    """Learning rate of both; falls to 0 over the second half. Where losses do not stay finite,
    training goes on from the last sound weights at half of it, twice at most."""
    batch_size: int = Field(default=128, ge=2)
    """Rows per step."""
    ema: float = Field(default=0.995, ge=0, lt=1)
    """Decay per step of the running average of the generator's weights, which is what is kept."""
    temperature: float = Field(default=0.5, gt=0, le=10)
    """Below 1, levels of categories are told apart sharply while training."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of weights, batches and noise."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes the GPU if there is one."""
    threads: int = Field(default=1, ge=1, le=1024)
    """CPU threads; the same number gives the same bytes."""
