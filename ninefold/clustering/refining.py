"""Deep embedded clustering: encoder and centres learn to agree on what they are surest of.

Xie, Girshick & Farhadi, Unsupervised deep embedding for clustering analysis, ICML 2016: Student's t
says how much a row belongs to each centre; its square, shared out anew, is the target; their
Kullback-Leibler divergence is minimised.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.clustering import RefineSpec
from ninefold.clustering.algorithms.k_means import Centres
from ninefold.columns import Array
from ninefold.unlabelled.steps import CHUNK_ROWS, Layers

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

LEAST = 10
"""Passes before it may end: in the first ones nothing may seem to move."""


def refined(
    wide: Array, encoder: Layers, scale: Array, centres: Array, spec: RefineSpec, seed: int
) -> tuple[Layers, Centres, dict[str, Any]]:
    """Return encoder and centres `(K, Z)` after the fine-tuning, and what is to be told of it.

    Args:
        wide: coordinates of the train rows `(n, D)`.
        encoder: gives at least Z numbers, the first of which, times `scale (Z,)`, are the codes.

    """
    import torch

    from ninefold.training.device import reproducible

    x = torch.from_numpy(np.ascontiguousarray(wide, np.float32))
    layers = encoder.module().train()
    points = torch.tensor(centres.astype(np.float32))
    by = torch.from_numpy(scale)
    with reproducible(seed, 1, torch.device("cpu")):
        changes, epochs = _train(x, layers, points, by, spec)
    found: Layers = type(encoder).of(layers)  # type: ignore[arg-type]  # each gives its own module
    codes = (found.compute(wide)[:, : len(scale)] * scale).astype(np.float64)
    sizes = np.bincount(Centres(points.detach().numpy().astype(np.float64)).assign(codes)[0],
                        minlength=len(centres))  # fmt: skip
    order = np.argsort(-sizes, kind="stable")
    moved = Centres(points.detach().numpy().astype(np.float64)[order])
    return found, moved, {"epochs": epochs, "moved": changes}


def _train(
    x: "Tensor", layers: "Module", points: "Tensor", by: "Tensor", spec: RefineSpec
) -> tuple[float, int]:
    """Move layers and points in place; return the share of rows that changed their cluster, and the
    passes it took.
    """
    import torch

    optimizer = torch.optim.Adam([*layers.parameters(), points.requires_grad_()], lr=spec.lr)
    with torch.no_grad():
        first = before = belonging(_all_codes(x, layers, by), points).argmax(1)
    epoch = 0
    while epoch < spec.epochs:
        epoch += 1
        with torch.no_grad():
            goal = target(belonging(_all_codes(x, layers, by), points))
        for rows in torch.split(torch.randperm(len(x)), spec.batch_size):
            said = belonging(_codes(x[rows], layers, by), points)
            loss = (goal[rows] * (goal[rows].clamp(min=1e-12) / said).log()).sum(1).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        with torch.no_grad():
            now = belonging(_all_codes(x, layers, by), points).argmax(1)
        if epoch >= LEAST and float((now != before).float().mean()) <= spec.settled:
            break
        before = now
    return float((now != first).float().mean()), epoch


def _codes(x: "Tensor", layers: "Module", by: "Tensor") -> "Tensor":
    given: Tensor = layers(x)
    return given[:, : len(by)] * by


def _all_codes(x: "Tensor", layers: "Module", by: "Tensor") -> "Tensor":
    """Return the codes of any number of rows, some at a time."""
    import torch

    return torch.cat([_codes(rows, layers, by) for rows in torch.split(x, CHUNK_ROWS)])


def belonging(codes: "Tensor", points: "Tensor") -> "Tensor":
    """Return how much each row belongs to each point, `(N, K)`: Student's t with one degree of
    freedom.
    """
    apart = (codes.unsqueeze(1) - points.unsqueeze(0)).square().sum(2)
    weight = 1.0 / (1.0 + apart)
    return weight / weight.sum(1, keepdim=True)


def target(said: "Tensor") -> "Tensor":
    """Return the target distribution `(N, K)` of what rows are said to belong to."""
    weight = said.square() / said.sum(0)
    return weight / weight.sum(1, keepdim=True)
