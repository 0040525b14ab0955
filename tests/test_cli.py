import subprocess
import sys

import pytest

from ninefold.cli import main


def test_help_lists_every_command_with_a_sentence(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    for name in ("audit", "doctor", "init", "predict", "report", "run", "serve"):
        assert f"\n  {name}" in said
    assert "Run the training flow" in said


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["rnu"]) == 2
    assert "did you mean `run`" in capsys.readouterr().err


def test_a_wrong_folder_is_one_line(capsys, tmp_path):
    assert main(["-C", str(tmp_path / "nowhere"), "run"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--nope"], ["run", "--nope"], ["-C"]])
def test_an_unknown_option_ends_with_2(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_help_imports_nothing_heavy():
    code = "import sys; from ninefold.cli import main; main(['--help'])\n"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"torch", "pandas", "numpy", "prefect", "dvc", "sklearn", "onnxruntime"}


def test_telemetry_is_off_before_anything_is_imported():
    code = (
        "import tasks, flows, os; print(os.environ['DO_NOT_TRACK'], "
        "os.environ['GX_ANALYTICS_ENABLED'], os.environ['PREFECT_SERVER_ANALYTICS_ENABLED'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "false", "false"]


def test_run_in_a_folder_without_a_pipeline_says_what_to_do(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ninefold", "-C", str(tmp_path), "run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "ninefold init" in done.stderr


@pytest.mark.parametrize("is_kept", [True, False])
def test_doctor_says_where_nothing_compiled_is_kept(is_kept, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", not is_kept)
    main(["doctor"])
    assert ("compiles its packages anew" in capsys.readouterr().out) is not is_kept


def test_doctor_reports_on_a_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert main(["doctor"]) in (0, 2)
    said = capsys.readouterr().out
    assert "no dvc.yaml" in said
    assert "CPU cores" in said
