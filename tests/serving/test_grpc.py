"""gRPC with tritonclient, which generated its messages from the protocol's own file."""

import contextlib
import json
import warnings

import httpx
import numpy as np
import pytest

from ninefold.serving.limits import Limits
from tests.serving.conftest import running
from tests.serving.models import CITY, NOTE, SIZE, build, example, feeds, table

with warnings.catch_warnings():
    # Its messages were generated for the protobuf before ours.
    warnings.simplefilter("ignore")
    import grpc
    import tritonclient.grpc as triton
    from tritonclient.grpc import service_pb2
    from tritonclient.utils import InferenceServerException, np_to_triton_dtype

KEY = "a key of sixteen or more"


@contextlib.contextmanager
def serving(folder, *arguments):
    """Serve models/model.onnx; yield the HTTP address and a client."""
    more = ("--grpc-port", 0, *arguments)
    with running("models/model.onnx", *more, cwd=folder) as (url, process):
        port = process.grpc.split()[-1].rpartition(":")[2]
        assert httpx.get(f"{url}/v2/health/ready", timeout=20).status_code == 200
        with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
            yield url, client


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grpc")
    build(folder / "models" / "model.onnx")
    (folder / "keys").write_text(KEY + "\n")
    return folder


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder) as found:
        yield found


def inputs_of(rows):
    """Return the inputs of some rows, as tritonclient sends them: raw."""
    made = []
    for name, array in feeds(rows).items():
        datatype = "BYTES" if array.dtype == object else np_to_triton_dtype(array.dtype)
        made.append(triton.InferInput(name, list(array.shape), datatype))
        made[-1].set_data_from_numpy(array)
    return made


def test_what_the_server_says_of_itself(served):
    url, client = served
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("model")
    assert client.get_server_metadata().name == "ninefold"
    found = client.get_model_metadata("model")
    there = httpx.get(f"{url}/v2/models/model").json()
    assert list(found.versions) == there["versions"]
    assert [i.name for i in found.inputs] == [i["name"] for i in there["inputs"]]
    assert [list(o.shape) for o in found.outputs] == [o["shape"] for o in there["outputs"]]
    assert client.is_model_ready("model", there["versions"][0])


def test_what_is_served_is_listed_and_not_for_requests_to_change(served):
    url, client = served
    (listed,) = client.get_model_repository_index().models
    (there,) = httpx.post(f"{url}/v2/repository/index").json()
    assert {name: getattr(listed, name) for name in there} == there
    for change in (client.load_model, client.unload_model):
        with pytest.raises(InferenceServerException, match="by its file or the registry"):
            change("model")
    outputs = [triton.InferRequestedOutput("probabilities", class_count=1)]
    with pytest.raises(InferenceServerException, match="classification extension is not"):
        client.infer("model", inputs_of([example()]), outputs=outputs)


def test_requests_over_grpc_stand_in_the_log_without_what_they_say(folder, tmp_path):
    with serving(folder, "--access-log", tmp_path / "log") as (_, client):
        client.infer("model", inputs_of([{**example(), CITY: "Ulm"}]))
        with pytest.raises(InferenceServerException):
            client.load_model("model")
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    found = [(a["path"].split("/")[-1], a["status"]) for a in lines if a["method"] == "gRPC"]
    assert found == [("ModelInfer", 200), ("RepositoryModelLoad", 400)]
    assert {line["client"] for line in lines} == {"127.0.0.1"}
    assert "Ulm" not in text


def test_what_is_no_message_is_refused_and_no_error_of_the_server(served, folder):
    _, client = served
    call = client._channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    with pytest.raises(grpc.RpcError) as refused:
        call(b"\xff\xff\xff", timeout=20)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "must be a ModelInferRequest" in refused.value.details()
    assert "Traceback" not in (folder / "stderr.txt").read_text()


def test_requests_over_grpc_are_recorded_too(folder, tmp_path):
    with serving(folder, "--record", tmp_path) as (_, client):
        got = client.infer("model", inputs_of([example(), {**example(), SIZE: None}]))
    (file,) = tmp_path.glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    rows = [line for line in lines if "row" in line]
    assert [line["row"][SIZE] for line in rows] == [example()[SIZE], None]
    assert [line["row"][CITY] for line in rows] == [example()[CITY]] * 2
    kept = np.array([line["outputs"]["probabilities"] for line in rows], np.float32)
    np.testing.assert_array_equal(kept, got.as_numpy("probabilities"))


def test_a_row_gets_the_bits_it_gets_over_http(served):
    url, client = served
    rows = [example(), {**example(), SIZE: None, CITY: "東京"}]
    result = client.infer("model", inputs_of(rows), request_id="7")
    answer = httpx.post(f"{url}/v1/models/model/predict", json={"rows": rows}).json()
    there = [list(p["probabilities"].values()) for p in answer["predictions"]]
    assert result.as_numpy("probabilities").tolist() == np.float32(there).tolist()
    labels = [label.decode() for label in result.as_numpy("label").tolist()]
    assert labels == [p["label"] for p in answer["predictions"]]
    assert result.get_response().id == "7"
    assert result.get_response().model_version == answer["model_version"]
    wanted = [triton.InferRequestedOutput("label")]
    assert client.infer("model", inputs_of(rows), outputs=wanted).as_numpy("probabilities") is None
    said = httpx.get(f"{url}/metrics").text
    assert 'ninefold_requests_total{endpoint="grpc",model="model",status="200"}' in said


