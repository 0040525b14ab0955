"""L-BFGS over one flat buffer, with a line search."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.training.optimizer import FlatOptimizer, Losses

if TYPE_CHECKING:
    from ninefold.training.optimizers.lbfgs import LBFGSSpec

ENOUGH = 1e-4
"""Share of the fall that the slope promises, which a step must keep."""
HALVINGS = 12
MIN_CURVATURE = 1e-10


class FlatLBFGS(FlatOptimizer):
    """Limited-memory BFGS (Nocedal & Wright, 2006, algorithm 7.5) with backtracking.

    Directions and first steps are those of `torch.optim.LBFGS`.
    """

    def __init__(
        self,
        module: nn.Module,
        spec: "LBFGSSpec",
        *,
        weight_decay: float,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        super().__init__(module, spec, weight_decay=weight_decay, l1=l1, l2=l2)
        self.iterations, self.history_size = spec.iterations, spec.history_size
        self._forget()

    def _forget(self) -> None:
        self.moves = list[Tensor]()
        self.bends = list[Tensor]()

    def take(self, losses: Losses, lr: float, clip_norm: float = 0.0) -> tuple[Tensor, Tensor]:
        """Take the epoch's steps, unclipped; return the last loss and gradient's length."""
        loss = self.evaluate(losses)
        for _ in range(self.iterations):
            found = self._walk(losses, loss, lr)
            if found is None:
                break
            loss = found
            self.note()
        return loss, torch.linalg.vector_norm(self.gradients)

    def _walk(self, losses: Losses, loss: Tensor, lr: float) -> Tensor | None:
        """Take one step; return the new loss, or None and stay where no step helps."""
        start, slope = self.values.clone(), self.gradients.clone()
        direction = self.direction()
        fall = float(slope @ direction)
        if not fall < 0:
            self._forget()
            direction = -slope
            fall = float(slope @ direction)
        length = lr if self.moves else lr * min(1.0, 1.0 / max(float(slope.abs().sum()), 1e-30))
        before = float(loss) + self.penalty()
        for _ in range(HALVINGS):
            torch.add(start, direction, alpha=length, out=self.values)
            found = self.evaluate(losses)
            if float(found) + self.penalty() <= before + ENOUGH * length * fall:
                self._learn(self.values - start, self.gradients - slope)
                return found
            length *= 0.5
        self.values.copy_(start)
        self.gradients.copy_(slope)
        self._forget()
        return None

    def penalty(self) -> float:
        """Return what L1 and L2 add to the loss."""
        weights = [group.values for group in self.groups if not group.is_exempt]
        return sum(float(self.l1 * w.abs().sum() + self.l2 / 2 * w.square().sum()) for w in weights)

    def direction(self) -> Tensor:
        """Return minus the gradient times the estimated inverse curvature, `(n,)`."""
        q = -self.gradients
        if not self.moves:
            return q
        rates = [1.0 / (bend @ move) for move, bend in zip(self.moves, self.bends, strict=True)]
        shares = []
        for move, bend, rate in reversed(list(zip(self.moves, self.bends, rates, strict=True))):
            share = rate * (move @ q)
            q = q - share * bend
            shares.append(share)
        q = q * (self.moves[-1] @ self.bends[-1]) / (self.bends[-1] @ self.bends[-1])
        past = zip(self.moves, self.bends, rates, reversed(shares), strict=True)
        for move, bend, rate, share in past:
            q = q + (share - rate * (bend @ q)) * move
        return q

    def _learn(self, move: Tensor, bend: Tensor) -> None:
        if float(move @ bend) > MIN_CURVATURE:
            self.moves = [*self.moves, move][-self.history_size :]
            self.bends = [*self.bends, bend][-self.history_size :]

    def reset(self, values: Tensor) -> None:
        """Put the parameters `values (n,)` back and forget all curvature."""
        super().reset(values)
        self._forget()

    def state(self) -> dict[str, Tensor]:
        """Return all that the next step depends on, by name."""
        past = {f"move{n}": move for n, move in enumerate(self.moves)}
        past |= {f"bend{n}": bend for n, bend in enumerate(self.bends)}
        return super().state() | past

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        super().restore(state)
        count = sum(name.startswith("move") for name in state)
        self.moves = [state[f"move{n}"].clone() for n in range(count)]
        self.bends = [state[f"bend{n}"].clone() for n in range(count)]
