"""AutoEncoders: rows through a bottleneck and back; what does not come back is unlike the rest."""

from typing import Literal

from pydantic import Field

from ninefold.config import Spec
from ninefold.training import LoopSpec


class AutoEncoderSpec(LoopSpec):
    """An AutoEncoder: plain, denoising, or variational; of dense layers, of convolutions, or of
    recurrent ones."""

    latent: int | None = Field(default=None, ge=1, le=1024)
    """Numbers that a row is squeezed into; default: as many principal components as hold 90 % of
    the variance, for `anomaly` a third of that."""
    width: int = Field(default=128, ge=1, le=8192)
    """Width of the hidden layers."""
    depth: int = Field(default=2, ge=0, le=10)
    """Hidden layers on either side of the bottleneck; 0: as linear as principal components. Of
    convolutions: how often a picture is halved."""
    convolutions: bool | None = None
    """Convolutions in the place of dense layers; default: where each row is one picture."""
    filters: int = Field(default=16, ge=1, le=1024)
    """Convolutions: filters of the first layer, doubled each time the picture is halved."""
    recurrent: bool = False
    """Where each row has one sequence: a recurrent layer (GRU) of `width` numbers reads its last
    steps, preprocess.sequence.flat_steps of them, and writes them step by step."""
    noise: float = Field(default=0.0, ge=0, le=10)
    """Denoising: standard deviation of what is added to each coordinate in training (Vincent et
    al., 2010)."""
    variational: bool = False
    """Codes are drawn from a distribution held near the normal one (Kingma and Welling, 2014)."""
    beta: float = Field(default=0.1, ge=0, le=100)
    """Variational: weight of the codes' distance from the normal distribution."""
    contrast: float = Field(default=0.0, ge=0, le=100)
    """Weight of a contrast beside the error (NT-Xent; Chen et al., 2020): codes of two views of a
    row, some of whose values are another row's, lie together and apart from other rows'. Rows that
    share most values then have codes alike, for search and clusters. It begins near 5 where the
    error begins near 1: try 0.1. Pictures read by convolutions are shifted, turned, zoomed and lit
    instead. Early stopping then watches both on the valid rows."""
    corrupt: float = Field(default=0.4, gt=0, lt=1)
    """Contrast: share of the values of a view that are another row's (Bahri et al., 2022)."""
    temperature: float = Field(default=0.5, ge=0.01, le=10)
    """Contrast: lower ones look at the nearest other rows only."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of hidden units left out in each training step."""
    epochs: int = Field(default=200, ge=1, le=100_000)
    """Most passes over the train rows."""
    sizes: tuple[int, ...] = ()
    """Further sizes of the bottleneck that are tried for the picture of size against loss."""


class AnomalySpec(Spec):
    """When a row is called an anomaly."""

    alarm_rate: float = Field(default=0.01, gt=0, lt=0.5)
    """Share of ordinary rows that may raise an alarm; the threshold is that quantile of the rows
    named by `threshold_on`."""
    threshold_on: Literal["valid", "train"] = "valid"
    """valid: rows the model was not fitted on, so that the rate holds for new ones."""
