"""A signature in a model file: what other releases read of it."""

import json

import pytest

from ninefold.signature import Input, Result, Signature

TABLE = Signature(
    (Input("size", "number", 1.0, 2.0), Input("city", "category", levels=("a", "b"))),
    "classification",
    "y",
    ("no", "yes"),
    outputs=("label", "probabilities"),
)
TEXT = Signature((Input("note", "text", example="hello", known_words=0.2),), "embedding", "")
TAGS = Signature(
    (Input("steps", "sequence", example=[[1.0], [2.0]], format="2"),),
    "tagging",
    "",
    results=(Result("tags", "tags"), Result("p", "steps", ("x", "y"), "", "of", ("z",))),
)


@pytest.mark.parametrize("signature", [TABLE, TEXT, TAGS])
def test_what_is_written_is_read_again(signature):
    assert Signature.from_json(signature.to_json()) == signature


def test_a_file_that_needs_no_new_field_does_not_name_it():
    size, _ = json.loads(TABLE.to_json())["inputs"]
    assert size == {"name": "size", "kind": "number", "minimum": 1.0, "maximum": 2.0, "levels": []}


@pytest.mark.parametrize("place", ["signature", "input", "result"])
def test_a_field_of_a_newer_release_is_not_passed_over(place):
    content = json.loads(TAGS.to_json())
    held = {"signature": content, "input": content["inputs"][0], "result": content["results"][0]}
    held[place]["tone"] = 1
    with pytest.raises(ValueError, match="a newer Ninefold wrote it, `tone`"):
        Signature.from_json(json.dumps(content))
