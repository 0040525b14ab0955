"""A folder of image files, one subfolder per class."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.datasets import DatasetSpec
from ninefold.datasets.pictures.spec import ImageFilesSpec
from ninefold.errors import InputError
from ninefold.pixels import SUFFIXES

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class ImageFolderSpec(DatasetSpec, ImageFilesSpec):
    """Image files under `path`, in order of their names; gives the columns `image`, `label` (the
    subfolder right under `path`) and `file` (an identifier, never a feature).
    """

    kind: Literal["image_folder"] = "image_folder"
    path: str = Field(min_length=1)
    """The folder, relative to the workspace; each of its subfolders is a class."""
    parts: bool = False
    """Whether its subfolders are parts of the data instead, such as train and test, with a
    subfolder for each class in them; the part becomes the column `part`, never a feature."""

    def open(self, workspace: Path) -> "Source":
        return self._open(workspace, is_labelled=True)

    def open_fresh(self, workspace: Path) -> "Source":
        """Open images of which nobody has told the class yet, if none lies in a subfolder."""
        return self._open(workspace, is_labelled=False)

    def _open(self, workspace: Path, *, is_labelled: bool) -> "Source":
        import pyarrow as pa

        from ninefold.datasets.pictures.files import image_table

        folder = workspace / Path(self.path).expanduser()
        files = image_files(folder, self.path)
        names = [file.relative_to(folder).as_posix() for file in files]
        depth = 2 if self.parts and is_labelled else 1
        loose = [name for name in names if name.count("/") < depth]
        others = {"file": pa.array(names, pa.string())}
        if not is_labelled and len(loose) == len(names):
            return image_table(self.path, files, names, others, "image", self).with_id("file")
        if loose:
            raise InputError(
                f"{self.path}: every image must lie in the subfolder of its class, however: "
                f"{loose[0]!r} does not. Move it, or name class and file in a CSV "
                "(`ingest: {kind: image_table}`)"
            )
        folders = [name.split("/")[:-1] for name in names]
        labels = [own[min(int(self.parts), len(own) - 1)] for own in folders]
        others = {"label": pa.array(labels, pa.string()), **others}
        if not self.parts:
            return image_table(self.path, files, names, others, "image", self).with_id("file")
        others["part"] = pa.array([own[0] for own in folders], pa.string())
        source = image_table(self.path, files, names, others, "image", self)
        return source.with_id("file").with_id("part")


def image_files(folder: Path, shown: str) -> list[Path]:
    """Return the image files under a folder, sorted. Raises `InputError` if there are none."""
    if not folder.is_dir():
        found = "it is a file" if folder.exists() else "it is missing"
        raise InputError(f"{shown} must be a folder of images, however: {found}")
    files = sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    files = [f for f in files if not any(p.startswith(".") for p in f.relative_to(folder).parts)]
    if not files:
        raise InputError(
            f"{shown} must hold image files, however: none ends in {', '.join(SUFFIXES)}"
        )
    return files
