"""The rows endpoint: every value's type is checked, and a bad row spares the others."""

import gzip
import json

import numpy as np
import onnxruntime as ort
import orjson
import pytest

from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.served import Served
from tests.serving.models import (
    CITY,
    MEMBER,
    NOTE,
    SIZE,
    WHEN,
    example,
    feeds,
    table,
)

PATH = "/v1/models/model/predict"


def ask(client, rows, path=PATH, **options):
    return client.post(path, content=orjson.dumps({"rows": rows}), **options)


def answers(client, rows, path=PATH):
    response = ask(client, rows, path)
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


def test_rows_alone_and_together_are_the_models_own_numbers(client, folder):
    rows = table(60)
    session = ort.InferenceSession(folder / "models" / "model.onnx")
    label, probabilities = session.run(None, feeds(rows))
    together = answers(client, rows)
    assert [row["label"] for row in together] == label.tolist()
    got = np.array([list(row["probabilities"].values()) for row in together], np.float32)
    np.testing.assert_array_equal(got, probabilities)
    assert [answers(client, [row])[0] for row in rows[:20]] == together[:20]


def test_what_takes_long_to_read_is_read_beside_the_event_loop(folder):
    served = Served(read_model(folder / "models" / "model.onnx"), Limits())
    assert served.is_small("predict", orjson.dumps({"rows": [example()]}), {})
    for body, type_ in (
        (orjson.dumps({"rows": [{}] * 3000}), b""),
        (b"a\n" + b"1\n" * 3000, b"text/csv"),
        (b"a\r" + b"1\r" * 3000, b"text/csv"),
        (b"PAR1", b"application/vnd.apache.parquet"),
        (b" " * 2**17, b"application/json"),
    ):
        assert not served.is_small("predict", body, {b"content-type": type_})


def test_many_classes_and_regression_answer_by_task(client, folder):
    rows = table(10, seed=3)
    assert set(answers(client, rows, "/v1/models/many/predict")[0]["probabilities"]) == {
        "low",
        "mid",
        "high",
    }
    (value,) = ort.InferenceSession(folder / "models" / "price.onnx").run(None, feeds(rows))
    got = [row["value"] for row in answers(client, rows, "/v1/models/price/predict")]
    assert got == value.tolist()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (SIZE, "1.5", 'a number or null, however: "1.5"'),
        (SIZE, True, "a number or null, however: true"),
        (SIZE, [1], "a number or null, however: a list"),
        (MEMBER, "true", "true or false"),
        (MEMBER, 1, "true or false"),
        (MEMBER, None, "true or false"),
        (CITY, 5, 'as in "5"'),
        (CITY, {"a": 1}, "text or null"),
        (CITY, True, "text or null"),
        (NOTE, 1.5, "text or null"),
        (WHEN, "yesterday", "a date"),
        (WHEN, 1.5, "a date"),
        (WHEN, 2**63, "a date"),
        (WHEN, "31.02.2013 10:00", "a date"),
        (WHEN, 1700000000, "counts seconds if 2023-11-14T22:13:20 is meant. Write it as text"),
        (WHEN, 1700000000000, "counts milliseconds if 2023-11-14T22:13:20 is meant"),
        (WHEN, 1700000000123456789, "counts nanoseconds if 2023-11-14T22:13:20.123456 is meant"),
        (WHEN, -315619200, "counts seconds if 1960-01-01T00:00:00 is meant"),
        (WHEN, 45291, "hardly a date"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(client, column, value, reason):
    good, bad = example(), {**example(), column: value}
    first, second, third = answers(client, [good, bad, good])
    assert f"`{column}`" in second["error"]
    assert reason in second["error"]
    assert set(second) == {"error"}
    assert first == third == answers(client, [good])[0]
    alone = ask(client, [bad])
    assert alone.status_code == 400
    assert alone.json()["error"].startswith("row 0: ")
    assert alone.json()["predictions"] == [second]


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        (WHEN, "2013-12-31T14:05:00", 1388498700000000),
        (WHEN, "2013-12-31 14:05", 1388498700000000),
        (WHEN, "2013-12-31T16:05:00+02:00", 1388498700000000),
        (WHEN, "2013-12-31T14:05:00Z", 1388498700000000),
        (WHEN, "31.12.2013 14:05", 1388498700000000),
        (WHEN, "1960-01-01T00:00:00", -315619200000000),
        (WHEN, 20131231, "2013-12-31"),
        (WHEN, "", None),
        (SIZE, 3, 3.0),
        (SIZE, -0.0, 0),
        (CITY, "NA", None),
        (CITY, "", None),
        (NOTE, "?", None),
    ],
)
def test_two_ways_to_write_a_value_mean_the_same(client, column, one, other):
    rows = [{**example(), column: one}, {**example(), column: other}]
    first, second = answers(client, rows)
    assert first == second == answers(client, rows[:1])[0] == answers(client, rows[1:])[0]


