"""Every transform against scikit-learn or numpy, on the values that break naive ones."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import preprocessing as sk

from ninefold.preprocessing import ColumnSpec, PreprocessSpec, fit
from ninefold.preprocessing.blocks.numbers import LIMIT
from ninefold.target import Target
from tests.features.frames import PROBLEM, frame

TARGET = Target("outcome", "classification", ("a", "b"))
ODD = [0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, np.inf, -np.inf, np.nan, 1.0, -1.0]
VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from(ODD), st.integers(-3, 3).map(float)),
    min_size=2,
    max_size=40,
)


def fitted(train, **overrides):
    columns = {name: ColumnSpec.model_validate(item) for name, item in overrides.items()}
    spec = PreprocessSpec(columns=columns)
    return fit(train, np.zeros(len(train)), TARGET, PROBLEM, spec)


def with_anchor(values):
    """Return columns of which `x` varies among finite values, beside one that always does."""
    values = [*values, 1.25, -3.5]
    return frame(x=values, always=np.arange(len(values)))


def transform(train, test, **override):
    """Return feature `x` of the test rows; each row alone gives the same bits."""
    prepared = fitted(train, x={"missing_flag": False, **override})
    assert "x" in prepared.layout.features
    X, _ = prepared.transform(test)
    for row in range(min(len(test), 6)):
        np.testing.assert_array_equal(prepared.transform(test.take(np.array([row])))[0][0], X[row])
    assert np.isfinite(X).all()
    return X[:, prepared.layout.features.index("x")]


def known(values):
    return np.clip(values[np.isfinite(values)], -1e300, 1e300)


def smooth(x):
    return x / np.sqrt(1 + (x / 3) ** 2)


SCALERS = {
    "none": sk.FunctionTransformer(),
    "standard": sk.StandardScaler(),
    "min_max": sk.MinMaxScaler(),
    "robust": sk.RobustScaler(),
}


@pytest.mark.parametrize("scale", ["none", "standard", "min_max", "robust"])
@settings(max_examples=12)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), odd=VALUES)
def test_scaling_is_scikit_learns(scale, values, odd):
    train = with_anchor(values)
    oracle = SCALERS[scale].fit(train["x"].reshape(-1, 1))
    quarter = np.subtract(*np.percentile(train["x"], [75, 25]))
    if scale == "robust" and quarter <= 1e-9 * np.ptp(train["x"]):
        return
    test = with_anchor(odd)
    filled = np.where(np.isfinite(test["x"]), test["x"], np.median(train["x"]))
    with np.errstate(all="ignore"):
        expected = oracle.transform(np.clip(filled, -1e300, 1e300).reshape(-1, 1))[:, 0]
    expected = np.clip(expected, -LIMIT, LIMIT).astype(np.float32)
    result = transform(train, test, scale=scale, clip="none")
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("scale", ["standard", "min_max", "robust", "log", "quantile", "none"])
@settings(max_examples=8)
@given(values=VALUES, odd=VALUES)
def test_odd_train_values_give_finite_features(scale, values, odd):
    transform(with_anchor(values), with_anchor(odd), scale=scale)


@settings(max_examples=12)
@given(values=VALUES)
def test_the_smooth_clip_squeezes_the_robust_scale(values):
    train = with_anchor(values)
    x = known(train["x"])
    low, middle, high = np.percentile(x, [25, 50, 75])
    extent = x.max() - x.min()
    spread = high - low if high - low > 1e-12 * extent else extent / 2
    filled = np.where(np.isfinite(train["x"]), train["x"], middle)
    with np.errstate(all="ignore"):
        scaled = np.clip((filled - middle) / spread, -LIMIT, LIMIT)
    result = transform(train, train)
    np.testing.assert_allclose(result, smooth(scaled), rtol=1e-6, atol=1e-9)
    assert (np.abs(result) <= 3).all()


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@settings(max_examples=12)
@given(
    values=st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.integers(-3, 3).map(float)), min_size=5, max_size=60
    ),
    count=st.integers(2, 30),
)
def test_quantile_scaling_is_scikit_learns(distribution, values, count):
    train = with_anchor(values)
    x = train["x"]
    count = min(count, len(x))
    oracle = sk.QuantileTransformer(
        n_quantiles=count, output_distribution=distribution, subsample=None
    ).fit(x.reshape(-1, 1))
    knots = oracle.quantiles_[:, 0]
    around = np.concatenate([knots, np.nextafter(knots, np.inf), np.nextafter(knots, -np.inf)])
    test = with_anchor([*x, *around, -1e300, 1e300])
    scale = {"kind": "quantile", "quantiles": count, "distribution": distribution}
    result = transform(train, test, scale=scale)
    expected = oracle.transform(test["x"].reshape(-1, 1))[:, 0]
    far = np.abs(test["x"][:, None] - knots[[0, -1]]).min(axis=1) > 1e-6
    agrees = far | (distribution == "uniform")
    np.testing.assert_allclose(result[agrees], expected[agrees], rtol=2e-6, atol=2e-6)


def test_logarithms_keep_the_sign():
    train = frame(x=[-1e3, -1.0, 0.0, 10.0, 1e6], always=range(5))
    logs = np.sign(train["x"]) * np.log1p(np.abs(train["x"]))
    expected = (logs - logs.mean()) / logs.std()
    result = transform(train, train, scale="log", clip="none")
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("impute", "expected"),
    [
        ("median", 2.0),
        ("mean", 3.0),
        ("most_frequent", 1.0),
        ({"kind": "constant", "value": -7}, -7.0),
    ],
)
def test_missing_and_infinite_values_are_filled_and_flagged(impute, expected):
    train = frame(x=[1.0, 1.0, 2.0, 4.0, 7.0, np.nan, np.inf, -np.inf], always=range(8))
    prepared = fitted(train, x={"impute": impute, "scale": "none"})
    X, _ = prepared.transform(train)
    names = list(prepared.layout.features)
    np.testing.assert_array_equal(X[5:, names.index("x")], expected)
    np.testing.assert_array_equal(X[:, names.index("x is missing")], [0] * 5 + [1] * 3)


@pytest.mark.parametrize(
    ("clip", "bounds"),
    [
        ({"kind": "quantile", "low": 0.1, "high": 0.9}, lambda x: np.quantile(x, [0.1, 0.9])),
        ("iqr", lambda x: np.percentile(x, [25, 75]) + [-1.5, 1.5] * np.array(50)),
    ],
)
def test_outliers_are_clipped(clip, bounds):
    train = frame(x=np.arange(101.0), always=range(101))
    low, high = bounds(train["x"])
    test = frame(x=[-1e9, 50.0, 1e9], always=range(3))
    result = transform(train, test, scale="none", clip=clip)
    np.testing.assert_allclose(result, [low, 50, high])


@settings(max_examples=12)
@given(values=st.lists(st.floats(-100, 100), min_size=6, max_size=60), bins=st.integers(2, 12))
def test_every_row_falls_in_one_bin(values, bins):
    train = with_anchor(values)
    prepared = fitted(train, x={"bins": bins})
    edges = np.array(prepared.layout.edges.get("x", ()))
    near = [*edges, *np.nextafter(edges, np.inf), *np.nextafter(edges, -np.inf), np.nan, 1e300]
    test = with_anchor(near)
    X, _ = prepared.transform(test)
    own = [i for i, s in enumerate(prepared.layout.sources) if s == "x"]
    filled = np.where(np.isnan(test["x"]), np.median(train["x"]), test["x"])
    np.testing.assert_array_equal(X[:, own].sum(axis=1), 1)
    np.testing.assert_array_equal(X[:, own].argmax(axis=1), np.searchsorted(edges, filled, "right"))


TEXTS = st.sampled_from(["a", "b", "", "ä", "𝄞", "nan", " ", "A", "None"])


@settings(max_examples=12)
@given(st.lists(TEXTS, min_size=4, max_size=30), st.lists(TEXTS, min_size=1, max_size=10))
def test_categories_are_known_levels_missing_or_other(train_values, test_values):
    train = frame(c=["a", "b", *train_values], always=range(len(train_values) + 2))
    test = frame(c=["b", *test_values], always=range(len(test_values) + 1))
    one_hot = fitted(train, c={"encode": "one_hot", "min_count": 1})
    coded = fitted(train, c={"encode": "ordinal", "min_count": 1})
    levels = sorted(set(train["c"]) - {""})
    expected = [1 if v == "" else 2 + levels.index(v) if v in levels else 0 for v in test["c"]]
    assert coded.layout.levels["c"] == tuple(levels)
    assert coded.transform(test)[1][:, 0].tolist() == expected
    assert coded.layout.cardinalities == (len(levels) + 2,)
    X, codes = one_hot.transform(test)
    assert codes.shape == (len(test), 0)
    for name, values in zip(one_hot.layout.features, X.T, strict=True):
        if name.startswith("c = "):
            np.testing.assert_array_equal(values, test["c"] == name.removeprefix("c = "))


def test_rare_levels_count_as_unknown_ones():
    values = ["a"] * 20 + ["b"] * 10 + ["r1", "r2", "r3"]
    train = frame(c=values, always=range(33))
    prepared = fitted(train)
    test = frame(c=["a", "r1", "new", ""], always=range(4))
    X, _ = prepared.transform(test)
    other = prepared.layout.features.index("c is other")
    assert X[:, other].tolist() == [0, 1, 1, 0]
    assert fitted(train, c={"max_levels": 1, "encode": "ordinal"}).layout.cardinalities == (3,)
    frequent = fitted(train, c={"min_frequency": 0.4, "encode": "ordinal"})
    assert frequent.layout.levels["c"] == ("a",)


def test_numbers_can_be_categories():
    train = frame(n=[1.0, 1, 1, 2.5, 2.5, 2.5, np.nan, np.inf], always=range(8))
    prepared = fitted(train, n={"use": "category", "encode": "ordinal"})
    test = frame(n=[2.5, 1.0, 3.0, np.nan, -np.inf], always=range(5))
    assert prepared.transform(test)[1][:, 0].tolist() == [3, 2, 0, 1, 1]
    assert prepared.layout.levels["n"] == ("1", "2.5")


def test_words_are_found_in_any_known_spelling():
    texts = ["Good food.", "good", "bad food", "Bad!", "bad  food", "good food", "", "bad"] * 3
    train = frame(text_a=texts, always=range(24))
    prepared = fitted(train)
    test = frame(text_a=["bad food.", "", "unheard", "x " * 600 + "good"], always=range(4))
    X, _ = prepared.transform(test)
    names = [n for n in prepared.layout.features if n.startswith("text_a")]
    found = {n: X[:, prepared.layout.features.index(n)].tolist() for n in names}
    assert found["text_a has 'bad'"] == [1, 0, 0, 0]
    assert found["text_a has 'food'"] == [1, 0, 0, 0]


def test_datetimes_can_be_numbers_before_1970_too():
    days = [datetime.datetime(1960, 1, 1) + datetime.timedelta(days=400 * i) for i in range(20)]
    train = frame(t=[*days, None], always=range(21))
    assert "t" not in fitted(train).layout.features
    X, _ = (prepared := fitted(train, t={"use": "number", "scale": "min_max"})).transform(train)
    column = X[:, prepared.layout.features.index("t")]
    np.testing.assert_allclose(column[:-1], np.arange(20) / 19, rtol=1e-6)
