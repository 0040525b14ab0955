"""What ranks cost and save: seconds an epoch with 1, 2, … processes that train one network.

Every count trains the same network on the same rows with the same batches, from the second epoch
on (the first one waits for the processes). Prints seconds an epoch, the ratio to one process, and
what a batch costs beside its share of the work. On a machine with fewer cores than ranks nothing
can be saved.

    python -m benchmarks.ranks [RANKS …] [--rows N] [--hidden-size H] [--batch-size B]
"""

import argparse
import time
from typing import Any

from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.training.samples import parts, problem

EPOCHS = 4


def seconds(ranks: int, rows: int, network: dict[str, Any], batch_size: int) -> float:
    """Return the seconds of an epoch after the first."""
    fields = {"network": network, "batch_size": batch_size, "ranks": ranks}
    train, valid = parts("binary", rows, 200)
    ended = []
    for epochs in (1, EPOCHS):
        spec = TrainSpec.model_validate({"epochs": epochs, "patience": EPOCHS, **fields})
        start = time.perf_counter()
        fit(train, valid, problem("binary"), NoSamplingSpec(), PreprocessSpec(), spec)
        ended.append(time.perf_counter() - start)
    return (ended[1] - ended[0]) / (EPOCHS - 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("ranks", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=1024)
    args = parser.parse_args()
    network = {"kind": "mlp", "hidden_size": args.hidden_size}
    steps = args.rows // args.batch_size
    first = None
    for ranks in args.ranks:
        found = seconds(ranks, args.rows, network, args.batch_size)
        first = first or found
        beside = (found - first * args.ranks[0] / ranks) / steps * 1e3
        print(
            f"{ranks} ranks  {found:7.2f} s an epoch  {first / found:5.2f} × as fast  "
            f"{beside:+7.1f} ms a batch beside its share",
            flush=True,
        )


if __name__ == "__main__":
    main()
