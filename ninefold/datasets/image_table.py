"""A table that names an image file in each row."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.datasets.file import FileSpec
from ninefold.datasets.pictures.spec import ImageFilesSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class ImageTableSpec(FileSpec, ImageFilesSpec):
    """A CSV, TSV or Parquet file with a column of paths; gives the column `image`, then those of
    the file, the paths being identifiers.
    """

    kind: Literal["image_table"] = "image_table"  # type: ignore[assignment]
    image_path: ColumnName = Field(min_length=1)
    """Column that holds the paths of the image files, relative to the table's folder."""

    def open(self, workspace: Path) -> "Source":
        import pyarrow as pa

        from ninefold.datasets.pictures.files import image_table

        source = super().open(workspace)
        if self.image_path not in source.names:
            raise InputError(
                f"params.yaml: ingest.image_path: {source.title} has no column "
                f"`{self.image_path}`{nearest(self.image_path, source.names)}"
            )
        if "image" in source.names:
            raise InputError(
                f"{source.title}: column name `image` is taken by the pictures. Rename that column"
            )
        table = pa.Table.from_batches(list(source.batches())).rename_columns(list(source.names))
        folder = (workspace / Path(self.path).expanduser()).parent
        names = [str(name or "").strip() for name in table[self.image_path].to_pylist()]
        others = {name: table[name].combine_chunks() for name in source.names}
        paths = [folder / name for name in names]
        found = image_table(source.title, paths, names, others, "image", self)
        return found.with_id(self.image_path).read_as(source)
