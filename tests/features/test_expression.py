import ast
import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.errors import ConfigError
from tests.features.frames import calculate, frame

NUMBERS = st.lists(
    st.one_of(
        st.floats(width=64),
        st.sampled_from([0.0, -0.0, 5e-324, 1e300, -1e300, np.inf, -np.inf, np.nan, 0.5, 7, -7]),
    ),
    min_size=1,
    max_size=9,
)


def finite(values):
    return np.where(np.isfinite(values), values, np.nan)


@pytest.mark.parametrize(
    ("expression", "oracle", "ulps"),
    [
        ("x + y", np.add, 0),
        ("x - y", np.subtract, 0),
        ("x * y", np.multiply, 0),
        ("x / y", np.divide, 0),
        ("x % y", np.mod, 0),
        ("x ** y", np.power, 4),
        ("x ** 2", lambda x, y: x * x, 0),
        ("x ** 0.5", lambda x, y: np.power(x, 0.5), 4),
        ("2 ** x", lambda x, y: np.power(2.0, x), 4),
        ("-x", lambda x, y: -x, 0),
        ("abs(x)", lambda x, y: np.abs(x), 0),
        ("sqrt(x)", lambda x, y: np.sqrt(x), 0),
        ("log(x)", lambda x, y: np.log(x), 4),
        ("log1p(x)", lambda x, y: np.log(1 + x), 4),
        ("exp(x)", lambda x, y: np.exp(x), 4),
        ("floor(x)", lambda x, y: np.floor(x), 0),
        ("ceil(x)", lambda x, y: np.ceil(x), 0),
        ("round(x)", lambda x, y: np.round(x), 0),
        ("min(x, y)", np.minimum, 0),
        ("max(x, y, 0)", lambda x, y: np.maximum(np.maximum(x, y), 0), 0),
        ("clip(x, -1, 1)", lambda x, y: np.clip(x, -1, 1), 0),
        ("coalesce(x, y)", lambda x, y: np.where(np.isnan(x), y, x), 0),
        ("where(isnull(x), 1, 0)", lambda x, y: np.isnan(x).astype(float), 0),
    ],
)
@settings(max_examples=12, deadline=None)
@given(x=NUMBERS, y=NUMBERS)
def test_arithmetic_is_numpys_and_the_same_for_a_row_alone(expression, oracle, ulps, x, y):
    size = min(len(x), len(y))
    source = frame(x=x[:size], y=y[:size])
    with np.errstate(all="ignore"):
        expected = finite(oracle(source["x"], source["y"]))
    result = calculate(source, expression)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    known = ~np.isnan(expected)
    with np.errstate(all="ignore"):
        difference = np.abs(result[known] - expected[known])
        ulp = np.nan_to_num(np.spacing(np.abs(expected[known])))
    assert (difference <= ulps * ulp).all()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5),
    st.floats(-1e3, 1e3).filter(lambda d: abs(d) > 1e-3),
)
def test_floor_division_is_numpys(x, divisor):
    expected = np.floor_divide(np.array(x), divisor)
    np.testing.assert_array_equal(calculate(frame(x=x), f"x // {divisor!r}"), expected)


LEAF = st.sampled_from(["x > 0", "y < 1", "isnull(x)", "x == y", "x in [0, 1]", "not isnull(y)"])
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda p: f"({p[0]}) {p[1]} ({p[2]})"
        ),
        inner.map(lambda p: f"not ({p})"),
    ),
    max_leaves=6,
)


def kleene(node, row):
    """Three-valued logic in plain Python."""
    if isinstance(node, ast.BoolOp):
        parts = [kleene(part, row) for part in node.values]
        decisive = isinstance(node.op, ast.Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    if isinstance(node, ast.UnaryOp):
        inner = kleene(node.operand, row)
        return None if inner is None else not inner
    if isinstance(node, ast.Call):
        return row[node.args[0].id] is None
    left = row[node.left.id]
    if isinstance(node.ops[0], ast.In):
        return None if left is None else left in (0, 1)
    right = node.comparators[0]
    right = row[right.id] if isinstance(right, ast.Name) else right.value
    if left is None or right is None:
        return None
    return {ast.Gt: left > right, ast.Lt: left < right, ast.Eq: left == right}[type(node.ops[0])]


@settings(max_examples=30, deadline=None)
@given(CONDITION)
def test_missing_is_neither_true_nor_false(condition):
    values = [(x, y) for x in (None, -1.0, 0.0, 1.0) for y in (None, 0.0, 2.0)]
    source = frame(
        x=[np.nan if x is None else x for x, _ in values],
        y=[np.nan if y is None else y for _, y in values],
    )
    tree = ast.parse(condition, mode="eval").body
    expected = [kleene(tree, {"x": x, "y": y}) for x, y in values]
    names = {True: "true", False: "false", None: ""}
    result = calculate(source, condition)
    if result.dtype == bool:
        assert result.tolist() == expected
    else:
        assert result.tolist() == [names[item] for item in expected]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(alphabet="aé\t \n𝄞.*`'", max_size=40), min_size=1, max_size=6))
