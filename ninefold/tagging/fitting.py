"""From prepared train rows to a tagger, and to what it is measured against."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.tagging import METRICS, TagSpec
from ninefold.tagging.labels import UNKNOWN, encode, names_of, read_labels
from ninefold.tagging.model import TagModel, wide
from ninefold.tagging.reading import StepReading
from ninefold.training.under_way import NO_FILES, RunFiles
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import weights

if TYPE_CHECKING:
    from ninefold.problem import ProblemSpec

MOST_STEPS = 20_000
"""Steps that the linear model is fitted on."""
Part = tuple[Array, Array, Array]
"""`x (N, D)`, steps `(N, T + 1, W + I)` and label codes `(N, T + 1)`."""


def fit(
    ready: Prepared, problem: "ProblemSpec", spec: TagSpec, files: RunFiles = NO_FILES
) -> TagModel:
    """Train the recurrent network on the train rows; the valid rows say when to stop.

    Raises:
        InputError: the labels cannot be learnt, or loss and gradient would not stay finite.
    """
    import torch
    from scipy.special import softmax

    from ninefold.evaluation.metrics import metric
    from ninefold.tagging.network import StepEntropy, tagger
    from ninefold.training.defaults import epochs
    from ninefold.training.device import choose_device, keep_freed_memory, reproducible
    from ninefold.training.fitting import range_test, seeds
    from ninefold.training.loop import Rows, Watch, train
    from ninefold.training.probing import Probe
    from ninefold.training.scoring_module import ScoringModule

    if "epochs" not in spec.model_fields_set:
        spec = spec.model_copy(update={"epochs": epochs(len(ready.frames[0]))})
    facts, by, parts = _material(ready, problem)
    facts |= {"title": "the tagger", "kind": "recurrent", "settings": spec.model_dump(mode="json")}
    device = choose_device(spec.device, "tag")
    keep_freed_memory()
    weights_seed, training_seed = seeds(spec.seed, -1)
    with reproducible(weights_seed, spec.threads, device):
        network = tagger(facts)

    def rows(part: Part) -> Rows:
        x, steps, y = (torch.from_numpy(array).to(device) for array in part)
        codes = torch.zeros((len(x), 0), dtype=torch.int64, device=device)
        return Rows(x, codes, y, torch.ones(len(x), device=device), (steps,))

    reported, y_valid = metric(problem.metric or METRICS[0]), parts["valid"][2]
    known = y_valid >= 0

    def watched(scores: Array) -> float:
        return reported.compute(y_valid[known], softmax(scores[known], axis=1))

    with reproducible(training_seed, spec.threads, device):
        objective: Any = StepEntropy()
        module = ScoringModule(network, objective).to(device)
        watch = Watch(watched, reported.higher_is_better)
        on_train = rows(parts["train"])
        arrays = (*parts["train"], *parts["valid"])
        kept = files.observers({"tag": facts["settings"]}, arrays)
        seen = (*kept, Probe(on_train))
        outcome = train(module, on_train, rows(parts["valid"]), watch, spec, seen)
    module.cpu().eval()
    assert outcome.found is not None
    taken = spec.model_copy(update={"lr": outcome.found.lr})
    facts |= {
        "settings": taken.model_dump(mode="json"),
        "lr_finder": range_test(outcome),
        "best_epoch": outcome.best_epoch,
        "epochs": len(outcome.history),
        "retries": outcome.retries,
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    history = tuple(asdict(epoch) for epoch in outcome.history)
    probes = tuple(outcome.probes)
    return TagModel(ready.whole, facts, history, module=network, weights=by, probes=probes)


def peers(ready: Prepared, problem: "ProblemSpec", spec: TagSpec) -> dict[str, TagModel]:
    """Return the most frequent label, and a linear model of a step and its neighbours."""
    import torch

    from ninefold.tagging.network import WindowTagger, tagger

    facts, by, parts = _material(ready, problem)
    x, steps, y = parts["train"]
    shares = np.bincount(y[y >= 0], minlength=len(facts["tags"])) / max((y >= 0).sum(), 1)
    found = {}
    for name, reach in (("most_frequent", 0), ("linear", spec.reach)):
        told = {**facts, "title": f"the {name} tagger", "kind": "window", "reach": reach}
        module = tagger(told).eval()
        assert isinstance(module, WindowTagger)
        with torch.no_grad():
            module.head.weight.zero_()
            module.head.bias.copy_(torch.from_numpy(np.log(np.maximum(shares, 1e-6))))
            if name == "linear":
                known, given = torch.from_numpy(y >= 0), map(torch.from_numpy, (x, steps))
                numbers, ids = (part[known].numpy() for part in module.window(*given))
                table, bias = _linear(numbers, ids, y[y >= 0], module.sizes, spec.seed, shares)
                module.take(table, bias)
        found[name] = TagModel(ready.whole, told, module=module, weights=by)
    return found


def _linear(
    numbers: Array, ids: Array, y: Array, sizes: Sequence[int], seed: int, shares: Array
) -> tuple[Array, Array]:
    """Return weights `(K, F + S)` and biases of a logistic regression of labels on numbers `(n, F)`
    and, one of `sizes` columns of 0 and 1 for each, on ids `(n, I)`.
    """
    from sklearn.linear_model import LogisticRegression

    if len(y) > MOST_STEPS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), MOST_STEPS, replace=False))
        numbers, ids, y = numbers[chosen], ids[chosen], y[chosen]
    X: Any = numbers.astype(np.float64)
    if sizes:
        from scipy import sparse

        levels = [sparse.csr_array((np.ones(len(y)), (np.arange(len(y)), own)), (len(y), size))
                  for own, size in zip(ids.T, sizes, strict=True)]  # fmt: skip
        X = sparse.hstack([sparse.csr_array(X), *levels], format="csr")
    count = len(shares)
    model = LogisticRegression(max_iter=1000).fit(X, y)
    table = np.zeros((count, X.shape[1]), dtype=np.float32)
    bias = np.full(count, -30.0, dtype=np.float32)
    if len(model.classes_) == 2:  # one row of weights, for the second class
        table[model.classes_[1]], bias[model.classes_] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        table[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return table, bias


def _material(
    ready: Prepared, problem: "ProblemSpec"
) -> tuple[dict[str, Any], Array, dict[str, Part]]:
    """Return facts, weights of what the rows know beside, and the train and the valid part."""
    layout = ready.whole.layout
    reading = StepReading.of(layout)
    train, valid = ready.frames
    labels = {"train": read_labels(train, problem), "valid": read_labels(valid, problem)}
    tags = names_of(labels["train"])
    X, codes, *_ = ready.whole.transform(train)
    by = weights(X, layout)
    parts = {}
    for name, frame in (("train", train), ("valid", valid)):
        X, codes, *tensors = ready.whole.transform(frame)
        steps = reading.join(tensors)
        y = encode(labels[name], tags, steps.shape[1])
        y[(steps[:, :, 0] <= 0) | (y < 0)] = UNKNOWN
        parts[name] = (wide(X, codes, layout, by), np.ascontiguousarray(steps, np.float32), y)
    facts = {
        "tags": list(tags),
        "width": reading.width,
        "cardinalities": list(reading.cardinalities),
        "row": len(by),
        "train_rows": len(train),
        "valid_rows": len(valid),
        "steps": {name: int((part[2] >= 0).sum()) for name, part in parts.items()},
    }
    return facts, by, parts
