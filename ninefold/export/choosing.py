"""Which model becomes the file: the network, or the baseline that it does not beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ninefold.errors import ConfigError

NETWORK = "network"
Wanted = Literal["auto", "network", "baseline"]


@dataclass(frozen=True)
class Choice:
    """Name of the model (`network`, or a baseline's kind) and the reason, in words."""

    name: str
    why: str
    title: str = NETWORK
    """What people call it."""

    @property
    def is_network(self) -> bool:
        return self.name == NETWORK


def choose(wanted: Wanted, verdict: Mapping[str, Any], beyond: str = "") -> Choice:
    """Return what is exported, given `export.model` and the verdict of the evaluation.

    Where it is inconclusive, the network is if the evidence has it ahead, however little.

    Args:
        beyond: what the network answers that no baseline does, such as quantiles, in words.

    Raises:
        ConfigError: a baseline is asked for and there is none.
    """
    answer, best = verdict["answer"], verdict.get("baseline")
    title = verdict.get("baseline_title") or str(best)
    if wanted == "baseline" and best is not None:
        return Choice(best, "export.model asks for the best baseline", title)
    if wanted == "baseline":
        raise ConfigError(
            "params.yaml: export.model must be auto or network here, however: 'baseline', and none "
            "was measured against a network. Name one under baselines.models where there is that"
        )
    if wanted == "network":
        return Choice(NETWORK, "export.model asks for the network")
    if beyond:
        return Choice(NETWORK, f"no baseline gives the {beyond} that train.objective asks for")
    if best is None:
        return Choice(NETWORK, "no baseline is known to do as well")
    if answer == "not needed":
        why = "deep learning is not needed here, and this is the best baseline"
        return Choice(best, why, title)
    if answer == "needed":
        return Choice(NETWORK, "deep learning pays off here")
    is_ahead = verdict.get("gain") is None or verdict["gain"] > 0
    open_still = "whether deep learning is needed cannot be told, and so far "
    if is_ahead:
        return Choice(NETWORK, f"{open_still}no baseline is known to do as well")
    return Choice(best, f"{open_still}the network is no better than this baseline", title)
