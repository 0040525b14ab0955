"""Scores files of raw rows in chunks: `ninefold predict` one, `ninefold score` many, resumably."""

from ninefold.scoring.score import Scored, score
from ninefold.scoring.spec import ScoreSpec

__all__ = ["ScoreSpec", "Scored", "score"]
