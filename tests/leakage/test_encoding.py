"""A category replaced by its mean target: found if test rows are in the mean, else silent."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.encoding import EncodingCheck
from ninefold.problem import ProblemSpec
from tests.leakage.reports import loud, report

N = 2000
INPUT = frozenset({"input"})


def made(encode, task="classification", seed=0, kind="given", groups=60, keep=True):
    """A case with a `shop` and the column `encoded`, made by encode(code, y, is_train, rng)."""
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, groups, N)
    signal = rng.normal(size=groups)[shop] * 0.5 + rng.normal(size=N)
    y = (signal > 0).astype(float) if task == "classification" else signal
    part = rng.choice(["train", "valid", "test"], N, p=[0.6, 0.15, 0.25]).astype(object)
    encoded = encode(shop, y, part != "test", rng)
    target = y if task == "regression" else np.where(y == 1, "yes", "no").astype(object)
    columns = [
        Column("encoded", "number", INPUT),
        Column("noise", "number", INPUT),
        Column("y", "number" if task == "regression" else "category", frozenset({"target"})),
    ]
    data = {"encoded": encoded, "noise": rng.normal(size=N), "y": target}
    if keep:
        columns.append(Column("shop", "category", INPUT))
        data["shop"] = np.array([f"s{i}" for i in shop], dtype=object)
    frame = Frame(tuple(columns), data, np.arange(N))
    return Case(frame, part, ProblemSpec(target="y", task=task), kind)


def means(code, y, use, smooth=0.0):
    size = np.bincount(code[use], minlength=code.max() + 1)
    total = np.bincount(code[use], weights=y[use], minlength=code.max() + 1)
    return ((total + smooth * y[use].mean()) / np.maximum(size + smooth, 1))[code]


def everywhere(code, y, train, rng):
    return means(code, y, np.ones(N, dtype=bool))


def smoothed(code, y, train, rng):
    return means(code, y, np.ones(N, dtype=bool), 7.0)


def standardised(code, y, train, rng):
    x = smoothed(code, y, train, rng)
    return (x - x.mean()) / x.std()


def rounded(code, y, train, rng):
    return np.round(everywhere(code, y, train, rng), 2)


def noisy(code, y, train, rng):
    return everywhere(code, y, train, rng) + 0.02 * rng.normal(size=N)


def left_out(code, y, train, rng):
    size = np.bincount(code)[code]
    return (np.bincount(code, weights=y)[code] - y) / (size - 1)


@pytest.mark.parametrize("kind", ["given", "random"])
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(
    "encode",
    [everywhere, smoothed, standardised, rounded, noisy, left_out],
    ids=lambda f: f.__name__,
)
def test_means_of_all_rows_are_found(encode, task, kind):
    (finding,) = EncodingCheck().findings(made(encode, task, kind=kind))
    assert (finding.kind, finding.columns) == ("encoding.target", ("encoded",))
    assert finding.severity in ("block", "warn")
    assert finding.fix == ((("problem", "available_at", "encoded"), "after"),)


def of_train(code, y, train, rng):
    return means(code, y, train)


def smoothed_of_train(code, y, train, rng):
    return means(code, y, train, 7.0)


def of_other_rows(code, y, train, rng):
    """The groups' levels as measured on as many rows elsewhere."""
    size = np.bincount(code)
    true = np.bincount(code, weights=y) / size
    return (true + y.std() / np.sqrt(size) * rng.normal(size=len(size)))[code]


def year(code, y, train, rng):
    return code + 1950.0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(
    "encode", [of_train, smoothed_of_train, of_other_rows, year], ids=lambda f: f.__name__
)
def test_means_of_train_and_measured_levels_are_silent(encode, task, seed):
    assert not list(EncodingCheck().findings(made(encode, task, seed)))


@pytest.mark.parametrize("decimals", [None, 4])
def test_weights_of_evidence_of_all_rows_are_found_in_small_groups(decimals):
    """They add half a row of either class, whatever the share of all."""

    def evidence(code, y, use):
        size = np.bincount(code[use], minlength=code.max() + 1)
        hits = np.bincount(code[use], weights=y[use], minlength=code.max() + 1)
        found = np.log((hits + 0.5) / (size - hits + 0.5))[code]
        return found if decimals is None else found.round(decimals)

    def of_all(code, y, train, rng):
        return evidence(code, y, np.ones(N, dtype=bool))

    (finding,) = EncodingCheck().findings(made(of_all, groups=400, keep=False))
    assert (finding.kind, finding.columns) == ("encoding.target", ("encoded",))
    of_train = made(lambda c, y, train, rng: evidence(c, y, train), groups=400, keep=False)
    assert not list(EncodingCheck().findings(of_train))


