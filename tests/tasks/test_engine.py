import shutil
import sys
import threading
from pathlib import Path

import pytest
from dvc.lock import LockError

from ninefold.errors import ConfigError, GateError, InputError
from tasks import engine, healing, status
from tasks.executors import StageError
from tasks.repository import one_line
from tests.pipelines import DIAMOND, NAMES, Workspace


def happened(workspace, *targets, **options):
    return engine.run_stages(workspace.folder, targets, **options)


def test_graph_lists_stages_after_those_they_depend_on(workspace):
    stages = engine.graph(workspace.folder)
    assert list(stages) == NAMES
    assert stages["join"].upstream == ("left", "right")
    assert stages["source"].description == "The first"
    assert stages["source"].outs == (workspace.folder / "a.txt",)


def test_second_run_changes_nothing_and_dvc_agrees(workspace):
    before = workspace.read("dvc.lock")
    assert set(happened(workspace).values()) == {"unchanged"}
    assert workspace.read("dvc.lock") == before
    assert workspace.is_clean()
    workspace.dvc("repro")
    assert workspace.take_ran() == []


def test_what_dvc_repro_computed_is_unchanged_here(tmp_path):
    workspace = Workspace(tmp_path / "w")
    workspace.dvc("repro")
    assert workspace.take_ran() == sorted(NAMES)
    assert set(happened(workspace).values()) == {"unchanged"}
    assert workspace.take_ran() == []


def test_one_param_reruns_exactly_its_dependents_and_going_back_restores(workspace):
    reference = workspace.read("joined.txt")
    stages = engine.graph(workspace.folder)
    assert status.unchanged(workspace.folder, stages, NAMES) == {*NAMES}
    workspace.set_param("left", 2)
    assert status.unchanged(workspace.folder, stages, NAMES) == {"source", "right"}
    assert happened(workspace) == {
        "source": "unchanged",
        "left": "executed",
        "right": "unchanged",
        "join": "executed",
    }
    assert workspace.read("joined.txt") != reference
    workspace.set_param("left", 1)
    assert happened(workspace)["join"] == "restored"
    assert workspace.take_ran() == ["join", "left"]
    assert workspace.read("joined.txt") == reference


def test_deleted_outputs_come_back_without_running(workspace):
    for name in ("a.txt", "right.txt", "joined.txt"):
        (workspace.folder / name).unlink()
    found = happened(workspace)
    assert [found[name] for name in NAMES] == ["restored", "unchanged", "restored", "restored"]
    assert workspace.take_ran() == []


def test_targets_run_with_what_they_depend_on_and_force_runs_only_them(workspace):
    assert list(happened(workspace, "left")) == ["source", "left"]
    assert happened(workspace, "left", force=True) == {"source": "unchanged", "left": "executed"}
    with pytest.raises(ConfigError, match=r"no stage `lft` .did you mean `left`"):
        happened(workspace, "lft")


@pytest.mark.parametrize("name", ["a b", "ü@c", "d:e", "f'g\"h"])
def test_any_folder_name_works(template, tmp_path, name):
    shutil.copytree(template.folder, tmp_path / name)
    (tmp_path / name / "params.yaml").write_text("source: 1\nleft: 5\nright: 1\njoin: 1\n")
    assert engine.run_stages(tmp_path / name)["join"] == "executed"


def test_a_workspace_may_stand_below_the_dvc_root(template, tmp_path):
    shutil.copytree(template.folder, tmp_path / "w")
    inner = tmp_path / "w" / "examples" / "inner"
    inner.mkdir(parents=True)
    for name in ("dvc.yaml", "params.yaml", "step.sh", "input.txt"):
        shutil.copy(template.folder / name, inner / name)
    assert list(engine.run_stages(inner)) == NAMES
    assert set(engine.run_stages(inner).values()) == {"unchanged"}
    assert set(engine.run_stages(tmp_path / "w").values()) == {"unchanged"}