def test_elements_that_are_not_raw(served):
    _, client = served
    request = service_pb2.ModelInferRequest(model_name="model")
    kinds = {
        "d": "fp64_contents",
        "O": "bytes_contents",
        "?": "bool_contents",
        "l": "int64_contents",
    }
    for name, array in feeds([example()]).items():
        datatype = "BYTES" if array.dtype == object else np_to_triton_dtype(array.dtype)
        item = request.inputs.add(name=name, datatype=datatype, shape=array.shape)
        values = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
        getattr(item.contents, kinds[array.dtype.char]).extend(values)
    response = client._client_stub.ModelInfer(request)
    raw = client.infer("model", inputs_of([example()])).get_response()
    assert list(response.raw_output_contents) == list(raw.raw_output_contents)


def test_wrong_requests_are_refused_with_the_reason(served):
    _, client = served
    good = inputs_of([example()])
    short = triton.InferInput(SIZE, [2, 1], "FP64")
    short.set_data_from_numpy(np.zeros((2, 1)))
    typed = triton.InferInput(SIZE, [1, 1], "FP32")
    typed.set_data_from_numpy(np.zeros((1, 1), np.float32))
    empty = triton.InferInput(SIZE, [0, 1], "FP64")
    empty.set_data_from_numpy(np.zeros((0, 1)))
    nowhere = triton.InferInput("nope", [1, 1], "FP64")
    nowhere.set_data_from_numpy(np.zeros((1, 1)))
    for name, given, code, said in [
        ("modle", good, "NOT_FOUND", "did you mean `model`"),
        ("model", good[1:], "INVALID_ARGUMENT", "as well"),
        ("model", [short, *good[1:]], "INVALID_ARGUMENT", "as many rows each"),
        ("model", [typed, *good[1:]], "INVALID_ARGUMENT", "must be FP64"),
        ("model", [empty, *good[1:]], "INVALID_ARGUMENT", "must be positive"),
        ("model", [nowhere, *good[1:]], "INVALID_ARGUMENT", "unknown input"),
        ("model", [good[0], *good], "INVALID_ARGUMENT", "given once"),
    ]:
        with pytest.raises(InferenceServerException) as caught:
            client.infer(name, given)
        assert caught.value.status() == f"StatusCode.{code}"
        assert said in caught.value.message()
    outputs = [triton.InferRequestedOutput("lable")]
    with pytest.raises(InferenceServerException, match="unknown output"):
        client.infer("model", good, outputs=outputs)
    with pytest.raises(InferenceServerException, match="has version"):
        client.infer("model", good, model_version="00")
    assert client.is_server_live()


def test_keys_and_workers(folder):
    with serving(folder, "--api-keys", "keys", "--workers", 2) as (_, client):
        assert client.is_server_live()
        with pytest.raises(InferenceServerException, match="a key is needed"):
            client.infer("model", inputs_of([example()]))
        for headers in ({"authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}):
            result = client.infer("model", inputs_of([example()]), headers=headers)
            assert result.as_numpy("label") is not None


def test_a_port_that_is_taken_is_one_line(folder, served, monkeypatch, capsys):
    from ninefold.cli import main

    url, _ = served
    monkeypatch.chdir(folder)
    taken = url.rpartition(":")[2]
    assert main(["serve", "--port", "0", "--grpc-port", taken]) == 2
    said = capsys.readouterr().err
    assert "in use" in said
    assert said.count("\n") == 1


def test_a_large_message_is_answered_as_a_small_one(served):
    """Beside the server where its elements are written one by one, here where they are raw."""
    client = served[1]
    rows = [row | {NOTE: "a note of some length, as people write it"} for row in table(4000)]
    raw = client.infer("model", inputs_of(rows), request_id="7")
    request = service_pb2.ModelInferRequest(model_name="model", id="7")
    kinds = {"f": ("FP64", "fp64"), "i": ("INT64", "int64"), "b": ("BOOL", "bool")}
    for name, array in feeds(rows).items():
        datatype, field = kinds.get(array.dtype.kind, ("BYTES", "bytes"))
        item = request.inputs.add(name=name, datatype=datatype, shape=array.shape)
        cells = array.ravel().tolist()
        texts = [cell.encode() for cell in cells] if field == "bytes" else cells
        getattr(item.contents, f"{field}_contents").extend(texts)
    port = client._channel
    call = port.unary_unary(
        "/inference.GRPCInferenceService/ModelInfer",
        service_pb2.ModelInferRequest.SerializeToString,
        service_pb2.ModelInferResponse.FromString,
    )
    small = service_pb2.ModelInferRequest.FromString(request.SerializeToString())
    assert request.ByteSize() > Limits().beside_bytes
    assert call(request) == raw.get_response()
    small.inputs[0].contents.fp64_contents.append(1.0)
    with pytest.raises(grpc.RpcError) as refused:
        call(small)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "4000 elements" in refused.value.details()
    request.model_name = "moddel"
    with pytest.raises(grpc.RpcError, match="did you mean `model`"):
        call(request)
    request.model_name, request.model_version = "model", "1"
    with pytest.raises(grpc.RpcError, match="has version"):
        call(request)


def test_what_is_raw_costs_nothing_to_read():
    from ninefold.serving.grpc_messages import beside_raw

    request = service_pb2.ModelInferRequest(model_name="model", id="7")
    request.inputs.add(name="x", datatype="FP32", shape=[1000, 1000])
    head = request.ByteSize()
    request.raw_input_contents.append(bytes(4_000_000))
    content = request.SerializeToString()
    assert head < beside_raw(content) < head + 10
    assert beside_raw(content * 2) < 2 * head + 20
    assert beside_raw(b"\xff" * 1000) == 1000
    assert beside_raw(request.inputs[0].SerializeToString() * 5000) > 10_000
