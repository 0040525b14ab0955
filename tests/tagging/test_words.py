"""Words as steps: from a table of tokens to labels, the same by file, by list and by sentence."""

import json

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.errors import InputError
from ninefold.files import read_json
from ninefold.graph import Graph
from ninefold.preprocessing.layout import TensorLayout
from ninefold.runtime import session
from ninefold.sequences import NO_WORD, text_of_words, words_of
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from ninefold.serving.step_explanations import UNHEARD
from ninefold.tagging.reading import StepReading
from tests.end_to_end.commands import ninefold
from tests.serving.conftest import running
from tests.unlabelled.workspaces import change, run

STAGES = ("ingest", "featurize", "split", "audit", "explore", "baselines", "train",
          "crossvalidate", "evaluate", "export", "report")  # fmt: skip
NOUNS = ["dog", "cat", "house", "river", "engineer", "New York", "letter", "garden", "teacher"]
VERBS = ["walk", "paint", "open", "jump", "visit", "answer", "follow", "watch", "listen", "climb"]


def sentences(count, seed=0):
    """Return words and their parts of speech: "will open" is a verb, "the open" an adjective."""
    rng = np.random.default_rng(seed)
    lines = []

    def thing():
        yield rng.choice(["the", "a", "this"]), "DET"
        if rng.random() < 0.5:
            yield rng.choice(["old", "open", "quiet", "green"]), "ADJ"
        yield rng.choice(NOUNS), "NOUN"

    for number in range(count):
        verb = rng.choice(VERBS)
        forms = [[(f"{verb}ed", "VERB")], [("is", "AUX"), (f"{verb}ing", "VERB")],
                 [("will", "AUX"), (verb, "VERB")]]  # fmt: skip
        said = [*thing(), *forms[rng.integers(3)], *thing(), (".", "PUNCT")]
        said = said[:1] if number % 20 == 0 else said
        for place, (word, label) in enumerate(said):
            word = None if rng.random() < 0.01 else word.capitalize() if place == 0 else word
            lines.append((f"s{number:04d}", place, word, label if rng.random() < 0.98 else None))
    return pd.DataFrame(lines, columns=["sentence", "place", "word", "part"])


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    table = sentences(300)
    table.sample(frac=1.0, random_state=0).to_csv(folder / "tokens.csv", index=False)
    options = ("--entity", "sentence", "--time", "place", "--target", "part", "--task", "tagging")
    ninefold("init", "tokens.csv", *options, "--into", "ws", "--yes", cwd=folder)
    change(
        folder / "ws", tag="{hidden_size: 16, epochs: 12, lr: 0.01}", evaluate="{bootstrap: 100}",
        export="{model: network}", split="{kind: auto, folds: 2}",
    )  # fmt: skip
    return run(folder / "ws", *STAGES)


@pytest.fixture(scope="module")
def model(tagged):
    found = read_model(tagged / "models" / "model.onnx")
    return found, Rows(found)


def said(model, *cells):
    found, rows = model
    batch = rows.read([{"word": cell} for cell in cells])
    return rows.answers(batch, found.run(batch.feeds))


