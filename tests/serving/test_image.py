"""The Dockerfile builds from the locks; the serving image needs no more than its own."""

import ast
import re
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ninefold.config import read_yaml
from tests.serving.models import build, example

ROOT = Path(__file__).parents[2]
DIRECT = (
    "numpy",
    "onnxruntime",
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "orjson",
    "prometheus-client",
)


def lock(name):
    lines = (ROOT / name).read_text().splitlines()
    pins = [line.partition(";")[0].strip() for line in lines if "==" in line.partition("#")[0]]
    return {canonicalize_name(pin.split("==")[0]): pin.split("==")[1] for pin in pins}


def test_the_serving_lock_is_exactly_what_serving_needs():
    needed, open_ = set(), [canonicalize_name(name) for name in DIRECT]
    while open_:
        name = open_.pop()
        if name in needed:
            continue
        needed.add(name)
        for requirement in map(Requirement, requires(name) or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                open_.append(canonicalize_name(requirement.name))
    serve, whole = lock("requirements-serve.lock"), lock("requirements.lock")
    assert set(serve) == needed
    assert {name: whole[name] for name in serve} == serve


def instructions():
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]
    stages = {}
    for word, rest in lines:
        if word == "FROM":
            stages[rest.split()[-1]] = stage = []
        stage.append((word, rest))
    return stages


def test_both_targets_build_from_a_lock_without_root():
    stages = instructions()
    assert set(stages) == {"base", "serve", "worker", "pipeline"}
    for target, file in (("serve", "requirements-serve.lock"), ("worker", "requirements.lock")):
        words = [word for word, _ in stages[target]]
        assert set(words) <= {
            *("FROM", "RUN", "COPY", "USER", "WORKDIR", "EXPOSE"),
            *("ENV", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
        }
        assert ("USER", "ninefold") in stages[target]
        assert words.index("USER") > max(i for i, word in enumerate(words) if word == "RUN")
        assert "HEALTHCHECK" in words
        assert any(word == "RUN" and file in rest for word, rest in stages[target])
    assert any("DO_NOT_TRACK=1" in rest for word, rest in stages["base"] if word == "ENV")


def test_a_work_pool_gives_the_whole_command_and_people_what_follows_ninefold():
    stages = instructions()
    assert not [word for word, _ in stages["worker"] if word == "ENTRYPOINT"]
    assert stages["pipeline"][1:] == [("ENTRYPOINT", '["ninefold"]'), ("CMD", '["run"]')]
    for name, pool in read_yaml(ROOT / "docs" / "work_pools.yaml").items():
        image = pool["job_variables"].get("image", "")
        assert "ninefold-worker" in image or name.startswith("process")


def test_any_user_may_run_the_pipeline_image():
    stages = instructions()
    given = dict(
        pair.split("=")
        for word, rest in [*stages["base"], *stages["worker"]]
        if word == "ENV"
        for pair in rest.split()
    )
    assert given["USER"]
    assert any(f"chmod 1777 {given['HOME']}" in rest for _, rest in stages["worker"])


def test_what_the_serving_image_copies_is_enough(tmp_path):
    for word, rest in instructions()["serve"]:
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                assert (ROOT / source).exists(), source
                place = tmp_path / target / (Path(source).name if len(sources) > 1 else "")
                place.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, tmp_path / target)
                elif source.endswith(".py"):
                    shutil.copy(ROOT / source, place)
    build(tmp_path / "model.onnx")
    program = (
        "import sys, ninefold; from pathlib import Path\n"
        f"assert ninefold.__file__.startswith({str(tmp_path)!r})\n"
        "import ninefold.serving.__main__; from ninefold.serving import server\n"
        "from ninefold.serving.model import read_model; from ninefold.serving.rows import Rows\n"
        "from ninefold.serving.limits import Limits\n"
        "from ninefold.serving.readiness import prepare\n"
        "m = read_model(Path('model.onnx')); prepare(m)\n"
        "server.application(server.Repository([m], Limits()))\n"
        f"assert m.fault is None; print(m.run(Rows(m).read([{example()!r}]).feeds)['label'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    help_ = subprocess.run(
        [sys.executable, "-m", "ninefold.serving", "missing.onnx"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (help_.returncode, len(help_.stderr.splitlines())) == (2, 1)


def test_the_serving_image_has_every_module_that_serving_names():
    copied = {
        source.removesuffix(".py").replace("/", ".")
        for word, rest in instructions()["serve"]
        if word == "COPY"
        for source in rest.split()[:-1]
    }
    trees = [ast.parse(p.read_text()) for p in (ROOT / "ninefold" / "serving").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module != "ninefold"}
    named |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    named |= {
        f"ninefold.{a.name}"
        for n in nodes
        if isinstance(n, ast.ImportFrom) and n.module == "ninefold"
        for a in n.names
    }
    own = {m for m in named if m.startswith("ninefold.") and not m.startswith("ninefold.serving")}
    assert own - {"ninefold.__version__"} <= copied
