"""Drafts a suite from the train rows, for a person to edit: families of rules stand in `drafting/`.

What the pipeline cannot work without blocks (kinds, classes, a finite target); whatever else merely
was so warns, within the sampling error of the rows seen.
"""

import io
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from expectations.expressions import names_in
from expectations.sample import Rule, Sample
from ninefold.columns import Column
from ninefold.describing import described_columns, described_names, described_table
from ninefold.errors import ConfigError
from ninefold.problem import ProblemSpec
from ninefold.registry import modules

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = """\
# Drafted from the train rows; edit it: you know what good data means, the data only know what they
# are. `severity: block` stops a run with exit code 3, `warn` tells. `type` is any expectation of
# Great Expectations (https://greatexpectations.io/expectations) or of expectations/custom, such as
#   - {type: expect_rows_to_satisfy, expression: missing(a) or a <= b, severity: block, because: …}
# `ninefold expectations draft` drafts again, shows what would change, and keeps what you changed.
"""
BARE = re.compile(r"\w[\w .+/-]*")
"""Text that needs no quotes in a list, unless YAML would take it for another kind of value."""
TABLE, ACROSS = "the table as a whole", "columns together"


def draft(
    table: "pa.Table",
    columns: tuple[Column, ...],
    problem: ProblemSpec,
    note: str = "",
    masked: Iterable[str] = (),
) -> str:
    """Return the YAML text of a suite that the table meets, with the evidence as reasons.

    Args:
        table: the train rows, `ROW` among the columns, and in proportion rows of no part.
        note: a sentence on where the rows come from, put at the head.
        masked: columns whose values must not stand in the suite.
    """
    pictures = tuple(column.name for column in columns if column.kind == "image")
    hidden = described_names(columns, masked)
    table, columns = described_table(table, columns), described_columns(columns)
    sample = Sample(table, columns, problem, hidden, pictures)
    return render(rules(sample), note)


def rules(sample: Sample) -> list[Rule]:
    """Return the rules of every family: on the table, column by column, on columns together."""
    families = sorted(modules("expectations.drafting"), key=lambda module: module.ORDER)
    found = [item for family in families for item in family.rules(sample) if _can_be_said(item)]
    place = {column.name: position for position, column in enumerate(sample.columns)}
    return sorted(found, key=lambda item: place.get(topic(item), _outside(item, len(place))))


def _can_be_said(item: Rule) -> bool:
    """Tell whether an expression names its columns; one with a backtick in its name it cannot."""
    try:
        return "expression" not in item or bool(names_in(item["expression"]))
    except ConfigError:
        return False


def _outside(item: Rule, columns: int) -> int:
    return -1 if topic(item) == TABLE else columns


def topic(item: Mapping[str, Any]) -> str:
    """Return what a rule is about: its column, the table, or columns together."""
    if isinstance(item.get("column"), str):
        return str(item["column"])
    is_across = "expression" in item or isinstance(item.get("column_list"), list)
    return ACROSS if is_across else TABLE


def render(items: Iterable[Rule], note: str = "") -> str:
    """Return a suite as YAML that people read."""
    lines = [HEAD + (f"# {' '.join(note.split())}\n" if note else "") + "name: suite\n"]
    listed = [(name, list(group)) for name, group in groupby(items, key=topic)]
    lines.append("expectations:\n" if listed else "expectations: []\n")
    for name, group in listed:
        lines.append(heading(name))
        lines += [block(item) for item in group]
    return "".join(lines)


def heading(name: str) -> str:
    """Return what stands above the rules on a column."""
    return f"\n  # {' '.join(name.split())}\n"


def block(item: Rule) -> str:
    """Return one rule as an item of the list `expectations`."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    content = CommentedMap(item)
    for key, value in item.items():
        if isinstance(value, list):
            content[key] = CommentedSeq(_listed(entry) for entry in value)
            content[key].fa.set_flow_style()
    text = io.StringIO()
    _writer().dump([content], text)
    return text.getvalue()


@cache
def _writer() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width, yaml.allow_unicode = 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _listed(value: Any) -> Any:
    """Quote text that ruamel.yaml would leave bare in a list and not read again, such as `??`."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    if not isinstance(value, str) or BARE.fullmatch(value):
        return value
    return (SingleQuotedScalarString if value.isprintable() else DoubleQuotedScalarString)(value)
