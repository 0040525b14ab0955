"""What goes on inside a network, seen now and then on a few rows: gradients, units, their noise.

Looks before training and after epochs 1, 2, 4, 8 …; nothing it does changes what training does.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ninefold.networks.modules.activations import ELU
from ninefold.networks.modules.dropout import SiLUDropout, SiLULinear
from ninefold.training.run import Run

if TYPE_CHECKING:
    from ninefold.training.loop import Rows
    from ninefold.training.scoring_module import ScoringModule

ROWS, PARTS = 256, 8
"""Rows that are looked at, and in how many parts to see how much their gradients differ."""
UNITS = (
    nn.ReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.LeakyReLU, ELU, SiLUDropout, SiLULinear,
)  # fmt: skip
STILL = 1e-3
"""A unit whose values spread less than this share of its layer's is dead."""
NEAR_END, OFTEN = 0.97, 0.9
"""A bounded unit that is nearer its ends than this, for that share of rows, is saturated."""


class Probe:
    """Looks at the first rows of `rows` and writes into the run's outcome what it sees."""

    def __init__(self, rows: "Rows") -> None:
        stride = max(len(rows) // ROWS, 1)
        self.rows = rows.take(torch.arange(len(rows), device=rows.y.device)[::stride][:ROWS])

    def begin(self, run: Run) -> None:
        """Look at the untrained network."""
        if not run.outcome.probes:
            self._look(run)

    def note(self, run: Run) -> None:
        """Look after epochs that are powers of two."""
        if run.epoch & (run.epoch - 1) == 0:
            self._look(run)

    def _look(self, run: Run) -> None:
        module: Any = run.module
        was_training = module.training
        module.eval()
        run.outcome.probes.append({"epoch": run.epoch, **look(module, self.rows)})
        module.train(was_training)


def look(module: "ScoringModule", rows: "Rows") -> dict[str, Any]:
    """Return loss, gradients by weight matrix, units by layer, and the noise of the gradient."""
    parts = rows.pieces(max(len(rows) // PARTS, 1))[:PARTS]
    named = [(name, p) for name, p in module.network.named_parameters() if p.requires_grad]
    seen: dict[str, list[Tensor]] = {}
    hooks = [
        layer.register_forward_hook(_keeper(seen.setdefault(name, [])))
        for name, layer in module.network.named_modules()
        if isinstance(layer, UNITS)
    ]
    losses: list[float] = []
    squares: list[float] = []
    total: Tensor | float = 0.0
    try:
        for part in parts:
            outputs = module.network(part.x, part.codes, *part.tensors)
            loss = module.objective.loss(outputs, part.y, part.weight)
            found = torch.autograd.grad(loss, [p for _, p in named], materialize_grads=True)
            losses.append(float(loss.detach()))
            gradient = torch.cat([g.reshape(-1) for g in found]).double()
            squares.append(float(gradient.square().sum()))
            total = total + gradient
    finally:
        for hook in hooks:
            hook.remove()
    assert isinstance(total, Tensor)
    mean = total / len(parts)
    return {
        "loss": sum(losses) / len(losses),
        "gradients": _by_matrix(named, mean),
        "units": {
            name: _units(torch.cat(kept), module, name) for name, kept in seen.items() if kept
        },
        "noise": {
            "rows": len(parts[0]),
            "parts": len(parts),
            "square": sum(squares) / len(squares),
            "square_of_mean": float(mean.square().sum()),
        },
    }


def _keeper(kept: list[Tensor]) -> Any:
    def keep(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        kept.append(output.detach().float())

    return keep


def _by_matrix(named: list[tuple[str, nn.Parameter]], gradient: Tensor) -> dict[str, float]:
    """Return the root mean square of the gradient of each weight matrix that decays."""
    found, start = {}, 0
    for name, parameter in named:
        piece = gradient[start : start + parameter.numel()]
        start += parameter.numel()
        if parameter.ndim >= 2 and not getattr(parameter, "no_decay", False):
            found[name] = float(piece.square().mean().sqrt())
    return found


def _units(values: Tensor, module: "ScoringModule", name: str) -> dict[str, float]:
    """Return shares of dead and saturated units of values `(rows, units, …)`."""
    flat = values.movedim(1, -1).reshape(-1, values.shape[1])
    spread = flat.std(0)
    typical = float(spread.square().mean().sqrt())
    dead = spread <= STILL * typical if typical > 0 else torch.ones_like(spread, dtype=torch.bool)
    found = {"units": float(values.shape[1]), "dead": float(dead.float().mean())}
    layer = module.network.get_submodule(name)
    if isinstance(layer, nn.Tanh | nn.Sigmoid):
        centred = flat if isinstance(layer, nn.Tanh) else 2 * flat - 1
        ends = (centred.abs() > NEAR_END).float().mean(0) > OFTEN
        found["saturated"] = float(ends.float().mean())
    return found
