import unicodedata
from typing import Annotated, Literal

import pytest
from pydantic import Field

from ninefold.config import Spec, _sentence, load_params, nearest
from ninefold.errors import ConfigError

PROBLEM = "problem: {target: y, task: regression}\n"


def write(tmp_path, text):
    (tmp_path / "params.yaml").write_text(text)
    return tmp_path


def mistakes(tmp_path, text, *sections):
    with pytest.raises(ConfigError) as caught:
        load_params(write(tmp_path, text), sections)
    return str(caught.value).splitlines()


def test_names_of_columns_are_read_as_sources_give_them(tmp_path):
    """However the editor wrote `ö`; texts that are no names stay."""
    text = """\
problem: {target: größe, task: classification, positive: größe, ids: [nº größe],
          available_at: {größe: after}}
ingest: {kind: file, path: größe.csv, columns: {größe: {kind: number}}, drop: [größe]}
featurize: {derive: [{kind: expression, name: größer, expression: größe + 1}]}
"""
    made = load_params(write(tmp_path, unicodedata.normalize("NFD", text)))
    problem, ingest = made["problem"], made["ingest"]
    assert (problem.target, *problem.ids, *problem.available_at) == ("größe", "nº größe", "größe")
    assert (*ingest.columns, *ingest.drop) == ("größe",) * 2
    (derived,) = made["featurize"].derive
    assert (derived.name, derived.expression) == ("größer", "größe + 1")
    assert problem.positive == unicodedata.normalize("NFD", "größe")
    assert ingest.path == unicodedata.normalize("NFD", "größe.csv")


def test_defaults_come_from_the_spec(tmp_path):
    assert load_params(write(tmp_path, PROBLEM), ["problem"])["problem"].time is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("problem: {target: y}", "params.yaml: `problem.task` must be given"),
        (
            "problem: {target: y, task: regresion}",
            "params.yaml: problem.task must be 'classification', 'regression', 'clustering', "
            "'anomaly', 'embedding', 'generation' or 'tagging', "
            "however: 'regresion'",
        ),
        (
            "problem: {target: y, task: regression, positive: a}",
            "params.yaml: problem must name no positive class for regression, however: 'a'",
        ),
        (
            "problem: {target: y, task: regression, ids: [n, y]}",
            "params.yaml: problem must not name a target in ids, however: 'y'",
        ),
        (
            "problem: {target: y, task: regression, group: [n], available_at: {n: after}}",
            "params.yaml: problem must not name a column of group in available_at as after, "
            "however: 'n'",
        ),
        (
            "problem: {target: y, task: regression, tme: d}",
            "params.yaml: unknown key `problem.tme` (did you mean `time`?)",
        ),
        (
            "problem: {target: 3, task: regression}",
            "params.yaml: problem.target must be text (put it in quotes), however: 3",
        ),
        (PROBLEM + "tarin: {}", "params.yaml: unknown section `tarin` (did you mean `train`?)"),
    ],
)
def test_a_mistake_says_place_rule_value(tmp_path, text, line):
    assert mistakes(tmp_path, text, "problem") == [line]


def test_all_mistakes_are_told_at_once(tmp_path):
    assert len(mistakes(tmp_path, "problem: {task: x, tme: d}\nsplitt: {}", "problem")) == 4


def test_a_wrong_number_reads_as_promised(tmp_path):
    line = mistakes(tmp_path, PROBLEM + "train: {lr: -0.1}", "train")
    assert line == ["params.yaml: train.lr must be > 0, however: -0.1"]


def test_a_value_that_may_be_a_number_or_a_word_is_told_what_it_might_be(tmp_path):
    line = mistakes(tmp_path, PROBLEM + "train: {threshold: tunned}", "train")
    assert line == ["params.yaml: train.threshold must be a number or 'tuned', however: 'tunned'"]
    line = mistakes(tmp_path, PROBLEM + "train: {threshold: 2}", "train")
    assert line == ["params.yaml: train.threshold must be < 1, however: 2"]


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ("filters: []", "filters must be a list of 1 or more, however: []"),
        ("kernel_size: 4", "kernel_size must be odd, however: 4"),
    ],
)
def test_a_network_that_cannot_be_is_told_before_any_data_is_read(tmp_path, network, line):
    found = mistakes(tmp_path, PROBLEM + f"train: {{network: {{kind: cnn, {network}}}}}", "train")
    assert found == [f"params.yaml: train.network.{line}"]


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: 1\na: 2"])
def test_broken_yaml_is_one_line(tmp_path, text):
    assert len(mistakes(tmp_path, text, "problem")) == 1


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="ninefold init"):
        load_params(tmp_path)


def test_nearest_falls_back_to_the_choices():
    assert nearest("zzz", ["ab", "cd"]) == " (one of ab, cd)"


class Cat(Spec):
    kind: Literal["cat"] = "cat"
    lives: int = Field(9, gt=0)


class Dog(Spec):
    kind: Literal["dog"] = "dog"


class Zoo(Spec):
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = ()


@pytest.mark.parametrize(
    ("pet", "sentence"),
    [
        ({"kind": "cat", "lives": 0}, "zoo.pets.0.lives must be > 0, however: 0"),
        ({"kind": "cat", "livs": 1}, "unknown key `zoo.pets.0.livs` (did you mean `lives`?)"),
        ({"kind": "cow"}, "zoo.pets.0.kind must be one of 'cat', 'dog', however: 'cow'"),
        ({}, "`zoo.pets.0.kind` must be given"),
    ],
)
def test_unions_are_told_without_their_tags(pet, sentence):
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        Zoo.model_validate({"pets": [pet]})
    assert _sentence("zoo", Zoo, caught.value.errors()[0]) == sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: 1\n", "valid YAML, however: line 2, column 1: a tab; indent with spaces"),
        ("train:\n  lr: 1\n  lr: 2\n",
         'valid YAML, however: line 3, column 3: found duplicate key "lr"'),
        ("", "a mapping of sections, however: it is empty"),
        ("- a\n", "a mapping of sections, however: a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_yaml_is_said_with_its_line(tmp_path, text, said):
    assert mistakes(tmp_path, text) == [f"params.yaml must be {said}"]
