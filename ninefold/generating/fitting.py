"""From prepared train rows to a generator, and to the simple ones it is measured against."""

import math

import numpy as np

from ninefold.columns import Array
from ninefold.errors import ConfigError, InputError
from ninefold.generating import GenerateSpec
from ninefold.generating.model import Sampler, flag_shift, shape_of
from ninefold.generating.pictures import PictureSampler, limits
from ninefold.training.under_way import NO_FILES, RunFiles
from ninefold.unlabelled.chain import Chain
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import widen, widths
from ninefold.unlabelled.steps import Layers

FEW_PIXELS = 256
"""Up to so many numbers, dense layers draw a picture better and in less time than convolutions."""

PICTURE_WIDTH = 256
"""Default width of dense layers that draw pictures: docs/adr/0013."""


def fit(ready: Prepared, spec: GenerateSpec, files: RunFiles = NO_FILES) -> Sampler:
    """Train the GAN on the train rows. Raises `InputError`."""
    from ninefold.generating.training import train

    layout = ready.preprocessing.layout
    _refuse_mixed(ready)
    if ready.picture and "width" not in spec.model_fields_set:
        spec = spec.model_copy(update={"width": PICTURE_WIDTH})
    wide = coordinates(ready)
    if spec.convolutions and not ready.picture:
        raise ConfigError(
            "params.yaml: generate.convolutions must be left out, however: rows are not one "
            "picture each and nothing else. Drop the other columns under ingest.drop"
        )
    is_large = math.prod(ready.picture) > FEW_PIXELS
    has_convolutions = is_large if spec.convolutions is None else spec.convolutions
    picture = ready.picture if has_convolutions else ()
    ends = limits(ready)[1:] if ready.picture else None
    chain, history, retries = train(wide, shape_of(layout), spec, picture, ends, files)
    weights = chain.arrays("generator").items()
    parameters = sum(part.size for name, part in weights if name.endswith((".weight", ".bias")))
    model = _sampler(ready, "the generator", chain)
    settings = spec.model_dump(mode="json")
    model.facts |= {"parameters": parameters, "retries": retries, "settings": settings}
    model.history = history
    return model


def _refuse_mixed(ready: Prepared) -> None:
    """Refuse rows of which a part could not be drawn. Raises `InputError`."""
    tensors = ready.whole.layout.tensors
    if tensors and not ready.picture:
        raise InputError(
            "rows to generate must be one picture each, or numbers, categories, booleans and "
            f"dates alone, however: `{tensors[0].column}` is a column of kind {tensors[0].kind}. "
            "Drop it, or the columns beside a picture, under ingest.drop"
        )


def _sampler(ready: Prepared, title: str, chain: Layers) -> Sampler:
    """Return a generator of rows, or of pictures where rows are that."""
    facts = _facts(ready, title)
    if not ready.picture:
        return Sampler(ready.preprocessing, facts, chain=chain)
    column, low, high = limits(ready)
    facts |= {"picture": list(ready.picture), "column": column}
    return PictureSampler(ready.preprocessing, facts, chain=chain, low=low, high=high)


def peers(ready: Prepared) -> dict[str, Sampler]:
    """Return rows from normal distributions: with the train rows' covariances, and without."""
    wide = coordinates(ready).astype(np.float64) - flag_shift(ready.preprocessing.layout)
    mean = wide.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(wide, rowvar=False).reshape(len(mean), len(mean)))
    root = (axes * np.sqrt(np.maximum(values, 0.0))).T
    root *= np.sign(root[np.arange(len(root)), np.abs(root).argmax(axis=1)])[:, None]
    return {
        name: _sampler(
            ready,
            f"the baseline {name}",
            Chain(((weight.astype(np.float32), mean.astype(np.float32)),)),
        )
        for name, weight in (("gaussian", root), ("independent", np.diag(wide.std(axis=0))))
    }


def coordinates(ready: Prepared) -> Array:
    """Return the train rows' coordinates `(n, D)` float32."""
    layout = ready.preprocessing.layout
    if not layout.decoders and not ready.picture:
        raise InputError(
            "rows to generate must have a column of numbers, categories or booleans, however: "
            "there is none. Check preprocess.columns"
        )
    by = np.ones(widths(layout), dtype=np.float32)
    return widen(ready.X, ready.codes, layout, by)


def _facts(ready: Prepared, title: str) -> dict[str, object]:
    return {"title": title, "train_rows": len(ready.X), "valid_rows": len(ready.X_valid)}
