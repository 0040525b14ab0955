"""From prepared train rows to a generator, and to the simple ones it is measured against."""

import numpy as np

from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.generating import GenerateSpec
from ninefold.generating.model import Sampler, flag_shift, shape_of
from ninefold.unlabelled.chain import Chain
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import widen, widths


def fit(ready: Prepared, spec: GenerateSpec) -> Sampler:
    """Train the GAN on the train rows. Raises `InputError`."""
    from ninefold.generating.training import train

    layout = ready.preprocessing.layout
    wide = coordinates(ready)
    chain, history = train(wide, shape_of(layout), spec)
    parameters = sum(weight.size + bias.size for weight, bias in chain.layers)
    return Sampler(
        ready.preprocessing,
        {**_facts(ready, "the generator"), "parameters": parameters,
         "settings": spec.model_dump(mode="json")},
        history,
        chain=chain,
    )  # fmt: skip


def peers(ready: Prepared) -> dict[str, Sampler]:
    """Return rows from normal distributions: with the train rows' covariances, and without."""
    wide = coordinates(ready).astype(np.float64) - flag_shift(ready.preprocessing.layout)
    mean = wide.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(wide, rowvar=False).reshape(len(mean), len(mean)))
    root = (axes * np.sqrt(np.maximum(values, 0.0))).T
    root *= np.sign(root[np.arange(len(root)), np.abs(root).argmax(axis=1)])[:, None]
    return {
        name: Sampler(
            ready.preprocessing,
            _facts(ready, f"the baseline {name}"),
            chain=Chain(((weight.astype(np.float32), mean.astype(np.float32)),)),
        )
        for name, weight in (("gaussian", root), ("independent", np.diag(wide.std(axis=0))))
    }


def coordinates(ready: Prepared) -> Array:
    """Return the train rows' coordinates `(n, D)` float32."""
    layout = ready.preprocessing.layout
    if not layout.decoders:
        raise InputError(
            "rows to generate must have a column of numbers, categories or booleans, however: "
            "there is none. Check preprocess.columns"
        )
    by = np.ones(widths(layout), dtype=np.float32)
    return widen(ready.X, ready.codes, layout, by)


def _facts(ready: Prepared, title: str) -> dict[str, object]:
    return {"title": title, "train_rows": len(ready.X), "valid_rows": len(ready.X_valid)}
