"""Groups of rows that are alike: how many, which, and how sure."""

from typing import Annotated

from pydantic import Field

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.clustering.algorithms import AlgorithmSpec
from ninefold.clustering.algorithms.k_means import KMeansSpec
from ninefold.config import Spec
from ninefold.registry import OneOf


class ClusterSpec(Spec):
    """How clusters are found."""

    algorithm: Annotated[AlgorithmSpec, OneOf("ninefold.clustering.algorithms")] = KMeansSpec()
    """What finds them."""
    encoder: AutoEncoderSpec | None = None
    """Settings of an AutoEncoder among whose codes clusters are found, such as {latent: 5};
    default: they are found among the features themselves."""
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
