"""Groups of rows that are alike: how many, which, and how sure."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.clustering.algorithms import AlgorithmSpec
from ninefold.clustering.algorithms.k_means import KMeansSpec
from ninefold.config import Spec
from ninefold.registry import OneOf


class RefineSpec(Spec):
    """Deep embedded clustering (Xie, Girshick and Farhadi, 2016): encoder and centres learn
    together to tell the clusters apart. It makes clusters tighter by construction; whether they
    are better, the unrefined ones beside and a target to compare with say.
    """

    epochs: int = Field(default=60, ge=1, le=10_000)
    """Most passes over the train rows; the target distribution is made anew before each."""
    lr: float = Field(default=0.001, gt=0, le=1)
    """Learning rate of Adam."""
    batch_size: int = Field(default=256, ge=1)
    """Rows per step."""
    settled: float = Field(default=0.001, ge=0, lt=1)
    """It ends when no larger share of the rows changes its cluster in a pass."""


class ClusterSpec(Spec):
    """How clusters are found."""

    algorithm: Annotated[AlgorithmSpec, OneOf("ninefold.clustering.algorithms")] = KMeansSpec()
    """What finds them."""
    encoder: AutoEncoderSpec | None = None
    """Settings of an AutoEncoder among whose codes clusters are found, such as {latent: 5};
    default: they are found among the features themselves."""
    refine: RefineSpec | None = None
    """Deep embedded clustering after k-means among the codes of the encoder, such as {};
    default: the encoder stays as it learnt to give rows back."""
    k: int | None = Field(default=None, ge=2, le=100)
    """Number of clusters; default: chosen by stability and silhouette. hdbscan finds its own."""
    k_max: int = Field(default=10, ge=2, le=100)
    """Most clusters that are tried."""
    bootstraps: int = Field(default=10, ge=2, le=1000)
    """Pairs of bootstrap samples behind the stability of each number of clusters."""
    sample_rows: int = Field(default=2000, ge=50, le=100_000)
    """Train rows that the number of clusters is chosen on, drawn at random."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Decides starting points and samples."""

    @model_validator(mode="after")
    def _refines_centres_among_codes(self) -> Self:
        if self.refine is not None and (self.encoder is None or self.algorithm.kind != "k_means"):
            raise ValueError(
                "must have an encoder and algorithm: {kind: k_means} where refine is given, "
                f"however: encoder {'is missing' if self.encoder is None else 'is given'}, "
                f"algorithm {self.algorithm.kind}"
            )
        return self
