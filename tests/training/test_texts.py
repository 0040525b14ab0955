"""Texts read word by word: looked up in the graph, learnt, exported; laid flat for other models."""

import json

import numpy as np
import pytest

from ninefold.baselines.base import TrainRows
from ninefold.baselines.linear import LinearSpec
from ninefold.baselines.scores import at_length
from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError
from ninefold.export import ExportSpec
from ninefold.export.publish import publish
from ninefold.features import FeaturizeSpec, build, featurize
from ninefold.networks.mlp import word_gains
from ninefold.networks.text_cnn import TextCNNSpec
from ninefold.preprocessing import Layout, PreprocessSpec
from ninefold.preprocessing import fit as fit_preprocessing
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.scoring.marks import Marker
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows
from ninefold.target import Target
from ninefold.training import TrainSpec, fit
from ninefold.vocabulary import known_share, vocabularies

PROBLEM = ProblemSpec(target="y", task="classification")
TOKENS = PreprocessSpec.model_validate({"columns": {"said": {"use": "tokens"}}})
WORDS = "the match was won by a late goal while shares fell on weak profit".split()  # noqa: SIM905


def texts(count=200, seed=0):
    """Return texts whose class is told by the order of two words."""
    rng = np.random.default_rng(seed)
    said, y = [], []
    for number in range(count):
        some = list(rng.choice(WORDS, rng.integers(3, 12)))
        pair = ["not", "good"] if number % 2 else ["good", "not"]
        place = int(rng.integers(0, len(some)))
        said.append(" ".join([*some[:place], *pair, *some[place:]]))
        y.append("bad" if number % 2 else "fine")
    columns = (
        Column("said", "text", frozenset({"input"})),
        Column("y", "category", frozenset({"target"})),
    )
    data = {"said": np.array(said, dtype=object), "y": np.array(y, dtype=object)}
    return Frame(columns, data, np.arange(count))


def test_words_become_ids_whatever_the_batch():
    frame = texts(60)
    target = Target.fit(frame, PROBLEM)
    ready = fit_preprocessing(frame, target.encode(frame), target, PROBLEM, TOKENS)
    (tensor,) = ready.layout.tensors
    odd = frame.take(np.arange(6))
    odd.data["said"][:] = ["", "NOT good", "never-seen good", " the  the ", "the " * 700, "good"]
    together = ready.transform(odd)[2]
    alone = np.concatenate([ready.transform(odd.take(np.array([i])))[2] for i in range(6)])
    np.testing.assert_array_equal(together, alone)
    assert together.shape == (6, tensor.shape[0])
    assert (together[0] == 0).all()
    assert together[2, 0] == 1
    assert together[2, 1] == together[5, 0] > 1
    assert (together[3] > 0).sum() == 2
    flat = ready.flattened()
    assert flat.layout.tensors == ()
    X = flat.transform(odd)[0]
    assert X.shape == (6, len(tensor.features))
    assert (X[0] == 0).all()
    lengths = np.linalg.norm(X[1:], axis=1)
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)  # also of a text of 700 words
    np.testing.assert_array_equal(X[3:4], flat.transform(odd.take(np.array([3])))[0])
    assert np.mean(np.square(X[1:] * word_gains(flat.layout))) == pytest.approx(1)
    counted = ready.flattened(counted=True).transform(odd)[0]
    assert counted[4].max() == pytest.approx(counted[3].max() * np.sqrt(tensor.shape[0] / 2))
    np.testing.assert_allclose(at_length(counted, flat.layout), X, rtol=1e-6)


def test_a_text_of_unknown_words_is_of_neither_class():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(160) < 0.5, "fine", "bad").astype(object)
    marks = {"fine": ["great", "superb", "joy"], "bad": ["the awful", "the dull end", "the worst"]}
    said = [" ".join([*rng.choice(WORDS, 8), rng.choice(marks[k])]) for k in y]
    frame = texts(160)
    frame.data.update(said=np.array(said, dtype=object), y=y)
    target = Target.fit(frame, PROBLEM)
    codes = target.encode(frame)
    flat = fit_preprocessing(frame, codes, target, PROBLEM, TOKENS).flattened()
    X, none = flat.transform(frame)[:2]
    rows = TrainRows(X, none, codes, np.ones(160), target, flat.layout)
    scores = LinearSpec().fit(rows, 0).scores(np.zeros_like(X[:1]), none[:1])
    assert np.exp(scores).max() < 0.7


