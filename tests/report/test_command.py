import shutil

from ninefold.cli import main


def test_it_says_where_the_report_lies(workspace, capsys, monkeypatch):
    monkeypatch.chdir(workspace)
    assert main(["report"]) == 0
    assert capsys.readouterr().out.strip() == "reports/report.html"


def test_open_shows_it_in_the_browser_that_is_named(workspace, tmp_path, monkeypatch):
    shown = tmp_path / "shown"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{shown}"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.chdir(workspace)
    assert main(["report", "--open"]) == 0
    assert shown.read_text(encoding="utf-8").startswith("file://")


def test_without_a_screen_it_says_so(workspace, capsys, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(workspace)
    assert main(["report", "--open"]) == 0
    assert "no browser" in capsys.readouterr().err


def test_before_a_run_it_says_what_to_do(workspace, tmp_path, capsys, monkeypatch):
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(workspace / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    said = capsys.readouterr().err.strip()
    assert "ninefold run" in said
    assert "\n" not in said