def test_balanced_panel_is_silent():
    """Every year holds the same entities: its sums are smoother than those of single draws."""
    rng = np.random.default_rng(0)
    entity, when = np.divmod(np.arange(N), 40)
    y = 10 * rng.normal(size=50)[entity] + 0.1 * when + 0.01 * rng.normal(size=N)
    columns = (
        Column("year", "number", INPUT),
        Column("y", "number", frozenset({"target"})),
    )
    frame = Frame(columns, {"year": when + 1980.0, "y": y}, np.arange(N))
    part = rng.choice(["train", "test"], N, p=[0.75, 0.25]).astype(object)
    case = Case(frame, part, ProblemSpec(target="y", task="regression"), "random")
    assert not list(EncodingCheck().findings(case))


def test_share_of_rows_of_a_category_warns():
    def share(code, y, train, rng):
        return np.bincount(code)[code] / N

    (finding,) = EncodingCheck().findings(made(share))
    assert (finding.kind, finding.severity) == ("encoding.frequency", "warn")
    assert finding.columns == ("encoded",)


@pytest.mark.parametrize("is_honest", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_medians_of_all_rows_block_and_those_of_train_pass(is_honest, keep):
    def medians(code, y, train, rng):
        use = train if is_honest else np.ones(N, dtype=bool)
        return np.array([np.median(y[use & (code == c)]) for c in range(code.max() + 1)])[code]

    case = made(medians, "regression", keep=keep)
    found = [f for f in EncodingCheck().findings(case) if "encoded" in f.columns]
    assert [f.severity for f in found] == ([] if is_honest else ["block"])


def test_an_honest_level_that_is_the_usual_price_passes():
    def usual(code, y, train, rng):
        level = np.round(rng.normal(size=code.max() + 1), 2)
        y[:] = np.where(rng.random(N) < 0.6, level[code], y)
        return level[code]

    assert list(EncodingCheck().findings(made(usual, "regression"))) == []


def test_medians_of_a_rare_class_are_nothing_that_ages_could_hold():
    def ages(code, y, train, rng):
        y[:] = rng.random(N) < 0.1
        return 10.0 + code % 8

    assert list(EncodingCheck().findings(made(ages))) == []


@pytest.mark.parametrize("is_honest", [False, True])
def test_smoothed_means_whose_category_is_gone_warn_though_small_groups_coincide(is_honest):
    rng = np.random.default_rng(7)
    code = rng.integers(0, 900, 4000)
    level = rng.normal(size=900)[code]
    y = np.round(level + rng.normal(size=4000), 1)
    part = rng.choice(["train", "test"], 4000, p=[0.75, 0.25]).astype(object)
    use = part == "train" if is_honest else np.ones(4000, dtype=bool)
    size = np.bincount(code[use], minlength=900)
    total = np.bincount(code[use], y[use], minlength=900)
    enc = ((total + 5 * y[use].mean()) / (size + 5)).round(4)[code]
    columns = (
        Column("enc", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    )
    frame = Frame(columns, {"enc": enc, "y": y}, np.arange(4000))
    case = Case(frame, part, ProblemSpec(target="y", task="regression"), "given")
    found = [item.columns for item in EncodingCheck().findings(case)]
    assert found == ([] if is_honest else [("enc",)])


@pytest.mark.parametrize("is_leak", [True, False])
def test_means_without_the_row_itself_by_two_columns_together_block(is_leak):
    rng = np.random.default_rng(8)
    state, age = rng.integers(0, 20, 3000), rng.integers(0, 15, 3000)
    code = state * 15 + age
    y = rng.normal(size=3000) + 0.1 * age
    told = y if is_leak else rng.permutation(y)
    size, total = np.bincount(code, minlength=300), np.bincount(code, told, minlength=300)
    enc = (total[code] - told) / np.maximum(size[code] - 1, 1)
    columns = (
        Column("state", "category", frozenset({"input"})),
        Column("age", "number", frozenset({"input"})),
        Column("enc", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    )
    names = np.array([f"s{k}" for k in state], dtype=object)
    data = {"state": names, "age": age.astype(float), "enc": enc, "y": y}
    part = rng.choice(["train", "test"], 3000, p=[0.75, 0.25]).astype(object)
    frame = Frame(columns, data, np.arange(3000))
    case = Case(frame, part, ProblemSpec(target="y", task="regression"), "given")
    found = [(item.columns, item.severity) for item in EncodingCheck().findings(case)]
    assert found == ([(("enc",), "block")] if is_leak else [])


@pytest.mark.parametrize(("seed", "stays"), [(2, 0.26), (3, 0.26), (1, 0.28), (3, 0.28), (2, 0.3)])
@pytest.mark.some(2)
def test_what_hardly_changes_in_few_digits_is_no_median_of_what_follows(seed, stays):
    rng = np.random.default_rng(seed)
    often = np.array([0.1, 0.25, 0.65, 0, 0.65, 0.25, 0.1]) * (1 - stays) / 2
    often[3] = stays
    level = 40 + np.cumsum(rng.choice(np.arange(-3, 4) * 0.9, 3000, p=often))
    level = (40 + np.abs((level - 40) % 72 - 36)).round(2)
    part = rng.choice(["train", "test"], 2999, p=[0.75, 0.25]).astype(object)
    table = {"before": level[:-1], "noise": rng.normal(size=2999), "now": level[1:]}
    assert not loud(report(table, "now", part), "encoding.target")