def test_text_functions_count_as_python_does(texts):
    source = frame(text_a=["seed", *texts])
    given_text = source["text_a"].tolist()
    lengths = [len(text) if text else np.nan for text in given_text]
    words = [len(text.split()) if text else np.nan for text in given_text]
    np.testing.assert_array_equal(calculate(source, "length(text_a)"), lengths)
    np.testing.assert_array_equal(calculate(source, "words(text_a)"), words)
    holds = ["" if not text else str(".*" in text).lower() for text in given_text]
    assert calculate(source, "contains(text_a, '.*')").tolist() == holds


def test_long_text_counts_as_the_greatest_length():
    source = frame(text_a=["x" * 1022, "é" * 1023, "𝄞" * 1024, "y" * 5000])
    assert calculate(source, "length(text_a)").tolist() == [1022, 1023, 1023, 1023]
    source = frame(text_a=["a\tb\n" * 255, "é " * 511, "𝄞 " * 512, "y\n" * 5000])
    assert calculate(source, "words(text_a)").tolist() == [510, 511, 511, 511]


@pytest.mark.parametrize(
    "name", ["my col", "a.b", "größe", "ﬁ", "x-y", "don't", 'q"q', "a`b", "in"]
)
def test_any_column_name_can_be_used(name):
    source = frame(**{name: [1.0, 2.0], "other": [0.0, 1.0]})
    quoted = name.replace("`", "``")
    assert calculate(source, f"other + `{quoted}` * 2").tolist() == [2, 5]


def test_unicode_names_stay_as_written_without_backticks():
    assert calculate(frame(**{"größe": [1.0], "ﬁ": [3.0]}), "größe + ﬁ").tolist() == [4]


def test_dates_compare_with_text_and_subtract():
    day = datetime.datetime
    source = frame(a=[day(2013, 6, 1), day(1969, 12, 31, 23), None], b=[day(2013, 5, 31, 12)] * 3)
    assert calculate(source, "a >= '2013-06-01'").tolist() == ["true", "false", ""]
    np.testing.assert_array_equal(calculate(source, "hours(a - b)")[[0, 2]], [12, np.nan])
    np.testing.assert_array_equal(calculate(source, "days(b - a)")[0], -0.5)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("distence / 2", r"no column `distence` \(did you mean `distance`\?\) \(character 1"),
        ("2 * logg(distance)", r"no function `logg` \(did you mean `log`\?\) \(character 5"),
        ("distance +", "must be an expression"),
        ("origin + 1", r"`\+` needs numbers, however: this is text"),
        ("origin < 'b'", "text has no order"),
        ("where(distance, 1, 2)", "must be true or false, however: it is a number"),
        ("where(origin == 'a', 1, 'x')", "needs values of one type"),
        ("origin == ''", "empty text means missing"),
        ("a.b + 1", "write the column's name in `backticks`"),
        ("__import__('os').system('true')", "only functions can be called"),
        ("().__class__", "Attribute cannot be used"),
        ("[x for x in origin]", "ListComp cannot be used"),
        ("1 + 2", "must use at least one column"),
        ("log(distance, 2)", "log takes 1 values, however: 2"),
        ("origin in 'abc'", "needs a list"),
        ("distance in ['a']", "must be a number"),
        ("(" * 300 + "distance" + ")" * 300, "expression"),
        ("distance is None", "`is` is no operator"),
        ("distance == None", "missing is isnull"),
        ("a - a", "span of time"),
    ],
)
def test_a_mistake_is_named_with_its_place(expression, message):
    source = frame(distance=[1.0], origin=["a"], a=[datetime.datetime(2020, 1, 1)])
    with pytest.raises(ConfigError, match=message) as error:
        calculate(source, expression)
    assert "params.yaml: featurize.derive.0" in str(error.value)


def test_deep_nesting_of_comparisons_compiles_quickly():
    expression = "(" * 25 + "x > 0" + " ) == True" * 25
    assert calculate(frame(x=[1.0, -1.0]), expression).tolist() == ["true", "false"]
