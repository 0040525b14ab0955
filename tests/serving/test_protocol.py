"""Open Inference Protocol v2, with Triton's own client and with bytes of our own."""

import json
import struct
import unicodedata

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving.models import COLUMNS, SIZE, example, feeds, table

http = pytest.importorskip("tritonclient.http")
INFER = "/v2/models/model/infer"
DATATYPES = {"number": "FP64", "bool": "BOOL", "datetime": "INT64"}


@pytest.fixture(scope="module")
def triton(url):
    client = http.InferenceServerClient(url.removeprefix("http://"))
    yield client
    client.close()


def triton_inputs(rows, binary):
    inputs = []
    for column in COLUMNS:
        array = feeds(rows)[column.name]
        datatype = DATATYPES.get(column.kind, "BYTES")
        inputs.append(http.InferInput(column.name, list(array.shape), datatype))
        inputs[-1].set_data_from_numpy(array, binary_data=binary)
    return inputs


def test_health_and_metadata_pass_tritons_client(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("model")
    (version,) = triton.get_model_metadata("model")["versions"]
    assert triton.is_model_ready("model", version)
    (listed, *_) = triton.get_model_repository_index()
    assert (listed["name"], listed["version"], listed["state"]) == ("model", version, "READY")
    assert not triton.is_model_ready("other")
    assert triton.get_server_metadata()["name"] == "ninefold"
    inputs = triton.get_model_metadata("price")["inputs"]
    assert [item["name"] for item in inputs] == [column.name for column in COLUMNS]


def test_what_is_served_is_not_for_requests_to_change(triton, client):
    for change in (triton.load_model, triton.unload_model):
        with pytest.raises(http.InferenceServerException, match="by its file or the registry"):
            change("model")
    with pytest.raises(http.InferenceServerException, match="did you mean `model`"):
        triton.load_model("modell")
    index = "/v2/repository/index"
    assert client.post(index, json={"ready": True}).json() == client.post(index).json()
    for body in (b"[]", b'{"ready": 1}', b"{", b"\xff"):
        assert client.post(index, content=body).status_code == 400
    assert client.post(index, content=b" " * 2**26).status_code == 413


def test_what_is_not_offered_is_refused(triton):
    inputs = triton_inputs([example()], binary=True)
    outputs = [http.InferRequestedOutput("probabilities", class_count=1)]
    with pytest.raises(http.InferenceServerException, match="classification extension is not"):
        triton.infer("model", inputs, outputs=outputs)
    inputs[0].set_shared_memory("region", 8)
    with pytest.raises(http.InferenceServerException, match="shared memory is not offered"):
        triton.infer("model", inputs)


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_json_and_binary_give_the_models_own_numbers(
    triton, folder, binary_in, binary_out, compression
):
    rows = table(17)
    label, probabilities = ort.InferenceSession(folder / "models" / "model.onnx").run(
        None, feeds(rows)
    )
    result = triton.infer(
        "model",
        triton_inputs(rows, binary_in),
        outputs=[
            http.InferRequestedOutput("probabilities", binary_data=binary_out),
            http.InferRequestedOutput("label", binary_data=binary_out),
        ],
        request_id="r1",
        request_compression_algorithm=compression,
    )
    np.testing.assert_array_equal(result.as_numpy("probabilities"), probabilities)
    texts = [x.decode() if isinstance(x, bytes) else x for x in result.as_numpy("label")]
    assert texts == label.tolist()
    assert result.get_response()["id"] == "r1"


def test_names_of_tensors_may_have_their_letters_in_two_characters(client):
    sent = body()
    want = client.post(INFER, json=sent).json()
    for item in sent["inputs"]:
        item["name"] = unicodedata.normalize("NFD", item["name"])
    assert SIZE not in [item["name"] for item in sent["inputs"]]
    assert client.post(INFER, json=sent).json() == want
    sent["inputs"].append({**sent["inputs"][0], "name": COLUMNS[0].name})
    assert "must be given once" in client.post(INFER, json=sent).json()["error"]


def test_double_values_survive_json_and_binary(triton, folder):
    rows = table(9, seed=5)
    (value,) = ort.InferenceSession(folder / "models" / "price.onnx").run(None, feeds(rows))
    for binary in (True, False):
        outputs = [http.InferRequestedOutput("value", binary_data=binary)]
        result = triton.infer("price", triton_inputs(rows, binary), outputs=outputs)
        np.testing.assert_array_equal(result.as_numpy("value"), value)


def test_rows_and_tensors_agree_to_the_last_bit(client, triton):
    rows = table(25, seed=9)
    plain = client.post("/v1/models/model/predict", json={"rows": rows}).json()["predictions"]
    result = triton.infer("model", triton_inputs(rows, True))
    np.testing.assert_array_equal(
        np.array([list(row["probabilities"].values()) for row in plain], np.float32),
        result.as_numpy("probabilities"),
    )


def body(**changes):
    """Return a valid request of one row; `changes` replace parts of its first input."""
    inputs = [
        {
            "name": column.name,
            "shape": [1, 1],
            "datatype": DATATYPES.get(column.kind, "BYTES"),
            "data": [example()[column.name]],
        }
        for column in COLUMNS
    ]
    inputs[0] |= changes
    return {"inputs": inputs}


def test_the_example_is_valid(client):
    assert client.post(INFER, json=body()).status_code == 200
    assert client.post(INFER, json=body(data=[[31.5]])).status_code == 200
    version = client.get("/v2/models/model").json()["versions"][0]
    path = "/v2/models/model/versions"
    answer = client.post(f"{path}/{version}/infer", json=body())
    assert (answer.status_code, answer.json()["model_version"]) == (200, version)
    other = client.post(f"{path}/2/infer", json=body())
    assert (other.status_code, version in other.json()["error"]) == (404, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shape": [0, 1], "data": []}, "positive"),
        ({"shape": [-1, 1]}, "positive"),
        ({"shape": [2, 1]}, "2 elements"),
        ({"shape": [1]}, "[-1, 1]"),
        ({"shape": [1, 2], "data": [1, 2]}, "[-1, 1]"),
        ({"shape": [True, 1]}, "whole numbers"),
        ({"shape": "x"}, "whole numbers"),
        ({"shape": [2**40, 1]}, "at most"),
        ({"datatype": "FP32"}, "FP64"),
        ({"datatype": ["FP64"]}, "FP64"),
        ({"name": "Größe"}, "did you mean `Größe (m²)`"),
        ({"name": ["a"]}, "unknown input"),
        ({"name": "is.member"}, "unknown"),
        ({"data": ["1.5"]}, "numbers"),
        ({"data": [True]}, "numbers"),
        ({"data": {}}, "list"),
        ({"data": None}, "list"),
        ({"data": [[[[1.0]], 2]]}, "evenly"),
        ({"parameters": 5}, "object"),
        ({"parameters": {"binary_data_size": 8}}, "within the body"),
        ({"parameters": {"binary_data_size": -8}}, "within the body"),
        ({"shape": [2, 1], "data": [1.0, 2.0]}, "as many rows"),
    ],
)
def test_a_wrong_input_is_refused(client, changes, reason):
    response = client.post(INFER, json=body(**changes))
    assert response.status_code in (400, 413)
    if reason != "unknown":
        assert reason in response.json()["error"]


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"inputs": {}},
        {"inputs": []},
        {"inputs": [5]},
        {"inputs": body()["inputs"][1:]},
        {"inputs": body()["inputs"] * 2},
        {**body(), "outputs": [{"name": "valeu"}]},
        {**body(), "outputs": {}},
        {**body(), "outputs": [{"name": "label", "parameters": {"classification": 1}}]},
        {**body(), "id": 5},
        {**body(), "parameters": []},
    ],
)
def test_a_wrong_request_is_refused(client, content):
    response = client.post(INFER, json=content)
    assert response.status_code == 400, response.text
    assert response.json()["error"]


