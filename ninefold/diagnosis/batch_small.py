"""Batches whose gradient is mostly noise."""

from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.training.defaults import batch_size

FACTOR = 5.0
"""Of the noise scale over the batch size."""


class BatchSmall(Symptom):
    """Fewer rows per step than the default, and a gradient of so few rows is mostly noise."""

    kinds = ("batch.too_small",)

    def look(self, case: Case) -> Finding | None:
        size, usual = case.spec.batch_size, batch_size(case.facts["train_rows"])
        if size is None or size >= usual or case.spec.optimizer.takes_all_rows:
            return None
        scale = noise_scale(case)
        if scale < FACTOR * size:
            return None
        bars = [
            [f"batch of {size}", size / max(scale, usual), str(size)],
            ["default batch", usual / max(scale, usual), str(usual)],
            ["noise scale", scale / max(scale, usual), f"{scale:.0f}"],
        ]
        return Finding(
            "batch.too_small",
            f"The gradient's noise scale is {scale:.0f} rows, {scale / size:.0f} times the batch "
            f"of {size}: each step mostly follows noise.",
            f"Set {case.name('batch_size')} to {usual}.",
            {"batch_size": size, "noise_scale": scale, "default": usual},
            {"kind": "bars", "title": "Rows per step", "rows": bars},
            ((case.at("batch_size"), usual),),
        )


def noise_scale(case: Case) -> float:
    """Return at how many rows noise and signal of the gradient weigh the same.

    The simple noise scale of McCandlish et al., 2018 (arXiv 1812.06162, appendix A), from means
    over all looks.
    """
    signal = noise = 0.0
    for probe in case.probes:
        found = probe["noise"]
        small, parts = found["rows"], found["parts"]
        big = small * parts
        if parts < 2:
            return 0.0
        signal += (big * found["square_of_mean"] - small * found["square"]) / (big - small)
        noise += (found["square"] - found["square_of_mean"]) / (1 / small - 1 / big)
    return noise / signal if signal > 0 else float("inf") if noise > 0 else 0.0
