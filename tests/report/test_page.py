import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.errors import InputError
from ninefold.report import ReportSpec
from ninefold.report.evidence import DOCUMENTS, Evidence, read_documents, read_history
from ninefold.report.page import headline, render, sections
from tests.report.reading import read

NOT_DRAWN = "could not be drawn"
BESIDE = {"data_docs/index.html", "../.ninefold/quality_history.svg"}


@pytest.fixture
def report(workspace):
    return (workspace / "reports" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def evidence(workspace):
    return collect(workspace)


def collect(workspace):
    files = {name: find(workspace, file) for name, file in DOCUMENTS.items()}
    history = read_history(workspace / "models" / "network" / "history.csv")
    return Evidence(ReportSpec(title=None), read_documents(files), history)


def find(workspace, name):
    return next(p for p in sorted(workspace.rglob(name)) if ".dvc" not in p.parts)


def expected(evidence):
    """Return the sections that have something to say, without those with a page of their own."""
    fitting = [section for section in sections() if section.fits(evidence.task)]
    here = [section for section in fitting if set(section.sources) <= set(DOCUMENTS)]
    return [section for section in here if section.has_content(evidence)]


def test_every_section_is_drawn(report, evidence):
    page = read(report)
    assert page.headings == [section.title for section in expected(evidence)]
    assert NOT_DRAWN not in report
    assert "missing or damaged" not in report
    assert page.tags.count("svg") >= 12


def test_the_split_tells_of_a_target_only_where_there_is_one(evidence):
    parts = {name: {**part, "target": None} for name, part in evidence.manifest["parts"].items()}
    without = {**evidence.documents, "manifest": {**evidence.manifest, "parts": parts}}
    pages = [render(evidence), render(replace(evidence, documents=without))]
    told = [re.search(r"The target(: share of each class| in each part)", page) for page in pages]
    assert [bool(found) for found in told] == [True, False]


def test_nothing_is_loaded_from_elsewhere(report):
    page = read(report)
    assert not {"script", "iframe", "object", "form"} & set(page.tags)
    assert {a for a in page.addresses if not a.startswith(("#", "data:"))} == BESIDE
    assert not re.search(r"@import|url\(", report)
    assert not any(name.startswith("on") for _, found in page.attributes for name in found)


def test_what_links_point_at_is_there(report, workspace):
    page = read(report)
    names = {found["id"] for _, found in page.attributes if "id" in found}
    for address in page.addresses:
        if address.startswith("#"):
            assert address[1:] in names
        elif not address.startswith("data:"):
            assert (workspace / "reports" / address).is_file()


def test_names_from_the_data_are_text_not_markup(report):
    page = read(report)
    assert "<script>" not in report
    assert 'size <cm> & "more"' in "".join(page.text)
    assert "farbe ü" in "".join(page.text)


def test_every_picture_has_a_title_and_whole_numbers(report):
    page = read(report)
    for tag, found in page.attributes:
        if tag == "svg":
            assert found["role"] == "img"
            assert found["aria-label"].strip()
    assert not re.search(r'="(nan|inf|-inf|None)"', report)


def test_the_same_results_give_the_same_bytes(evidence):
    assert render(evidence) == render(evidence)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"problem": {"task": "generation"}, "generate": {"lr": 1e-3}}, "sample generate.lr"),
        ({"problem": {"task": "tagging"}, "tag": {"lr": "auto"}}, "predict tag.lr"),
        ({"problem": {"task": "clustering"}}, "predict"),
    ],
)
def test_what_to_type_next_suits_the_learner(params, said, evidence):
    page = render(replace(evidence, params=params))
    typed = page[page.index("<pre>ninefold") :]
    found = re.findall(r"ninefold (predict|sample)|-S (\w+\.lr)=", typed)
    assert " ".join("".join(pair) for pair in found) == said


@pytest.mark.parametrize(
    ("answer", "gain", "said"),
    [
        ("inconclusive", 1e6, "More rows may settle the answer for the network"),
        ("inconclusive", -1e6, "More rows may settle the answer against the network"),
        ("not needed", 1e6, "More rows may change the answer for the network"),
        ("needed", 1e6, "More rows would not change the answer"),
        ("not needed", -1e6, "More rows would not change the answer"),
    ],
)
def test_what_more_rows_would_do_to_the_answer(answer, gain, said, evidence):
    curve = {
        "ahead": [{"rows": 100, "gain": 0.1}, {"rows": 200, "gain": gain}],
        "rows": [50, 100],
        "folds": [0],
        "models": {"network": [{"value": 0.5}] * 2, "linear": [{"value": 0.5}] * 2},
    }
    told = {**evidence.evaluation, "verdict": {**evidence.evaluation["verdict"], "answer": answer}}
    documents = {
        **evidence.documents,
        "evaluation": told,
        "folds": {**evidence.folds, "curve": curve},
    }
    assert said in render(replace(evidence, documents=documents))


