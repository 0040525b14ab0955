"""The undocumented surface of DVC that the engine stands on: fails loudly when it moves."""

import contextlib
import inspect
from importlib.metadata import version

import pytest
from dvc.dvcfile import Lockfile
from dvc.repo import Repo, lock_repo
from dvc.rwlock import RWLOCK_FILE, RWLOCK_LOCK, SCHEMA
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.stage import PipelineStage
from dvc.stage import run as stage_run
from dvc.stage.cache import StageCache
from dvc.stage.decorators import unlocked_repo
from dvc.utils import strictyaml
from dvc.utils.serialize import YAMLFileCorruptedError
from voluptuous import Invalid, MultipleInvalid

from tasks import parsing


def parameters(function):
    return list(inspect.signature(function).parameters)


def test_the_version_is_the_pinned_one():
    assert version("dvc").startswith("3.67.")


def test_commands_run_through_a_module_attribute_with_the_lock_released():
    source = inspect.getsource(stage_run.run_stage)
    assert "unlocked_repo(cmd_run)" in source
    assert "run(stage, dry=dry, run_env=run_env)" in source
    assert "lock.unlock()" in inspect.getsource(unlocked_repo)
    assert parameters(stage_run.prepare_kwargs) == ["stage", "run_env"]
    assert parameters(stage_run._make_cmd) == ["executable", "cmd"]
    assert parameters(stage_run._enforce_cmd_list) == ["cmd"]


def test_a_repo_waits_for_its_lock_and_the_lock_can_be_replaced():
    assert "_wait_for_lock" in parameters(Repo.__init__)
    assert "with repo.lock" in inspect.getsource(lock_repo)


def test_reproduce_dump_and_save_are_called_on_the_stage():
    assert "self.run(**kwargs)" in inspect.getsource(PipelineStage.reproduce)
    assert "self.save(" in inspect.getsource(PipelineStage.run)
    assert "update_pipeline" in parameters(Lockfile.dump) or "kwargs" in parameters(Lockfile.dump)


def test_run_cache_entries_become_stages_in_a_method():
    assert parameters(StageCache._create_stage) == ["self", "cache", "wdir"]
    assert "self._create_stage(cache, wdir=stage.wdir)" in inspect.getsource(StageCache.restore)


def test_lock_files_have_the_known_names_and_schemas():
    assert (RWLOCK_FILE, RWLOCK_LOCK) == ("rwlock", "rwlock.lock")
    assert SCHEMA({}) == {"write": {}, "read": {}}
    assert COMPILED_LOCKFILE_SCHEMA({"schema": "2.0", "stages": {}})


def test_dvc_parses_through_a_module_attribute_what_a_process_parses_once():
    assert 'data = parse_yaml(text, path, typ="rt" if' in inspect.getsource(strictyaml.load)
    assert "validate(data, schema, text=text, path=" in inspect.getsource(strictyaml.load)
    text = "stages: {a: {deps: [x]}}"
    parsing.parse(text, "dvc.yaml")["stages"]["a"]["deps"].append("y")
    assert parsing.parse(text, "dvc.yaml") == {"stages": {"a": {"deps": ["x"]}}}
    with pytest.raises(YAMLFileCorruptedError) as failure:
        parsing.parse("a: [", "dvc.lock")
    assert "dvc.lock" in str(vars(failure.value))


def test_a_text_is_checked_once_by_a_schema_and_a_wrong_one_each_time():
    parsing.remember()
    seen = []

    def schema(data):
        seen.append(data)
        if "bad" in data:
            raise MultipleInvalid([Invalid("bad")])

    for data in ({"a": 1}, {"a": 1}, {"bad": 1}, {"bad": 1}):
        with contextlib.suppress(strictyaml.YAMLValidationError):
            assert strictyaml.validate(data, schema, text=str(data), path="p") == data
    assert seen == [{"a": 1}, {"bad": 1}, {"bad": 1}]
