"""Network and baselines on the same folds of the train part: what the verdict rests on."""

from pydantic import Field

from ninefold.addresses import ClusterAddress
from ninefold.config import Spec


class CrossvalidateSpec(Spec):
    """How network and baselines are compared inside the train part."""

    network: bool = True
    """Train the network in every fold too; false: the verdict rests on the test part alone."""
    max_rows: int = Field(20_000, ge=100)
    """Most rows that a model of a fold learns from: the latest ones in a split by time, else
    evenly spread ones. All models of a fold learn from the same."""
    curve: bool = True
    """Train on an eighth, a quarter and a half of the rows too, to say what more rows would do."""
    scheduler: ClusterAddress | None = None
    """Address of a Dask scheduler (`tcp://host:8786`), or of a Ray cluster (`ray://host:10001`,
    `ray:auto`), whose workers then play the folds."""
