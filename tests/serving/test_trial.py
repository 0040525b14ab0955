"""A second version on trial, and a server that follows the registry."""

import asyncio
import hashlib
import time

import httpx
import numpy as np
import onnx
import pytest

from ninefold.promotion.registry import Entry, Registry
from ninefold.serving.limits import Limits
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Model
from ninefold.serving.repository import Repository
from ninefold.serving.served import Served
from ninefold.serving.sources import File
from ninefold.serving.trial import PENDING, Trial, differences
from ninefold.serving.watching import Watcher
from tests.promotion.models import model
from tests.serving.conftest import running
from tests.serving.models import build, example

ROW = {"x": 0.4, "noise": 1.0, "city": "a"}
BODY = {"rows": [ROW, {**ROW, "x": -2.0}]}
OLD, NEW = model(noise=2.0), model()


def version(content):
    return hashlib.sha256(content).hexdigest()[:12]


def write(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.onnx").write_bytes(content)


def ask(url):
    answer = httpx.post(f"{url}/v1/models/old/predict", json=BODY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-model-version"] == answer.json()["model_version"]
    return answer.json()["model_version"]


def wait_for(check, limit_s=15):
    until = time.monotonic() + limit_s
    while not check() and time.monotonic() < until:
        time.sleep(0.05)
    assert check()


def test_a_canary_answers_its_share_and_every_answer_says_whose_it_is(tmp_path):
    write(tmp_path, old=OLD, new=NEW)
    with running("old.onnx", "--canary", "new.onnx", "--share", 0.25, cwd=tmp_path) as (url, _):
        found = [ask(url) for _ in range(40)]
        assert found.count(version(NEW)) == 10
        assert found.count(version(OLD)) == 30
        told = httpx.get(f"{url}/v1/models/old/trial").json()
        assert (told["champion"], told["challenger"]) == (version(OLD), version(NEW))
        both = [version(OLD), version(NEW)]
        assert httpx.get(f"{url}/v2/models/old").json()["versions"] == both
        listed = httpx.post(f"{url}/v2/repository/index").json()
        assert [item["version"] for item in listed] == both
        counts = told["versions"]
        assert counts[version(NEW)]["requests"] == {"200": 10}
        assert counts[version(OLD)]["requests"] == {"200": 30}
        assert counts[version(NEW)]["mean_prediction"] != counts[version(OLD)]["mean_prediction"]
        rows = f'ninefold_rows_total{{model="old",version="{version(NEW)}"}} 20.0'
        assert rows in httpx.get(f"{url}/metrics").text
        for each in (OLD, NEW):
            assert httpx.get(f"{url}/v2/models/old/versions/{version(each)}").status_code == 200
        assert httpx.get(f"{url}/v1/models/old/trial/").status_code in (307, 404)


def test_what_a_canary_refuses_the_champion_answers(tmp_path):
    write(tmp_path, old=OLD)
    build(tmp_path / "other.onnx")
    with running("old.onnx", "--canary", "other.onnx", "--share", 1, cwd=tmp_path) as (
        url,
        process,
    ):
        assert any("the canary is unlike `old`; it takes" in line for line in process.said)
        assert ask(url) == version(OLD)
        counts = httpx.get(f"{url}/v1/models/old/trial").json()["versions"]
        assert {next(iter(count["requests"])) for count in counts.values()} == {"200", "400"}
        wrong = httpx.post(f"{url}/v1/models/old/predict", json={"rows": [{"no": 1}]})
        assert wrong.status_code == 400
        assert example().keys().isdisjoint(ROW)


def test_a_shadow_sees_copies_and_its_differences_are_counted(tmp_path):
    write(tmp_path, old=OLD, new=NEW)
    with running("old.onnx", "--shadow", "new.onnx", "--workers", 2, cwd=tmp_path) as (url, _):
        assert {ask(url) for _ in range(20)} == {version(OLD)}

        def counts():
            told = httpx.get(f"{url}/v1/models/old/trial").json()["versions"]
            return told.get(version(NEW), {})

        wait_for(lambda: counts().get("copies", {}).get("compared") == 20)
        assert counts()["rows_compared"] == 40
        assert 0 < counts()["mean_distance"] <= counts()["largest_distance"] < 1
        assert counts()["labels_differ"] == 0


def test_a_challenger_that_says_no_number_differs():
    said = [np.array([1.0, np.nan, 3.0, 4.0]), np.array([np.nan, np.nan, 3.5, 4.0])]
    labels, distances = differences(*({"value": values} for values in said))
    assert labels == 1
    assert distances.tolist() == [0.0, 0.0, 0.5, 0.0]


def test_a_shadow_that_is_stuck_holds_up_nothing(monkeypatch):
    metrics = Metrics()
    champion = Served(Model("old", OLD), Limits())
    trial = Trial("shadow", 1.0, Model("old", NEW), Limits(), metrics.tallies)

    def stuck(*_):
        time.sleep(60)

    monkeypatch.setattr(trial.served, "outputs", stuck)
    handler = trial.beside(champion, "predict")
    start = time.perf_counter()
    body = httpx.Request("POST", "http://x", json=BODY).content

    async def ask_all():
        for _ in range(PENDING + 11):
            assert (await handler(body, {})).status == 200

    asyncio.run(ask_all())
    assert time.perf_counter() - start < 5
    dropped = metrics.trial("old")[version(NEW)]["copies"]["dropped"]
    assert 10 <= dropped <= 11


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old.onnx", "--share", "0.1"], "--canary or --shadow"),
        (["old.onnx", "--canary", "new.onnx", "--share", "2"], "at most at 1"),
        (["old.onnx", "a=new.onnx", "--shadow", "b=new.onnx"], "must name one of the models"),
        (["old.onnx", "--shadow", "nope.onnx"], "nope.onnx is missing"),
        (["old.onnx", "--canary", "bare.onnx"], "--canary bare.onnx: a signature is needed"),
        (["--production"], "production.json must say"),
        (["--production", "--sha256", "00"], "checks the hash itself"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, said):
    from ninefold.cli import main

    bare = onnx.load_from_string(NEW)
    del bare.metadata_props[:]
    write(tmp_path, old=OLD, new=NEW, bare=bare.SerializeToString())
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_server_follows_what_is_in_production(tmp_path):
    registry = Registry(tmp_path / "registry")

    def put(content, action="promote"):
        with registry.lease():
            sha256 = hashlib.sha256(content).hexdigest()
            registry.move(Entry("now", action, sha256), content, 5)

    put(OLD)
    with running("--production", "--reload-s", 0.1, cwd=tmp_path) as (url, _):

        def answered():
            return httpx.post(f"{url}/v1/models/model/predict", json=BODY).headers[
                "x-model-version"
            ]

        assert answered() == version(OLD)
        put(NEW)
        wait_for(lambda: answered() == version(NEW))
        put(OLD, "rollback")
        wait_for(lambda: answered() == version(OLD))
        # A pointer to what is not there changes nothing.
        with registry.lease():
            registry.move(Entry("now", "promote", "0" * 64), NEW, 5)
        wait_for(lambda: "not served" in (tmp_path / "stderr.txt").read_text())
        assert answered() == version(OLD)


def test_whatever_goes_wrong_with_a_file_the_next_one_is_looked_at(tmp_path, monkeypatch, caplog):
    write(tmp_path, old=OLD)
    source = File(tmp_path / "old.onnx")
    repository = Repository([source.model()], Limits())
    watcher = Watcher(repository, {"old": source}, Metrics(), 0)
    with monkeypatch.context() as patch:
        patch.setattr("ninefold.serving.watching.prepare", lambda model: model.nothing)
        write(tmp_path, old=NEW)
        watcher.look()
    assert repository.models["old"].version == version(OLD)
    assert "the new file is not served" in caplog.text
    write(tmp_path, old=NEW)
    watcher.look()
    assert repository.models["old"].version == version(NEW)


@pytest.mark.parametrize("mode", ["canary", "shadow"])
def test_requests_over_grpc_are_tried_too(tmp_path, mode):
    from tests.serving.test_grpc import serving, triton

    def inputs():
        for name, value, kind in (
            ("x", 0.4, "FP64"),
            ("noise", 1.0, "FP64"),
            ("city", "a", "BYTES"),
        ):
            made = triton.InferInput(name, [1, 1], kind)
            made.set_data_from_numpy(np.array([[value]], object if kind == "BYTES" else np.float64))
            yield made

    (tmp_path / "models").mkdir()
    write(tmp_path / "models", model=OLD, new=NEW)
    with serving(tmp_path, f"--{mode}", "models/new.onnx", "--share", 0.5) as (url, client):

        def answered(**options):
            response = client.infer("model", list(inputs()), **options).get_response()
            return response.model_version

        def counts():
            return (
                httpx.get(f"{url}/v1/models/model/trial").json()["versions"].get(version(NEW), {})
            )

        found = [answered() for _ in range(8)]
        assert found.count(version(NEW)) == (4 if mode == "canary" else 0)
        assert {answered(model_version=version(OLD)) for _ in range(3)} == {version(OLD)}
        if mode == "canary":
            assert counts()["requests"] == {"200": 4}
        else:
            wait_for(lambda: counts().get("copies") == {"compared": 4})
            assert counts()["mean_distance"] > 0
