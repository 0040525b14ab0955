"""Where the workers of a cluster are found: addresses of Dask schedulers and of Ray clusters."""

import re
from typing import Annotated

from pydantic import AfterValidator

DASK = re.compile(r"(?!ray:)([a-z]+://)?(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):\d{1,5}|inproc://\S+")
RAY = re.compile(r"ray:(//)?\S+")


def _dask(address: str) -> str:
    """Return an address of Dask's. Raises `ValueError`."""
    if not DASK.fullmatch(address):
        raise ValueError(
            f"must be the address of a Dask scheduler, like tcp://host:8786, however: {address!r}"
        )
    return address


def _dask_or_ray(address: str) -> str:
    """Return an address of either. Raises `ValueError`."""
    if not DASK.fullmatch(address) and not RAY.fullmatch(address):
        raise ValueError(
            "must be the address of a Dask scheduler, like tcp://host:8786, or of a Ray cluster, "
            f"like ray://host:10001 or ray:auto, however: {address!r}"
        )
    return address


DaskAddress = Annotated[str, AfterValidator(_dask)]
"""Address of a Dask scheduler, `tcp://host:8786`."""
ClusterAddress = Annotated[str, AfterValidator(_dask_or_ray)]
"""Address of a Dask scheduler, or of a Ray cluster: `ray://host:10001`, `ray:auto`."""
