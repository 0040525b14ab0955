"""From the text of an expression to Python's syntax tree, with column names in backticks."""

import ast
import re
from dataclasses import dataclass

from ninefold.errors import ConfigError

MAX_CHARACTERS = 5000
_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?P<name>`(?:[^`]|``)+`)""", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A parsed expression that knows where it stands and how its columns are written."""

    text: str
    place: str
    tree: ast.expr
    quoted: dict[int, str]
    encoded: bytes

    def column_name(self, node: ast.Name) -> str:
        """Return the column a name stands for, exactly as written."""
        if node.col_offset in self.quoted:
            return self.quoted[node.col_offset]
        return self.encoded[node.col_offset : node.end_col_offset].decode()

    def error(self, node: ast.AST, message: str) -> ConfigError:
        """Return an error that says where in the expression it is."""
        offset = getattr(node, "col_offset", 0)
        position = len(self.encoded[:offset].decode(errors="ignore")) + 1
        return ConfigError(f"{self.place}: {message} (character {position} of `{self.text}`)")


def parse(text: str, place: str) -> Source:
    """Parse an expression.

    Raises:
        ConfigError: not an expression; says where.
    """
    flat = " ".join(text.split("\n")).strip() if "`" not in text else text.strip()
    if not flat or len(flat) > MAX_CHARACTERS:
        raise ConfigError(
            f"{place} must have between 1 and {MAX_CHARACTERS} characters, however: {len(flat)}"
        )
    plain, quoted = _without_backticks(flat)
    try:
        tree = ast.parse(plain, mode="eval").body
    except SyntaxError as error:
        where = f" (character {error.offset} of `{flat}`)" if error.offset else ""
        raise ConfigError(
            f"{place} must be an expression, however: {error.msg}{where}. Put column names with "
            "spaces, dots or other signs in `backticks`"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{place} must be an expression, however: {error}") from None
    return Source(flat, place, tree, quoted, plain.encode())


def _without_backticks(text: str) -> tuple[str, dict[int, str]]:
    """Put underscores for names in backticks; return where they stood, in bytes, and the names."""
    quoted: dict[int, str] = {}
    plain, last = "", 0
    for match in _TOKEN.finditer(text):
        if match["name"] is None:
            continue
        plain += text[last : match.start()].replace("\n", " ")
        quoted[len(plain.encode())] = match["name"][1:-1].replace("``", "`")
        plain += "_" * len(match["name"])
        last = match.end()
    return plain + text[last:].replace("\n", " "), quoted