def test_a_network_learns_the_order_of_words_and_is_exported():
    train, valid = texts(240), texts(80, seed=1)
    featurizer, derived = build(train.columns, PROBLEM, FeaturizeSpec(auto=False))
    train, valid = (featurize(part, featurizer, derived) for part in (train, valid))
    network = TextCNNSpec(embedding_dim=16, filters=16)
    spec = TrainSpec(network=network, epochs=12)
    model = fit(train, valid, PROBLEM, NoSamplingSpec(), TOKENS, spec)
    assert model.facts["valid"]["accuracy"] > 0.9
    published = publish(featurizer, model, train, valid, PROBLEM, ExportSpec())
    assert published.receipt["pass"] is True, published.receipt["reasons"]
    assert published.receipt["cases"]["unseen_category"]["n"] > 0
    served = Model("news", published.content)
    rows = Rows(served)
    said = ["the match was not good", "never seen before", "", "good "]
    batch = rows.read([{"said": text} for text in said])
    answers = rows.answers(batch, served.run(batch.feeds))
    short = {"out_of_range": ["said"]}
    flags = [None, {"unseen": ["said"], **short}, {"missing": ["said"]}, short]
    assert [answer.get("flags") for answer in answers] == flags
    assert [
        rows.flagger.flags({"said": cell[None]}).get(0) for cell in batch.feeds["said"]
    ] == flags
    marker = Marker(served.signature.inputs, served.words)
    unseen, beyond, missing = marker.mark(batch.feeds, np.zeros(4, bool))[0]
    assert unseen.to_pylist() == [None, "said", None, None]
    assert beyond.to_pylist() == [None, "said", None, "said"]
    assert missing.to_pylist() == [None, None, "said", None]


@pytest.mark.parametrize("use", ["tokens", "text"])
def test_the_words_that_a_file_looks_up_are_read_off_its_graph(use):
    frame = texts(120)
    frame.data["said"][:9] = ["Goal! 東京"] * 9
    target = Target.fit(frame, PROBLEM)
    spec = PreprocessSpec.model_validate({"columns": {"said": {"use": use}}})
    known = {*WORDS, "not", "good", "Goal!", "東", "京"}
    ready = fit_preprocessing(frame, target.encode(frame), target, PROBLEM, spec)
    for model in (ready.model, ready.flattened().model):
        words = vocabularies(model.SerializeToString())["said"]
        assert words == known if use == "tokens" else {"Goal!", "京"} < words < known
    assert known_share("goal! Goal! 京 of", words) == 0.5
    assert known_share(" ", words) == 0


def test_a_network_of_tables_reads_words_beside_numbers_and_is_exported():
    parts = [texts(n, seed) for n, seed in ((120, 0), (60, 1))]
    for part in parts:
        part.data["size"] = np.linspace(0, 1, len(part))
    columns = (Column("size", "number", frozenset({"input"})), *parts[0].columns)
    train, valid = (Frame(columns, part.data, part.row) for part in parts)
    featurizer, _ = build(columns, PROBLEM, FeaturizeSpec(auto=False))
    model = fit(train, valid, PROBLEM, NoSamplingSpec(), TOKENS, TrainSpec(epochs=2))
    published = publish(featurizer, model, train, valid, PROBLEM, ExportSpec())
    assert published.receipt["pass"] is True, published.receipt["reasons"]
    again = Layout.from_json(json.loads(json.dumps(model.preprocessing.layout.to_json())))
    np.testing.assert_array_equal(word_gains(again), word_gains(model.preprocessing.layout))


def test_without_tokens_the_network_says_what_to_set():
    with pytest.raises(ConfigError, match="use: tokens"):
        fit(texts(60), texts(40), PROBLEM, NoSamplingSpec(), PreprocessSpec(),
            TrainSpec(network=TextCNNSpec()))  # fmt: skip
