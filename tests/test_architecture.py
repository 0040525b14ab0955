"""What the house promises about itself: directions, names, the sealed test part, no pickle."""

import ast
import contextlib
import importlib.util
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ninefold.config import SECTIONS, read_yaml
from ninefold.params_schema import json_schema
from tasks import pipelines

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("ninefold", "expectations", "tasks", "flows")
MAY_IMPORT = {
    "ninefold": {"ninefold"},
    "expectations": {"expectations", "ninefold"},
    "tasks": {"tasks", "expectations", "ninefold"},
    "flows": {"flows", "tasks", "expectations", "ninefold"},
}
ORCHESTRATORS = {"prefect", "dvc", "great_expectations"}
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FINDERS = {ROOT / "ninefold" / "config.py", ROOT / "ninefold" / "registry.py"}
TEMPLATES = ROOT / "tasks" / "templates"
OPTIONAL_STAGES = {
    name: read_yaml(TEMPLATES / f"{name}.yaml")["stages"][name] for name in pipelines.OPTIONAL
}
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"] | OPTIONAL_STAGES


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path):
    """Return the modules a file imports, wherever in it; `from a import b` gives a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_imports_go_one_way():
    assert not [
        (name_of(path), sorted(wrong))
        for path in SOURCES
        if (wrong := ours(path) - MAY_IMPORT[path.relative_to(ROOT).parts[0]])
    ]


def ours(path):
    return {module.split(".")[0] for module in imports(path)} & set(FOLDERS)


def test_the_library_knows_no_orchestrator():
    library = [path for path in SOURCES if path.relative_to(ROOT).parts[0] == "ninefold"]
    assert library
    assert not [
        (name_of(path), sorted(known))
        for path in library
        if (known := {module.split(".")[0] for module in imports(path)} & ORCHESTRATORS)
    ]


def is_module(name):
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(name) is not None
    return False


def test_packages_whose_parts_import_each_other_are_loaded_before_stages_run_side_by_side():
    found = {
        m for path in SOURCES for m in imports(path) if m.split(".")[0] in ("scipy", "sklearn")
    }
    code = "import sys, tasks.executors as e; e.load_shared(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    late = {name for name in found if is_module(name)} - set(done.stdout.split())
    assert not late, "add to tasks.executors.SHARED"


def test_only_the_flows_know_prefect():
    knowing = {
        path.relative_to(ROOT).parts[0]
        for path in SOURCES
        if any(module.split(".")[0] == "prefect" for module in imports(path))
    }
    assert knowing <= {"flows"}


def test_serving_loads_nothing_heavy():
    code = (
        "import sys, pkgutil, importlib, ninefold.serving as s\n"
        "for m in pkgutil.walk_packages(s.__path__, 'ninefold.serving.'):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        "heavy = 'torch pandas sklearn prefect dvc great_expectations pyarrow scipy'.split()\n"
        "print(sorted(set(heavy) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_specs_are_read_without_heavy_packages():
    code = (
        "import sys; from ninefold.config import spec_of\n"
        "from pydantic import TypeAdapter\n"
        "heavy = 'torch pandas sklearn prefect dvc great_expectations onnxruntime matplotlib'\n"
        f"for section in {list(SECTIONS)!r}:\n"
        "    TypeAdapter(spec_of(section)).json_schema()\n"
        "    assert not set(heavy.split()) & set(sys.modules), section\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_nothing_is_pickled():
    modules = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    calls = re.compile(r"torch\.(save|load)\(|allow_pickle\s*=\s*True|read_pickle|to_pickle")
    assert not [
        name_of(path)
        for path in SOURCES
        if imports(path) & modules or calls.search(path.read_text(encoding="utf-8"))
    ]


def test_the_test_part_is_sealed_until_evaluate():
    order = list(STAGES)
    assert not set(order[: order.index("evaluate")]) & set(OPTIONAL_STAGES)
    readers = [
        stage
        for stage, declared in STAGES.items()
        if any("splits/test.parquet" in str(dep) for dep in declared.get("deps", []))
    ]
    assert readers == ["evaluate"]
    assert order.index("evaluate") > order.index("train")


def test_plain_outputs_are_cached():
    for stage, declared in STAGES.items():
        for out in declared["outs"]:
            assert not (isinstance(out, dict) and "cache" in str(out)), (stage, out)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_params_it_reads(stage):
    text = (ROOT / "tasks" / f"{stage}.py").read_text(encoding="utf-8")
    read = set(re.findall(r'params\(\s*"(\w+)"\s*\)', text))
    if "io.specs" in text:
        own = [STAGES[name] for name in STAGES if name not in OPTIONAL_STAGES]
        read |= {section for stage in own for section in stage["params"]}
    assert read == set(STAGES[stage]["params"])


def module_file(module):
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def closure(path):
    """Return the files of ours that a file needs, the packages of registries whole."""
    seen, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file in seen or file in FINDERS:
            continue
        seen.add(file)
        waiting += [f for module in imports(file) if (f := module_file(module))]
        for package in re.findall(r'"(ninefold(?:\.\w+)+)"', file.read_text(encoding="utf-8")):
            found = module_file(package)
            if found and found.name == "__init__.py":
                waiting += found.parent.glob("*.py")
    return seen


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_it_runs(stage):
    declared = [ROOT / str(dep) for dep in STAGES[stage]["deps"]]
    needed = closure(ROOT / "tasks" / f"{stage}.py")
    missing = {
        file.relative_to(ROOT).as_posix()
        for file in needed
        if not any(file == dep or dep in file.parents for dep in declared) and not is_base(file)
    }
    assert not missing


def is_base(file):
    """Tell whether a file is part of the frame every stage stands on, not of what it computes."""
    inside = file.relative_to(ROOT).as_posix()
    return inside in {"ninefold/__init__.py", "tasks/__init__.py", "expectations/__init__.py"} or (
        inside.startswith(
            (
                "tasks/stage_io",
                "tasks/pipelines",
                "ninefold/errors",
                "ninefold/progress",
                "ninefold/files",
            )
        )
    )


def test_the_schema_for_editors_is_current():
    published = json.loads((ROOT / "docs" / "params.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(json_schema())), "run `make schema`"


def test_every_param_is_described():
    missing = []

    def walk(schema, place):
        for name, field in schema.get("properties", {}).items():
            if name != "kind" and "description" not in field:
                missing.append(f"{place}.{name}")

    schema = json_schema()
    for title, definition in schema["$defs"].items():
        walk(definition, title)
    assert not missing


def test_the_schema_tells_specs_of_one_name_apart():
    schema = json_schema()
    for place, keys in {"ingest": {"kind", "format"}, "preprocess": {"use", "impute"}}.items():
        text = json.dumps(schema["properties"][place])
        named = re.findall(r'"columns".*?#/\$defs/(\w*ColumnSpec\w*)', text + json.dumps(
            [schema["$defs"][name] for name in re.findall(r"#/\$defs/(\w+)", text)]))  # fmt: skip
        assert keys <= set(schema["$defs"][named[0]]["properties"]), place


def test_names_say_what_they_hold():
    vague = re.compile(r"(^|/)(utils?|helpers?|common|misc|manager|processor)(/|\.|$)")
    assert not [name for path in SOURCES if vague.search(name := path.relative_to(ROOT).as_posix())]


def test_a_file_is_read_at_one_sitting():
    lines = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES}
    assert not {name: count for name, count in lines.items() if count > 360}


@pytest.mark.parametrize("example", sorted((ROOT / "examples").iterdir()), ids=lambda p: p.name)
def test_an_example_is_a_dvc_repository_of_its_own(example):
    """Else `dvc status` at the root would speak of every example too."""
    config = (example / ".dvc" / "config").read_text(encoding="utf-8")
    assert config == (ROOT / ".dvc" / "config").read_text(encoding="utf-8")
