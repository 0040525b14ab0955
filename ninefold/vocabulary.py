"""Which words of a text a model file knows, read off the graph that looks them up.

Needs nothing but the standard library: a server asks it of the bytes that it serves.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ninefold.texts import split_text

Words = frozenset[str]
GRAPH, NODE, INPUT, TENSOR = 7, 1, 11, 5
"""Numbers of fields: of the graph in the model, of nodes and inputs in it, of an attribute's."""
TO_SPLIT, SPLIT = ("Squeeze", "StringConcat"), "Tokenizer"
TO_LOOK_UP, LOOK_UP = ("Cast", "Slice"), ("LabelEncoder", "TfIdfVectorizer")
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5


def known_share(text: str, words: Words) -> float:
    """Return which share of a text's words is known, 0 of none.

    >>> known_share("red or blue", frozenset({"red", "blue", "green"}))
    0.6666666666666666
    """
    found = split_text(text)
    return sum(word in words for word in found) / max(len(found), 1)


class _Node(NamedTuple):
    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: list[memoryview]


def vocabularies(content: bytes) -> dict[str, Words]:
    """Return input -> the words that are looked up in its texts, as they are spelled, of the inputs
    of an ONNX file that are split into words.
    """
    graph = next(value for number, value in _fields(memoryview(content)) if number == GRAPH)
    nodes, inputs = list[_Node](), set[str]()
    for number, value in _fields(graph):
        if number == NODE:
            nodes.append(_node(value))
        elif number == INPUT:
            inputs.add(_text(next(part for field, part in _fields(value) if field == 1)))
    makers = {name: node for node in nodes for name in node.outputs}
    readers = defaultdict[str, list[_Node]](list)
    for node in nodes:
        for name in node.inputs:
            readers[name].append(node)
    found = defaultdict[str, Words](frozenset)
    for node in nodes:
        if node.operator == SPLIT:
            for name in inputs.intersection(_sources(node, makers)):
                found[name] |= frozenset(_looked_up(node, readers)) - {""}
    return dict(found)


def _sources(node: _Node, makers: Mapping[str, _Node]) -> Iterator[str]:
    """Yield what the texts that a node splits are made of."""
    for name in node.inputs:
        yield name
        if name in makers and makers[name].operator in TO_SPLIT:
            yield from _sources(makers[name], makers)


def _looked_up(node: _Node, readers: Mapping[str, list[_Node]]) -> Iterator[str]:
    """Yield the words that are looked up among those that a node gives."""
    for name in node.outputs:
        for reader in readers[name]:
            if reader.operator in TO_LOOK_UP:
                yield from _looked_up(reader, readers)
            elif reader.operator in LOOK_UP:
                for attribute in reader.attributes:
                    yield from _strings(attribute)


def _node(content: memoryview) -> _Node:
    node = _Node("", [], [], [])
    for number, value in _fields(content):
        if number in (1, 2):
            (node.inputs if number == 1 else node.outputs).append(_text(value))
        elif number == 4:
            node = node._replace(operator=_text(value))
        elif number == 5:
            node.attributes.append(value)
    return node


def _strings(attribute: memoryview) -> Iterator[str]:
    """Yield the texts of an attribute, which is a list of them or holds a tensor of them."""
    for number, value in _fields(attribute):
        if number == 9:
            yield _text(value)
        elif number == TENSOR:
            yield from (_text(text) for field, text in _fields(value) if field == 6)


def _text(value: memoryview) -> str:
    return str(value, "utf-8")


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and content of a protobuf message's fields that hold texts, bytes or messages.

    https://protobuf.dev/programming-guides/encoding; those that hold numbers are passed over.
    """
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        kind = key & 7
        if kind == VARINT:
            _, place = _varint(content, place)
            continue
        size = {FIXED_64: 8, FIXED_32: 4}.get(kind, 0)
        if kind == BYTES:
            size, place = _varint(content, place)
            yield key >> 3, content[place : place + size]
        place += size


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """Return the whole number that begins at `place`, and where the next thing does."""
    value = shift = 0
    while True:
        byte, place = content[place], place + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