def test_independent_stages_side_by_side_are_all_recorded(tmp_path):
    names = [f"s{n}" for n in range(6)]
    stages = "".join(
        f"  {n}:\n    cmd: sleep 0.2; echo {n} > {n}.txt\n    deps: [input.txt]\n"
        f"    outs: [{n}.txt]\n"
        for n in names
    )
    workspace = Workspace(tmp_path / "w", "stages:\n" + stages)
    found = {}

    def run(name):
        found[name] = engine.run_stage(workspace.folder, name)

    threads = [threading.Thread(target=run, args=[name]) for name in reversed(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(names, "executed")
    healing.settle(workspace.folder)
    lock = workspace.read("dvc.lock")
    assert [lock.index(f"\n  {name}:\n") for name in names] == sorted(
        lock.index(f"\n  {name}:\n") for name in names
    )
    assert workspace.is_clean()


def edit(workspace, stage, text):
    """Replace the command of one stage."""
    pipeline = workspace.read("dvc.yaml")
    line = next(line for line in pipeline.splitlines() if f"cmd: sh step.sh {stage} " in line)
    workspace.write("dvc.yaml", pipeline.replace(line, text))


def test_a_dependency_edited_while_its_stage_runs_fails_it(workspace):
    before = workspace.read("dvc.lock")
    edit(workspace, "left", "    cmd: echo more >> a.txt; cp a.txt left.txt")
    with pytest.raises(InputError, match=r"a\.txt changed while stage `left` ran"):
        happened(workspace)
    assert workspace.read("dvc.lock") == before
    workspace.write("dvc.yaml", DIAMOND)
    happened(workspace)
    assert workspace.is_clean()
    assert "more" not in workspace.read("a.txt")


@pytest.mark.parametrize(
    ("command", "error", "said"),
    [
        ("echo 'column x copies y' >&2; exit 3", GateError, "column x copies y"),
        ("echo 'no such column' >&2; exit 2", InputError, "no such column"),
        ("exit 7", StageError, "ended with code 7"),
        ("kill -SEGV $$", StageError, "SIGSEGV"),
        ("true", StageError, "did not write what dvc.yaml declares"),
    ],
)
def test_a_failing_command_says_why_and_records_nothing(workspace, command, error, said):
    before = workspace.read("dvc.lock")
    edit(workspace, "left", f'    cmd: "{command}"')
    with pytest.raises(error, match=said):
        happened(workspace)
    assert workspace.read("dvc.lock") == before
    workspace.write("dvc.yaml", DIAMOND)
    assert happened(workspace)["join"] == "unchanged"


def test_timeout_ends_the_command_and_its_children(workspace):
    edit(workspace, "left", "    cmd: sleep 60 | cat > left.txt\n    meta: {timeout_s: 0.5}")
    with pytest.raises(StageError, match=r"longer than the 0\.5 s"):
        happened(workspace)


def test_python_is_the_one_that_runs_ninefold(workspace):
    edit(workspace, "left", "    cmd: python -c 'import sys; print(sys.executable)' > left.txt")
    happened(workspace, "left")
    assert Path(workspace.read("left.txt").strip()).parent == Path(sys.executable).parent


GATE = """
from ninefold.errors import GateError
def run(io):
    log = io.workspace / "ran.log"
    log.write_text((log.read_text() if log.exists() else "") + "gate ")
    io.out("gate.txt").write_text(io.dep("input.txt").read_text())
    if "bad" in io.dep("input.txt").read_text():
        raise GateError("too bad")
"""


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A workspace with one of our own stages, which a module in another folder brings."""
    import tasks

    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "gate.py").write_text(GATE)
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path / "more")])
    monkeypatch.delitem(sys.modules, "tasks.gate", raising=False)
    workspace = Workspace(
        tmp_path / "w",
        "stages:\n  gate:\n    cmd: exec python -m tasks gate\n"
        "    deps: [input.txt]\n    outs: [gate.txt]\n",
    )
    workspace.write("params.yaml", "{}\n")
    return workspace


def test_own_stages_run_in_this_process(gate):
    assert engine.run_stage(gate.folder, "gate") == "executed"
    assert engine.run_stage(gate.folder, "gate") == "unchanged"
    assert gate.take_ran() == ["gate"]


def test_a_gate_in_this_process_records_nothing_but_leaves_its_report(gate):
    gate.write("input.txt", "bad\n")
    with pytest.raises(GateError, match="too bad"):
        engine.run_stage(gate.folder, "gate")
    assert gate.read("gate.txt") == "bad\n"
    assert not (gate.folder / "dvc.lock").exists()
    gate.write("input.txt", "good\n")
    assert engine.run_stage(gate.folder, "gate") == "executed"


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        ("stages: [", r"^dvc\.yaml must be valid YAML, however: line 2, column 1: did not find"),
        ("stages:\n  a:\n    cmd: x\n    out: [a]\n", "dvc.yaml"),
        (
            "stages:\n  a:\n    cmd: x\n    deps: [b]\n    outs: [a]\n"
            "  b:\n    cmd: x\n    deps: [a]\n    outs: [b]\n",
            "both a dependency and an output",
        ),
        ("stages:\n  a:\n    cmd: x\n    outs: [a]\n    meta: {retries: -1}\n", "meta.retries"),
        ("stages:\n  a:\n    cmd: x\n    outs: [a]\n    meta: {exec: fork}\n", "meta.exec"),
        ("stages:\n  a:\n    cmd: x ${nope}\n    outs: [a]\n", "nope"),
    ],
)
def test_a_wrong_dvc_yaml_is_one_clear_error(workspace, pipeline, said):
    workspace.write("dvc.yaml", pipeline)
    with pytest.raises(ConfigError, match=said) as caught:
        engine.graph(workspace.folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_pipeline_or_dvc_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="ninefold init"):
        engine.graph(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    with pytest.raises(ConfigError, match="dvc init"):
        engine.graph(tmp_path)


def test_a_missing_input_names_it(workspace):
    (workspace.folder / "input.txt").unlink()
    with pytest.raises(InputError, match=r"input\.txt"):
        happened(workspace)


def test_a_missing_param_names_it(workspace):
    workspace.write("params.yaml", "source: 1\nleft: 1\nright: 1\n")
    with pytest.raises(ConfigError, match=r"params\.yaml.*join"):
        happened(workspace)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("source: 1\nsource: 2\n", 'line 2, column 1: found duplicate key "source"'),
        ("source:\n\ta: 1\n", "line 2, column 1: a tab; indent with spaces"),
    ],
)
def test_params_that_are_no_yaml_are_one_clear_error(workspace, params, said):
    workspace.write("params.yaml", params)
    with pytest.raises(ConfigError) as caught:
        engine.graph(workspace.folder)
    assert str(caught.value) == f"params.yaml must be valid YAML, however: {said}"


def test_an_error_that_is_its_own_cause_is_one_line_too():
    error = OSError("the style is missing")
    error.__cause__ = error
    assert one_line(error) == "the style is missing"


def test_a_user_whom_the_system_does_not_know_may_run(workspace, monkeypatch):
    import pwd

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert list(engine.graph(workspace.folder)) == NAMES


def test_a_wait_names_each_process_once_and_is_said_once(workspace, monkeypatch):
    text = "'m' is busy, it is being blocked by: (PID 8): a b (PID 8): a b (PID 9): c "
    text += "If there are no processes with such PIDs, you can manually remove 'rwlock' and try."
    turns = iter([LockError(text), LockError(text), None])

    def reproduce(*_):
        if (error := next(turns)) is not None:
            raise error
        return "unchanged"

    monkeypatch.setattr(engine, "_reproduce", reproduce)
    monkeypatch.setattr(engine, "POLL_S", 0.0)
    said = []
    assert engine.run_stage(workspace.folder, "left", write=said.append) == "unchanged"
    assert said == ["waiting, 'm' is busy, it is being blocked by: (PID 8): a b, (PID 9): c"]
