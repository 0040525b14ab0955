"""The messages of the Open Inference Protocol v2 over gRPC, made from a table of their fields.

https://github.com/kserve/open-inference-protocol, specification/protocol/inference_grpc.md. They
live in a pool of their own, so that a client's generated classes may be loaded beside them.
"""

from functools import cache
from types import SimpleNamespace
from typing import Any

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
FIELDS = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "1 bool live",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "1 bool ready",
    "ModelReadyRequest": "1 string name, 2 string version",
    "ModelReadyResponse": "1 bool ready",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "1 string name, 2 string version, 3 string* extensions",
    "ModelMetadataRequest": "1 string name, 2 string version",
    "TensorMetadata": "1 string name, 2 string datatype, 3 int64* shape",
    "ModelMetadataResponse": "1 string name, 2 string* versions, 3 string platform, "
    "4 TensorMetadata* inputs, 5 TensorMetadata* outputs",
    "RepositoryIndexRequest": "1 string repository_name, 2 bool ready",
    "ModelIndex": "1 string name, 2 string version, 3 string state, 4 string reason",
    "RepositoryIndexResponse": "1 ModelIndex* models",
    "RepositoryModelLoadRequest": "1 string repository_name, 2 string model_name",
    "RepositoryModelUnloadRequest": "1 string repository_name, 2 string model_name",
    "InferParameter": "1 bool bool_param, 2 int64 int64_param, 3 string string_param, "
    "4 double double_param, 5 uint64 uint64_param",
    "Parameter": "1 string key, 2 InferParameter value",
    "InferTensorContents": "1 bool* bool_contents, 2 int32* int_contents, "
    "3 int64* int64_contents, 4 uint32* uint_contents, 5 uint64* uint64_contents, "
    "6 float* fp32_contents, 7 double* fp64_contents, 8 bytes* bytes_contents",
    "InferTensor": "1 string name, 2 string datatype, 3 int64* shape, 4 Parameter* parameters, "
    "5 InferTensorContents contents",
    "InferRequestedOutputTensor": "1 string name, 2 Parameter* parameters",
    "ModelInferRequest": "1 string model_name, 2 string model_version, 3 string id, "
    "4 Parameter* parameters, 5 InferTensor* inputs, 6 InferRequestedOutputTensor* outputs, "
    "7 bytes* raw_input_contents",
    "ModelInferResponse": "1 string model_name, 2 string model_version, 3 string id, "
    "4 Parameter* parameters, 5 InferTensor* outputs, 6 bytes* raw_output_contents",
}
"""Message -> its fields: number, type (`*`: repeated), name. Names of messages do not travel, so
one kind of tensor serves both ways, and a map is its entries."""
PRESENT = ("bool", "int32", "int64", "uint32", "uint64", "float", "double", "string", "bytes")


RAW, LENGTH_DELIMITED, MOST_FIELDS = 7, 2, 4096


def beside_raw(content: bytes) -> int:
    """Return how many bytes a request for inference has beside raw tensors, which cost nothing to
    read; all of them where it has many fields or others than are known.
    """
    place, raw = 0, 0
    for _ in range(MOST_FIELDS):
        if place >= len(content):
            return len(content) - raw
        key, place = content[place], place + 1
        size = shift = 0
        while place < len(content):
            byte, place = content[place], place + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if key & 7 != LENGTH_DELIMITED or key > 0x7F:
            return len(content)
        raw += size if key >> 3 == RAW else 0
        place += size
    return len(content)


@cache
def messages() -> Any:
    """Return the message classes, by name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    scalars = {
        name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
        for name in PRESENT
    }
    file = descriptor_pb2.FileDescriptorProto(
        name="ninefold/open_inference.proto", package=PACKAGE, syntax="proto3"
    )
    for title, fields in FIELDS.items():
        message = file.message_type.add(name=title)
        for number, type_, name in (field.split() for field in fields.split(", ") if field):
            kind = type_.removesuffix("*")
            field = message.field.add(name=name, number=int(number))
            field.label = field.LABEL_REPEATED if kind != type_ else field.LABEL_OPTIONAL
            if kind in scalars:
                field.type = scalars[kind]
            else:
                field.type, field.type_name = field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in FIELDS}
    classes = {name: message_factory.GetMessageClass(found[name]) for name in FIELDS}
    return SimpleNamespace(**classes)