@pytest.mark.parametrize("length", ["99999", "-1", "x", "1e3", "3"])
def test_a_lying_header_length_is_refused(client, length):
    headers = {"Inference-Header-Content-Length": length}
    assert client.post(INFER, json=body(), headers=headers).status_code == 400


def binary(column, raw, shape=(1, 1)):
    """Return body and headers of a request whose `column` comes as the bytes `raw`."""
    content = body()
    for item in content["inputs"]:
        if item["name"] == column:
            del item["data"]
            item |= {"shape": list(shape), "parameters": {"binary_data_size": len(raw)}}
    head = json.dumps(content).encode()
    return head + raw, {"Inference-Header-Content-Length": str(len(head))}


@pytest.mark.parametrize(
    ("column", "raw"),
    [
        (SIZE, b"1234567"),
        (COLUMNS[1].name, b"\x02\0\0\0a"),
        (COLUMNS[1].name, b"\xff\xff\xff\xffab"),
        (COLUMNS[1].name, b"\x02\0\0\0\xff\xfe"),
        (COLUMNS[1].name, b"\x01\0\0\0a\x01\0\0\0b"),
        (COLUMNS[1].name, b"\x01\0"),
        (COLUMNS[2].name, b"\x02"),
    ],
)
def test_wrong_bytes_are_refused(client, column, raw):
    content, headers = binary(column, raw)
    assert client.post(INFER, content=content, headers=headers).status_code == 400