def test_an_absent_column_counts_as_missing_and_is_told(client):
    row = {name: value for name, value in example().items() if name not in (CITY, SIZE)}
    absent, missing = answers(client, [row, {**example(), CITY: None, SIZE: None}])
    assert absent.pop("missing") == [SIZE, CITY]
    assert absent == missing


def test_columns_the_model_does_not_need_are_taken(client):
    plain, more = answers(client, [example(), {**example(), "customer id": 7, "y": "yes"}])
    assert plain == more


def test_an_unknown_column_names_the_nearest(client):
    (answer,) = ask(client, [{**example(), "is_member": True}]).json()["predictions"]
    assert "`is_member` (did you mean `is.member`?)" in answer["error"]


def test_a_row_with_none_of_the_columns_is_refused(client):
    response = ask(client, [{}, {"y": "yes"}])
    assert response.status_code == 400
    assert "columns of the model" in response.json()["error"]


def test_nan_tokens_and_gzip_are_taken(client):
    rows = [{**example(), SIZE: None}, {**example(), SIZE: float("nan")}]
    body = json.dumps({"rows": rows}).encode()
    response = client.post(PATH, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    first, second = response.json()["predictions"]
    assert first == second


def test_infinite_numbers_are_numbers(client):
    body = json.dumps({"rows": [{**example(), SIZE: float("inf")}]})
    assert "label" in client.post(PATH, content=body).json()["predictions"][0]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "JSON"),
        (b"\xff\xfe{}", 400, "JSON"),
        (b'{"rows": [{}', 400, "JSON"),
        (b"[1]", 400, "however: a list"),
        (b'{"row": []}', 400, "keys ['row']"),
        (b'{"rows": {}}', 400, "list"),
        (b'{"rows": []}', 400, "at least one"),
        (b'{"rows": [1, null, "a", []]}', 400, "row 0"),
        (b"[" * 50_000, 400, "JSON"),
        (b"NaN" + b"[" * 50_000, 400, "JSON"),
        (b'{"rows": [{"note, long": "\\ud800 NaN"}]}', 400, "JSON"),
        (b'{"rows": [' + b",".join([b"{}"] * 5000) + b"]}", 413, "4096"),
    ],
)
def test_a_broken_body_is_refused(client, body, status, reason):
    response = client.post(PATH, content=body)
    assert (response.status_code, reason in response.json()["error"]) == (status, True)


def test_a_bomb_and_an_endless_body_are_refused(client):
    bomb = gzip.compress(bytes(40 * 2**20))
    assert client.post(PATH, content=bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
    cut = gzip.compress(b'{"rows": []}')[:-9]
    assert client.post(PATH, content=cut, headers={"Content-Encoding": "gzip"}).status_code == 400
    assert client.post(PATH, content=b"", headers={"Content-Encoding": "br"}).status_code == 415
    parts = (bytes(2**20) for _ in range(40))
    assert client.post(PATH, content=parts).status_code == 413


def test_wrong_method_and_path_say_what_is_right(client):
    assert client.get(PATH).status_code == 405
    response = client.post("/v1/models/modle/predict", content=b"{}")
    assert response.status_code == 404
    assert "did you mean `model`" in response.json()["error"]


def test_a_body_made_to_cost_time_costs_little(client):
    """4,096 mistyped names, and a text that is nearly a number, 60,000 digits long."""
    body = {"rows": [{f"{SIZE[:-1]}{number}": 1} for number in range(4096)]}
    answer = client.post(PATH, json=body)
    assert answer.status_code == 400
    assert "did you mean" in answer.json()["error"]
    for tail in ("x", "e", "."):
        body = f'"{SIZE}"\n{"1" * 60_000}{tail}\n'.encode()
        answer = client.post(PATH, content=body, headers={"Content-Type": "text/csv"})
        assert answer.status_code in (200, 400)
        assert answer.elapsed.total_seconds() < 2