def test_every_stage_takes_words_as_steps(tagged):
    receipt = read_json(tagged / "reports" / "receipt.json")
    assert receipt["pass"] is True
    assert receipt["max_delta"] <= 1e-5
    assert receipt["cases"]["sequences"]["n"] == 12
    found = read_json(tagged / "reports" / "evaluation.json")
    assert found["test"]["accuracy"]["value"] > 0.9
    assert set(found["baselines"]) == {"most_frequent", "linear"}
    assert found["baselines"]["linear"]["test"]["accuracy"]["value"] > 0.9
    page = (tagged / "reports" / "report.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page
    assert " ".join(found["examples"][-1]["words"]) in page


def test_tables_lists_and_sentences_get_the_same_labels(tagged, model, tmp_path):
    new = sentences(9, seed=5).drop(columns="part")
    new.sample(frac=1.0, random_state=1).to_csv(tmp_path / "new.csv", index=False)
    ninefold("predict", "models/model.onnx", tmp_path / "new.csv", tmp_path / "a.parquet",
             cwd=tagged)  # fmt: skip
    table = pq.read_table(tmp_path / "a.parquet").to_pandas().set_index("sentence")
    groups = {
        name: [None if pd.isna(word) else word for word in own["word"]]
        for name, own in new.groupby("sentence")
    }
    answers = said(model, *groups.values())
    for answer, (name, words) in zip(answers, groups.items(), strict=True):
        assert len(answer["tags"]) == len(words)
        assert answer["tags"] == json.loads(table.loc[name, "tags"])
    listed, sentence, lines, cell = said(
        model, ["The", "dog", "jumped", "a", "cat", "."], "The dog  jumped a cat .",
        "The\ndog\njumped\na\ncat\n.",
        '["The", "dog", "jumped", "a", "cat", "."]',
    )  # fmt: skip
    assert listed == sentence == lines == cell
    assert listed["tags"] == ["DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    rows = pd.DataFrame({"word": ["The dog  jumped a cat .", "New York\n"]})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    ninefold("predict", "models/model.onnx", tmp_path / "rows.csv", tmp_path / "b.csv", cwd=tagged)
    first, place = map(json.loads, pd.read_csv(tmp_path / "b.csv")["tags"])
    assert (first, len(place)) == (listed["tags"], 1)
    nothing, wrong = said(model, [], [1])
    assert nothing["tags"] == []
    assert 'must be a list of words, as in ["the", "word"]' in wrong["error"]


def test_words_never_seen_are_told_by_how_they_end_and_what_stands_beside(model):
    answers = said(model, "The dog snorkeled a cat .", "The wizzle is snorkeling the dog .",
                   "THE DOG WILL OPEN A LETTER .")  # fmt: skip
    assert answers[0]["tags"][2] == "VERB"
    assert answers[1]["tags"][:4] == ["DET", "NOUN", "AUX", "VERB"]
    assert answers[2]["tags"] == ["DET", "NOUN", "AUX", "VERB", "DET", "NOUN", "PUNCT"]


def test_each_label_is_explained_by_the_steps_around_it(tagged, model):
    sentence = "The dog will open a letter ."
    with running("models/model.onnx", cwd=tagged) as (url, _):
        asked = {"rows": [{"word": sentence}, {"word": []}], "explain": True}
        answer = httpx.post(f"{url}/v1/models/model/predict", json=asked, timeout=30)
        first, empty = answer.json()["predictions"]
        told = httpx.get(f"{url}/v1/models/model").json()
    assert told["explains"] is True
    assert told["explained_parts"] == {"word": "steps"}
    steps = first["explanation"]["steps"]
    assert [step["tag"] for step in steps] == first["tags"]
    verb = steps[3]
    assert verb["tag"] == "VERB"
    lost = {item["text"]: item["value"] for item in verb["because"]}
    assert lost["will"] > max(0, lost["dog"], lost["."])
    (without,) = said(model, sentence.replace("will", UNHEARD))
    chance = without["probabilities"]["VERB"][3]
    odds = np.log(chance / (1 - chance))
    assert lost["will"] == pytest.approx(verb["answer"] - odds, abs=1e-3)
    assert empty["explanation"]["steps"] == []


WORD = st.sampled_from(["the", "Dog", "New York", "zorple", "3", "é", "."]) | st.text(max_size=4)
SENTENCE = st.lists(WORD | st.none(), max_size=9)


@settings(max_examples=30, deadline=None)
@given(own=SENTENCE, beside=st.lists(SENTENCE, max_size=3))
def test_rows_beside_change_no_bit(model, own, beside):
    (alone,), (first, *_) = said(model, own), said(model, own, *beside)
    assert len(alone["tags"]) == len(own)
    assert first == alone


@given(SENTENCE)
def test_a_text_holds_each_word(words):
    kept = [" ".join((word or "").split()) or NO_WORD for word in words]
    assert words_of(text_of_words(words)) == kept


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(st.integers(1, 5), st.integers(1, 5)), seed=st.integers(0, 99))
def test_numbers_and_words_of_steps_stand_side_by_side_in_numpy_and_in_the_graph(sizes, seed):
    rng = np.random.default_rng(seed)
    layouts = (TensorLayout("word", "words", (-1, 4), (), (), cardinality=9),
               TensorLayout("series", "sequence", (-1, 3), (), ()))  # fmt: skip
    parts = [rng.integers(0, 9, (2, size, layout.shape[1])).astype(np.float32)
             for size, layout in zip(sizes, layouts, strict=True)]  # fmt: skip
    reading, graph = StepReading(layouts), Graph("both")
    names = [graph.input(f"t{i}", np.float32, ("N", f"t{i}#steps", layout.shape[1]))
             for i, layout in enumerate(layouts)]  # fmt: skip
    graph.output("steps", reading.emit(graph, names), np.float32, ("N", "T", reading.width + 1))
    found = session(graph.model()).run(None, {f"t{i}": part for i, part in enumerate(parts)})[0]
    np.testing.assert_array_equal(found, reading.join(parts))
    assert found.shape == (2, max(sizes), 6)


@pytest.mark.thorough
def test_a_table_may_hold_words_and_numbers(tmp_path):
    table = sentences(60).dropna(subset=["word"])
    table["length"] = table["word"].str.len()
    table.to_csv(tmp_path / "tokens.csv", index=False)
    options = ("--entity", "sentence", "--time", "place", "--target", "part", "--task", "tagging")
    ninefold("init", "tokens.csv", *options, "--into", "ws", "--yes", cwd=tmp_path)
    change(tmp_path / "ws", tag="{hidden_size: 8, epochs: 2}", evaluate="{bootstrap: 100}",
           export="{model: network}", split="{kind: auto, folds: 2}")  # fmt: skip
    workspace = run(tmp_path / "ws", *(s for s in STAGES if s not in ("explore", "report")))
    found = read_model(workspace / "models" / "model.onnx")
    assert {item.name for item in found.inputs} == {"sequence", "word"}
    assert read_json(workspace / "reports" / "receipt.json")["pass"] is True
    rows = Rows(found)
    batch = rows.read([{"word": ["The", "dog"], "sequence": [3, 3]}, {"word": ["The"] * 5}])
    first, second = rows.answers(batch, found.run(batch.feeds))
    assert (len(first["tags"]), len(second["tags"])) == (2, 5)
    change(workspace, ingest="{kind: long_table, path: ../tokens.csv, entity: sentence, "
           "time: place, tags: part, words: [length]}")  # fmt: skip
    with pytest.raises(InputError, match=r"ingest\.words must name columns of words"):
        run(workspace, "ingest")