def test_no_date_no_path_of_this_machine(report, workspace):
    assert str(workspace) not in report
    assert "20260" not in report


@pytest.mark.parametrize("missing", DOCUMENTS)
def test_a_missing_document_costs_its_section_only(evidence, missing):
    left = {name: c for name, c in evidence.documents.items() if name != missing}
    said = render(replace(evidence, documents=left))
    kept = [s.title for s in expected(evidence) if missing not in s.sources]
    assert read(said).headings == kept
    assert NOT_DRAWN not in said
    assert DOCUMENTS[missing] in said


def test_with_nothing_at_all_it_still_says_so():
    page = read(render(Evidence(ReportSpec(), {})))
    assert "missing or damaged" in "".join(page.text)


def test_the_title_is_the_one_given_or_what_is_predicted(evidence):
    assert headline(evidence) == "Predicting target"
    assert headline(replace(evidence, spec=ReportSpec(title="A <b>"))) == "A <b>"


def nodes(content, place=()):
    yield place
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from nodes(value, (*place, key))
        else:
            yield (*place, key)


@given(data=st.data())
def test_a_changed_document_never_breaks_the_report(workspace, data):
    evidence = collect(workspace)
    name = data.draw(st.sampled_from(sorted(DOCUMENTS)))
    content = json.loads(json.dumps(evidence.documents[name]))
    places = [place for place in nodes(content) if place]
    *path, last = data.draw(st.sampled_from(places))
    holder = content
    for step in path:
        holder = holder[step]
    junk = st.sampled_from([None, "odd", -1, 0, 1e308, True, [], {}, [None], {"a": None}])
    holder[last] = data.draw(junk)
    read(render(replace(evidence, documents={**evidence.documents, name: content})))


def test_a_damaged_file_counts_as_missing(tmp_path):
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_text("[1]", encoding="utf-8")
    files = {"quality": tmp_path / "a.json", "leakage": tmp_path / "b.json"}
    assert read_documents({**files, "profile": tmp_path / "none.json"}) == {}
    assert read_history(tmp_path / "none.csv") == ()


def test_a_look_that_stands_twice_after_a_merge_counts_once(workspace, evidence, tmp_path):
    text = find(workspace, "test_ledger.jsonl").read_text(encoding="utf-8")
    own = json.loads(text)
    other = json.dumps({**own, "model": "f" * 64, "metric": "other", "value": 0.25})
    cut_off = json.dumps({**own, "value": None, "standard_error": None})
    path = tmp_path / "test_ledger.jsonl"
    merged = "\n".join([other, cut_off, text, other]) + "\n"
    for lines, count in ((merged, 2), (other + "\n", 2), ("", 1)):
        path.write_text(lines, encoding="utf-8")
        documents = {**evidence.documents, **read_documents({"ledger": path})}
        page = render(replace(evidence, documents=documents))
        said = f"pened {count} times" if count > 1 else "pened once"
        assert f"O{said}" in page
        assert f"o{said}" in page
    path.write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1 must be an opening"):
        read_documents({"ledger": path})


def test_levels_of_masked_columns_are_not_shown(evidence):
    shown = render(evidence)
    masked = {"validate": {"mask": ["farbe ü"]}}
    hidden = render(replace(evidence, params=masked))
    assert "farbe ü (masked)" in hidden
    assert hidden.count("ünï") < shown.count("ünï")


def test_a_value_far_beyond_the_picture_is_said(evidence):
    (column, *others) = (c for c in evidence.profile["columns"] if "ends" in c.get("histogram", {}))
    low, high = column["histogram"]["ends"]
    columns = [
        c | {"max": high + 9 * (high - low)} if c is column else c | {"max": 0}
        for c in [column, *others]
    ]
    profile = evidence.profile | {"columns": columns}
    page = render(replace(evidence, documents={**evidence.documents, "profile": profile}))
    assert page.count("values up to ") == 1


def test_the_answer_says_what_is_left_without_what_the_leakage_gate_asks_about(evidence):
    inflation = {"metric": "roc_auc", "with": 0.99, "without": 0.61, "without_interval": [0.5, 0.7]}
    asked = {
        "kind": "missing.tells_target",
        "severity": "warn",
        "columns": ["note"],
        "message": "",
        "inflation": inflation,
    }
    harmless = asked | {"columns": ["other"], "inflation": inflation | {"with": 0.65}}
    accepted = asked | {"columns": ["known"], "ignored": {"reason": "asked before"}}

    def page(*findings):
        leakage = evidence.leakage | {"verdict": "warn", "findings": list(findings)}
        return render(replace(evidence, documents={**evidence.documents, "leakage": leakage}))

    told = "right to ask about <code>note</code>, this number promises too much"
    assert told in page(asked, harmless, accepted)
    assert "roc_auc of a quick learner 0.990 with it, 0.610 without" in page(asked)
    assert "promises too much" not in page(harmless, accepted)
