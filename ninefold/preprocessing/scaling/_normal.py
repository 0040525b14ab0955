"""The normal distribution's quantile function; ONNX has no operator for it."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ninefold.graph import Graph

# Numerators and denominators of PPND16, highest power first: middle, tail, far tail.
_POLYNOMIALS = np.array(
    [
        [
            2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
            45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
            133.14166789178437745, 3.387132872796366608,
        ],
        [
            5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
            21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
            42.313330701600911252, 1.0,
        ],
        [
            7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
            1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
            4.6303378461565452959, 1.42343711074968357734,
        ],
        [
            1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
            0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
            2.05319162663775882187, 1.0,
        ],
        [
            2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
            0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
            5.4637849111641143699, 6.6579046435011037772,
        ],
        [
            2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
            7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
            0.59983220655588793769, 1.0,
        ],
    ]
)  # fmt: skip


def normal_deviate(graph: "Graph", shares: str) -> str:
    """Return the normal deviates of shares `[N, C]` strictly between 0 and 1.

    Source: Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", 1988
    (PPND16, about 16 digits). The six polynomials are evaluated side by side, by Horner's rule.
    """
    centred = graph.Sub(shares, 0.5)
    least = graph.Min(shares, graph.Sub(1.0, shares))
    root = graph.Sqrt(graph.Neg(graph.elementwise("Log", least)))
    middle = graph.Sub(0.180625, graph.Mul(centred, centred))
    last = np.array([-1])
    columns = [
        graph.Unsqueeze(part, last) for part in (middle, graph.Sub(root, 1.6), graph.Sub(root, 5.0))
    ]
    argument = graph.Concat(*[columns[i // 2] for i in range(6)], axis=-1)
    result: str | np.ndarray[tuple[int], np.dtype[np.float64]] = _POLYNOMIALS[:, 0]
    for power in range(1, 8):
        result = graph.Add(graph.Mul(result, argument), _POLYNOMIALS[:, power])
    parts = [graph.Gather(result, np.array(i), axis=-1) for i in range(6)]
    near, tail, far = (graph.Div(parts[2 * i], parts[2 * i + 1]) for i in range(3))
    outside = graph.Mul(graph.Where(graph.LessOrEqual(root, 5.0), tail, far), graph.Sign(centred))
    is_middle = graph.LessOrEqual(graph.Abs(centred), 0.425)
    return graph.Where(is_middle, graph.Mul(near, centred), outside)
