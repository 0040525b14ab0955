"""Numbers that enter the network as large as they are."""

import math

from ninefold.diagnosis.case import Case, Finding, Symptom

SHOWN = 12


class InputsUnscaled(Symptom):
    """Features are many times larger than the network's first weights are made for."""

    kinds = ("inputs.unscaled",)

    def look(self, case: Case) -> Finding | None:
        found = case.unscaled
        if found is None:
            return None
        logs = {name: math.log10(1.0 + size) for name, size in found.sizes.items()}
        most = max(logs.values())
        bars = [[name, logs[name] / most, f"{found.sizes[name]:.3g}"] for name in [*logs][:SHOWN]]
        return Finding(
            "inputs.unscaled",
            f"{found.features} of {len(logs)} numbers enter the network unscaled: {found.source} "
            f"is {found.size:,.3g} or more in a tenth of the train rows, where the first weights "
            "are made for about 1. Bounded units stand at their ends, and steps that suit one "
            "number are too long for another.",
            found.remedy,
            {"column": found.source, "size": found.size, "features": found.features},
            {"kind": "bars", "title": "Size of the numbers (logarithmic)", "rows": bars},
            found.fix,
        )
