"""Which of the fitted features stay."""

import hashlib
from collections.abc import Sequence

import numpy as np

from ninefold.columns import Array, Column, Frame
from ninefold.preprocessing.assembling import assemble
from ninefold.preprocessing.blocks.block import Block
from ninefold.preprocessing.levels import Levels
from ninefold.preprocessing.model import Preprocessing
from ninefold.preprocessing.plan import Plan
from ninefold.preprocessing.spec import PreprocessSpec
from ninefold.target import Target

SAMPLE_ROWS = 100_000
"""Rows that feature selection looks at, evenly spaced over the train part."""


def select(
    plan: Plan,
    columns: Sequence[Column],
    train: Frame,
    y: Array,
    target: Target,
    spec: PreprocessSpec,
) -> tuple[list[Block], list[Levels], dict[str, str]]:
    """Drop constant and duplicate features, then apply the rules of `spec.select`.

    Returns:
        The blocks and codes that stay, and for each feature dropped the reason.
    """
    blocks, codes = plan.blocks(), plan.codes
    if not blocks and not codes:
        return [], [], {}
    full = Preprocessing(*assemble(blocks, codes, columns))
    reasons, keep_codes = _constant_or_duplicate(full, train)
    mask = np.array([not reason for reason in reasons], dtype=bool)
    if spec.select and mask.any():
        index = np.unique(np.linspace(0, len(train) - 1, min(len(train), SAMPLE_ROWS)).astype(int))
        X = full.transform(train.take(index))[0]
        for selector in spec.select:
            stays = np.flatnonzero(mask)
            if len(stays) == 0:
                break
            told = y[index].T if target.each and selector.needs_target else [y[index]]
            kept = np.any([selector.keep(X[:, stays], one, target.task) for one in told], axis=0)
            for position in stays[~kept]:
                mask[position], reasons[position] = False, selector.reason
    dropped = {
        name: reason for name, reason in zip(full.layout.features, reasons, strict=True) if reason
    }
    chosen, start = [], 0
    for block in blocks:
        part = mask[start : start + len(block.cells)]
        start += len(block.cells)
        if part.any():
            chosen.append(block.keep(part))
    kept_codes = [levels for levels, reason in zip(codes, keep_codes, strict=True) if not reason]
    dropped |= {
        levels.column: reason for levels, reason in zip(codes, keep_codes, strict=True) if reason
    }
    return chosen, kept_codes, dropped


def _constant_or_duplicate(full: Preprocessing, train: Frame) -> tuple[list[str], list[str]]:
    """Return for each feature and each code column why it is to be dropped, or ""."""
    layout = full.layout
    features, codes = _Fingerprints(len(layout.features)), _Fingerprints(len(layout.codes))
    for _, X, coded in full.chunks(train):
        features.add(X)
        codes.add(coded)
    return features.reasons(layout.features), codes.reasons(layout.codes)


class _Fingerprints:
    """Range and hash of each column of a table that comes in chunks."""

    def __init__(self, count: int) -> None:
        self.hashes = [hashlib.blake2b(digest_size=16) for _ in range(count)]
        self.low = self.high = np.array([])

    def add(self, table: Array) -> None:
        """Take the next rows `(n, C)` in."""
        if not self.hashes:
            return
        low, high = table.min(axis=0), table.max(axis=0)
        is_first = len(self.low) == 0
        self.low = low if is_first else np.minimum(low, self.low)
        self.high = high if is_first else np.maximum(high, self.high)
        for column, digest in enumerate(self.hashes):
            digest.update(np.ascontiguousarray(table[:, column] + 0).tobytes())

    def reasons(self, names: Sequence[str]) -> list[str]:
        """Return why each column is to be dropped, or ""."""
        seen: dict[bytes, str] = {}
        found = []
        for name, digest, low, high in zip(names, self.hashes, self.low, self.high, strict=True):
            first = seen.setdefault(digest.digest(), name)
            if low == high:
                found.append("it is the same in every train row")
            else:
                found.append("" if first == name else f"it equals `{first}` in every train row")
        return found
