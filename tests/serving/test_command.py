"""`ninefold serve` as a process: what it imports, prints, refuses and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from tests.serving.conftest import running
from tests.serving.models import build, example, recorded  # noqa: F401

HEAVY = ("torch", "pandas", "sklearn", "prefect", "dvc", "great_expectations", "pyarrow", "onnx")


def serve(*arguments, cwd, timeout=30):
    return subprocess.run(
        [sys.executable, "-m", "ninefold", "serve", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_serving_imports_nothing_heavy(tmp_path):
    build(tmp_path / "model.onnx")
    program = (
        "import sys, ninefold.serving.command, ninefold.serving.server as s\n"
        "from ninefold.serving.model import read_model\n"
        "from ninefold.serving.limits import Limits\n"
        "from ninefold.serving.readiness import prepare\n"
        "from pathlib import Path\n"
        "model = read_model(Path('model.onnx')); prepare(model)\n"
        "s.application(s.Repository([model], Limits()))\n"
        f"print([m for m in {HEAVY} if m in sys.modules], model.fault, model.is_batchable)\n"
        "print(sorted(m for m in sys.modules if m.startswith('ninefold.')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == "[] None True"
    own = [name for name in json.loads(second.replace("'", '"')) if "serving" not in name]
    light = (
        "beside",
        "contributions",
        "dates",
        "errors",
        "numerals",
        "occlusion",
        "pixels",
        "production",
        "progress",
        "runtime",
        "sequences",
        "signature",
        "texts",
        "vocabulary",
    )
    assert own == [f"ninefold.{name}" for name in light]


def test_mistakes_are_one_clear_line_and_exit_2(tmp_path):
    (tmp_path / "text.onnx").write_text("hello")
    (tmp_path / "empty.onnx").touch()
    build(tmp_path / "a" / "m.onnx")
    newer = build(tmp_path / "b" / "m.onnx").read_bytes()
    (tmp_path / "newer.onnx").write_bytes(newer.replace(b'"has_missing"', b'"has_tongues"'))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for arguments, reason in [
            ([], "models/model.onnx is missing"),
            (["nope.onnx"], "nope.onnx is missing"),
            (["text.onnx"], "must be an ONNX file"),
            (["empty.onnx"], "must be an ONNX file"),
            (["newer.onnx"], "a newer Ninefold wrote it, `has_tongues` is not known here"),
            (["a"], "missing"),
            (["a/m.onnx", "b/m.onnx"], "`m` stands twice"),
            (["a/m.onnx", "--port", port], "in use"),
            (["a/m.onnx", "--port", 99999], "--port"),
            (["a/m.onnx", "--sha256", "00"], "sha256 00"),
        ]:
            done = serve(*arguments, cwd=tmp_path)
            assert done.returncode == 2, done.stderr
            assert reason in done.stderr
            assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_model_that_lost_its_numbers_is_live_but_not_ready(tmp_path):
    golden = {"rows": [example()], "outputs": {"label": ["yes"], "probabilities": [[0.0, 1.0]]}}
    build(tmp_path / "models" / "model.onnx", golden=golden)
    with running(cwd=tmp_path) as (url, _):
        assert "golden rows" in (tmp_path / "stderr.txt").read_text()
        assert httpx.get(f"{url}/v2/health/live").status_code == 200
        assert httpx.get(f"{url}/v2/health/ready").status_code == 503
        assert httpx.get(f"{url}/v2/models/model/ready").status_code == 503
        answer = httpx.post(f"{url}/v1/models/model/predict", json={"rows": [example()]})
        assert answer.status_code == 503
        assert "golden rows" in answer.json()["error"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(tmp_path, number):
    build(tmp_path / "models" / "model.onnx")
    with running(cwd=tmp_path) as (url, process):
        assert httpx.get(f"{url}/v2/health/ready").status_code == 200
        process.send_signal(number)
        assert process.wait(20) == 0
    assert (tmp_path / "stderr.txt").read_text() == ""


def test_requests_at_once_get_their_own_answers(client):
    sizes = [float(n) for n in range(64)]
    rows = [{**example(), "Größe (m²)": size} for size in sizes]
    alone = [
        client.post("/v1/models/model/predict", json={"rows": [row]}).json()["predictions"]
        for row in rows
    ]
    got = [None] * len(rows)

    def ask(start):
        with httpx.Client(base_url=client.base_url) as own:
            for n in range(start, len(rows), 8):
                body = {"rows": [rows[n], {**rows[n], "is.member": 1}]}
                got[n] = own.post("/v1/models/model/predict", json=body).json()["predictions"][:1]

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == alone


def test_the_page_and_the_description_show_the_columns(client):
    for path in ("/docs",):
        page = client.get(path)
        assert "Größe (m²)" in page.text
        assert page.text.count("http") == page.text.count(str(client.base_url).rstrip("/"))
    described = client.get("/openapi.json").json()
    rows = described["paths"]["/v1/models/model/predict"]["post"]["requestBody"]
    schema = rows["content"]["application/json"]
    assert "city 'x'" in schema["schema"]["properties"]["rows"]["items"]["properties"]
    answer = client.post("/v1/models/model/predict", json=schema["example"])
    assert answer.status_code == 200
    assert schema["example"]["rows"][0]["signed up"] == "2013-12-31T14:05:00"
    assert "/v2/models/{name}/ready" in described["paths"]


def test_every_model_says_what_it_takes(client):
    listing = client.get("/v1/models").json()["models"]
    assert [model["name"] for model in listing] == ["model", "many", "price"]
    assert all(len(model["sha256"]) == 64 and model["ready"] for model in listing)
    assert client.get("/v1/models/many").json()["signature"]["classes"] == ["low", "mid", "high"]
    assert client.get("/v1/models/manny").status_code == 404