def test_right_bytes_are_taken_and_surplus_refused(client):
    content, headers = binary(SIZE, struct.pack("<d", 31.5))
    assert client.post(INFER, content=content, headers=headers).json() == (
        client.post(INFER, json=body()).json()
    )
    assert client.post(INFER, content=content + b"x", headers=headers).status_code == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PARTS = ("name", "shape", "datatype", "data", "parameters")


@settings(max_examples=150)
@given(part=st.sampled_from(PARTS), value=json_values)
def test_no_value_in_an_input_breaks_the_server(client, part, value):
    response = client.post(INFER, content=json.dumps(body(**{part: value})))
    assert response.status_code in (200, 400, 413)


@settings(max_examples=150)
@given(column=st.sampled_from(COLUMNS), value=json_values)
def test_no_value_in_a_row_breaks_the_server(client, column, value):
    content = json.dumps({"rows": [{**example(), column.name: value}]})
    response = client.post("/v1/models/model/predict", content=content)
    assert response.status_code in (200, 400)


@settings(max_examples=100)
@given(raw=st.binary(max_size=60), length=st.none() | st.integers(0, 80))
def test_no_bytes_break_the_server(client, raw, length):
    headers = {} if length is None else {"Inference-Header-Content-Length": str(length)}
    assert client.post(INFER, content=raw, headers=headers).status_code == 400


def test_clients_may_send_null_for_no_parameters(client):
    """Clients built on pydantic write every field."""
    content = body()
    content |= {"parameters": None, "outputs": None, "id": None}
    content["inputs"] = [{**item, "parameters": None} for item in content["inputs"]]
    assert client.post(INFER, json=content).json() == client.post(INFER, json=body()).json()


def test_data_beside_binary_data_is_refused(client):
    content, raw = body(), np.float64(31.5).tobytes()
    content["inputs"][0]["parameters"] = {"binary_data_size": 8}
    head = json.dumps(content).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    answer = client.post(INFER, content=head + raw, headers=headers)
    assert answer.status_code == 400
    assert "data or binary" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/v2", "/v2/health/live", "/v2/models/model", "/metrics"])
def test_whoever_asks_for_the_head_gets_it(client, path):
    """Load balancers ask so whether a server is well."""
    head, whole = client.head(path), client.get(path)
    assert head.status_code == whole.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]
    refused = client.put(path)
    assert refused.json() == {"error": "method must be GET, however: PUT"}
