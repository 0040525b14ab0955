"""reports/explanation.json: what the exported model looks at, from the file itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame, spread
from ninefold.contributions import contributions
from ninefold.evaluation.bootstrap import clusters
from ninefold.evaluation.metrics import Metric, metric, reported_metric
from ninefold.evaluation.part import known_rows
from ninefold.explaining import ExplanationSpec
from ninefold.explaining.effects import effects
from ninefold.explaining.gradients import integrated_gradients
from ninefold.explaining.groups import Groups, column_groups
from ninefold.explaining.importance import importance
from ninefold.explaining.parts import left_out
from ninefold.explaining.pixels import pixel_gradients
from ninefold.explaining.words import word_gradients
from ninefold.export.describe import to_cell
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.runtime import run_chunks

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

EXAMPLES = (0.1, 0.5, 0.9)
"""The rows that are explained, by where their answer stands among all."""


def explain(
    session: Any,
    names: Sequence[str],
    head: Head,
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    spec: ExplanationSpec,
    masked: Collection[str] = (),
    network: "TrainedModel | None" = None,
) -> dict[str, Any]:
    """Return importance of columns, their effects, and the explanation of three rows; of several
    targets those of the first, and of each under `targets`.

    Args:
        session: runs the exported graph, which takes the raw columns `names`.
        names: raw columns, in the model's order.
        head: what the graph's scores were turned into.
        train: rows that say which columns go together, and what is usual.
        valid: rows to explain by.
        problem: metric, and which rows belong together.
        spec: how much of it.
        masked: columns of which no value may be shown.
        network: the trained network, where that is what was exported.
    """
    valid = known_rows(valid, head, "valid")
    rows = valid.take(spread(len(valid), spec.rows))
    raw, y, reported = rows.select(names), head.target.encode(rows), _metric(problem, head)

    def predict(frame: Frame) -> Array:
        return np.concatenate([outputs[-1] for _, outputs in run_chunks(session, frame)])

    groups = column_groups(train.select(names), names, spec.together)
    drawn, shuffles = clusters(rows, problem), (spec.repeats, spec.seed)
    ranked = importance(predict, raw, y, reported, head.cut, groups, drawn, *shuffles)
    background = train.select(names).take(spread(len(train), spec.background))
    prediction = predict(raw)

    def told(code: int, ranked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        def answer(frame: Frame) -> Array:
            return answers(predict(frame), head, code)

        leading = [item["columns"] for item in ranked]
        chosen = _examples(answers(prediction, head, code))
        return {
            "unit": unit(head, code),
            "importance": ranked,
            "effects": effects(answer, raw, leading, spec.effects, masked),
            "examples": [
                _example(raw.take(np.array([row])), background, answer, groups, masked)
                for row in chosen
            ],
            "gradients": _gradients(network, train, rows.take(chosen), code if head.each else 0),
        }

    found = told(usual_class(prediction, head), ranked)
    code = usual_class(prediction, head)
    shown = rows.take(_examples(answers(prediction, head, code)))
    found |= {"metric": reported.name, "rows": len(rows)}
    has_gradients = network is not None and bool(network.preprocessing.layout.tensors)
    if network is not None and has_gradients:
        found["pixels"] = pixel_gradients(network, shown, masked)
        found["words"] = word_gradients(network, shown, masked)
    else:

        def answer_to(frame: Frame) -> Array:
            return answers(predict(frame), head, code)

        found |= left_out(answer_to, shown.select(names), background, masked)
    found["has_gradients"] = has_gradients
    if not head.each:
        return found
    units = [unit(head, code) for code in range(len(head.each))]
    by_target = {}
    for code, (name, one) in enumerate(zip(head.target.names, head.each, strict=True)):
        judge = metric(reported.name.removesuffix("_micro"))

        def alone(frame: Frame, code: int = code, one: Head = one) -> Array:
            return _of_one(predict(frame), code, one)

        own = importance(alone, raw, y[:, code], judge, one.cut, groups, drawn, *shuffles)
        by_target[name] = told(code, own) | {"metric": judge.name}
    return found | {"units": units, "targets": by_target}


def _of_one(prediction: Array, code: int, head: Head) -> Array:
    """Return what one of several targets' predictions `(N, T)` are by themselves: values `(N,)`, or
    probabilities `(N, 2)`.
    """
    own = prediction[:, code]
    return own if head.target.task == "regression" else np.stack([1 - own, own], axis=1)


def compact(found: Mapping[str, Any], background: Frame) -> dict[str, Any]:
    """Return what the file keeps, so that a server explains a row: `ninefold.contributions`."""
    cells = {column.name: to_cell(column, background[column.name]) for column in background.columns}
    rows = [{name: values[i] for name, values in cells.items()} for i in range(len(background))]
    kept = {key: found[key] for key in ("metric", "unit", "units", "importance") if key in found}
    return {**kept, "background": rows}


def usual_class(prediction: Array, head: Head) -> int:
    """Return the code of the class to explain: the positive one, or the likeliest overall; of
    several targets the first.
    """
    if head.each:
        return 0
    if head.target.task == "regression" or head.target.is_binary:
        return 1
    return int(prediction.mean(axis=0).argmax())


def answers(prediction: Array, head: Head, code: int) -> Array:
    """Return one number a row `(N,)`: log-odds of the class (or label) `code`, or the value."""
    if head.target.task == "regression":
        chosen = prediction[:, code] if head.each else prediction
        return np.asarray(chosen, dtype=np.float64)
    chance = np.clip(prediction[:, code].astype(np.float64), 1e-7, 1 - 1e-7)
    return np.asarray(np.log(chance) - np.log1p(-chance))


def unit(head: Head, code: int) -> str:
    """Say in words what `answers` returns."""
    if head.each:
        name = head.target.names[code]
        return name if head.target.task == "regression" else f"log-odds of {name}"
    if head.target.task == "regression":
        return head.target.name
    return f"log-odds of {head.target.classes[code]}"


def _metric(problem: ProblemSpec, head: Head) -> Metric:
    return reported_metric(problem, head.target)


def _examples(found: Array) -> Array:
    """Return the positions of a low, a middling and a high answer."""
    order = np.argsort(found, kind="stable")
    chosen = order[np.round((len(order) - 1) * np.array(EXAMPLES)).astype(int)]
    return np.array(list(dict.fromkeys(chosen.tolist())))


def _example(
    row: Frame,
    background: Frame,
    answer: Callable[[Frame], Array],
    groups: Groups,
    masked: Collection[str],
) -> dict[str, Any]:
    """Explain one row by what its groups of columns add, the largest first."""

    def of_columns(columns: Mapping[str, Array]) -> Array:
        count = len(next(iter(columns.values())))
        return answer(Frame(row.columns, columns, np.arange(count)))

    found = contributions(of_columns, row.data, background.data, groups)
    cells = {column.name: to_cell(column, row[column.name])[0] for column in row.columns
             if not column.is_tensor and column.name not in masked}  # fmt: skip
    shares = [
        {
            "columns": list(group),
            "values": {n: cells[n] for n in group if n in cells},
            "share": share,
        }
        for group, share in zip(groups, found["values"], strict=True)
    ]
    shares.sort(key=lambda item: -abs(item["share"]))
    return {"answer": found["answer"], "expected": found["expected"], "shares": shares}


def _gradients(
    network: "TrainedModel | None", train: Frame, rows: Frame, number: int
) -> list[dict[str, Any]]:
    if network is None or network.preprocessing.layout.tensors:
        return []
    return integrated_gradients(network, train, rows, number)
