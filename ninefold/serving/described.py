"""What the page for programs (`/docs`) says of a model."""

import html
import json
from typing import Any

from ninefold.dates import shown
from ninefold.serving.model import Model
from ninefold.serving.openapi import example_row


def section(model: Model, address: str) -> str:
    """Return a model's part of the page: state, columns and a request to try."""
    escape = html.escape
    state = "ready" if model.fault is None else f"not ready: {escape(model.fault)}"
    lines = [f"<h2>{escape(model.name)}</h2>", f"<p>{state}<br><code>{model.sha256}</code></p>"]
    if (signature := model.published) is None:
        columns = [(item.name, item.datatype, str(list(item.shape))) for item in model.inputs]
    else:
        columns = [(item.name, item.kind, _range(item)) for item in signature.inputs]
        body = json.dumps({"rows": [example_row(signature)]}, ensure_ascii=False, indent=1)
        lines.append(
            f"<pre>curl {escape(address)}/v1/models/{escape(model.name)}/predict -d "
            f"'{escape(body.replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39)))}'</pre>"
        )
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in column)}</tr>" for column in columns
    )
    lines.append(f"<table><tr><th>column<th>kind<th>seen in training</tr>{rows}</table>")
    return "\n".join(lines)


def _range(item: Any) -> str:
    if item.levels:
        return ", ".join(item.levels[:12]) + (" …" if len(item.levels) > 12 else "")
    if item.minimum is None or item.maximum is None:
        return ""
    if item.kind == "datetime":
        return f"{shown(item.minimum)} … {shown(item.maximum)}"
    return f"{item.minimum:g} … {item.maximum:g}"
