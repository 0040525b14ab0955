"""Scores a file of raw rows in chunks: `ninefold predict`."""

from ninefold.scoring.score import Scored, ScoreSpec, score

__all__ = ["ScoreSpec", "Scored", "score"]
