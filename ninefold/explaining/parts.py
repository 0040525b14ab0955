"""What words and regions of pictures add to an answer, for models that have no gradients.

Each is left out once (`ninefold.occlusion`), so that any exported file can be asked.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.explaining.pixels import coloured
from ninefold.occlusion import Occlusion
from ninefold.pixels import thumbnail
from ninefold.signature import Input


def left_out(
    answer: Callable[[Frame], Array],
    rows: Frame,
    background: Frame,
    masked: Collection[str] = (),
) -> dict[str, list[dict[str, Any]]]:
    """Return `words` and `pixels`: for each row and column of texts, or pictures, what
    `word_gradients` and `pixel_gradients` tell, `answer` being what the function gives.
    """
    columns = [Input(c.name, c.kind) for c in rows.columns if c.name not in masked]
    occlusion = Occlusion(columns, background.data)
    words, pixels = list[dict[str, Any]](), list[dict[str, Any]]()
    for place in range(len(rows)):
        row = rows.take(np.array([place]))
        parts = occlusion.parts(row.data)
        feeds = occlusion.feeds(row.data, parts)
        versions = np.arange(1 + sum(map(len, parts.values())))
        answers = answer(Frame(rows.columns, feeds, versions))
        for item in occlusion.told(parts, answers):
            told = {"column": item["column"], "row": int(row.row[0]), "said": ""}
            told["answer"] = float(answers[0])
            if "words" in item:
                pairs = [[part["text"], part["value"]] for part in item["words"]]
                words.append(told | {"words": pairs})
            elif "regions" in item:
                picture = row[item["column"]][0]
                sides = (picture, coloured(_shares(item["regions"], picture)))
                pixels.append(told | {"pictures": [thumbnail(side) for side in sides]})
    return {"words": words, "pixels": pixels}


def _shares(regions: Sequence[Mapping[str, Any]], picture: Array) -> Array:
    """Return what the region of each pixel adds `(H, W)`."""
    shares = np.zeros(picture.shape[:2])
    for part in regions:
        shares[part["top"] : part["bottom"], part["left"] : part["right"]] = part["value"]
    return shares
