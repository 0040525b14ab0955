"""Words that speak for an answer: they add up, and are those that decide."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.explaining.parts import left_out
from ninefold.explaining.words import word_gradients
from ninefold.networks.text_cnn import TextCNNSpec
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.report.sections.explanations import _words
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit

TOKENS = PreprocessSpec.model_validate({"columns": {"said": {"use": "tokens"}}})
WORDS = np.array(["the", "match", "fell", "on", "late", "weak", "shares"], dtype=object)


def texts(count, seed):
    rng = np.random.default_rng(seed)
    said, plant = [], []
    for number in range(count):
        some = [*rng.choice(WORDS, rng.integers(2, 9)), ["Good", "awful"][number % 2]]
        said.append(" ".join(rng.permutation(some)))
        plant.append(["north", "south"][rng.integers(2)])
    y = np.array([["fine", "bad"][i % 2] for i in range(count)], dtype=object)
    columns = (
        Column("said", "text", frozenset({"input"})),
        Column("plant", "category", frozenset({"input"})),
        Column("y", "category", frozenset({"target"})),
    )
    data = {"said": np.array(said, dtype=object), "plant": np.array(plant, dtype=object), "y": y}
    return Frame(columns, data, np.arange(count))


@pytest.fixture(scope="module")
def model():
    network = TextCNNSpec(embedding_dim=8, filters=8, kernel_sizes=(1, 2), dropout=0.0)
    spec = TrainSpec(network=network, epochs=12, batch_size=16, lr=0.01)
    problem = ProblemSpec(target="y", task="classification")
    return fit(texts(160, 0), texts(60, 1), problem, NoSamplingSpec(), TOKENS, spec)


def test_words_add_up_and_the_one_that_decides_stands_out(model):
    rows = texts(10, 2)
    rows.data["said"][9] = ""
    found = word_gradients(model, rows)
    assert [item["row"] for item in found] == list(range(10))
    for item, text in zip(found, rows["said"], strict=True):
        assert [word for word, _ in item["words"]] == text.split()
        assert item["sum"] == pytest.approx(item["answer"] - item["expected"], abs=0.05)
    decided = [max(item["words"], key=lambda pair: abs(pair[1]))[0] for item in found[:9]]
    assert sum(word in ("Good", "awful") for word in decided) >= 8


def test_a_model_without_gradients_is_asked_without_each_word():
    rows = texts(3, 3)

    def answer(frame):
        return np.array(
            [2.0 * text.split().count("Good") - len(text.split()) for text in frame["said"]]
        )

    found = left_out(answer, rows, rows)["words"]
    for item, text in zip(found, rows["said"], strict=True):
        assert item["words"] == [[word, 1.0 if word == "Good" else -1.0] for word in text.split()]
    assert "in points, loses without each word" in str(_words(found, "points")[1])


def test_masked_columns_are_not_told(model):
    assert word_gradients(model, texts(2, 2), ("said",)) == []
    rows = texts(2, 2)
    assert left_out(lambda frame: np.zeros(len(frame)), rows, rows, ("said",))["words"] == []


def test_words_are_escaped_in_the_report():
    item = {"row": 1, "said": "a", "answer": 0.0, "words": [["<b>", 2.0], ["x", -1.0]]}
    page = str(_words([item])[2])
    assert "&lt;b&gt;" in page
    assert 'class="word for4"' in page
    assert 'class="word against2"' in page
