"""What one request may cost, and how a request that is wrong or too dear is refused."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds that hold for every request; the defaults stand here only."""

    max_body_bytes: int = 32 * 2**20
    """Bytes of a body, after decompression."""
    max_held_bytes: int = 512 * 2**20
    """Bytes of large bodies that are held at once; more are told to come back (503)."""
    max_rows: int = 4096
    """Rows in one request; `ninefold predict` is for more."""
    max_steps: int = 2**18
    """Lines of a table with one step a line."""
    max_elements: int = 2**24
    """Elements of one input tensor."""
    body_timeout_s: float = 30.0
    """Time a client has to send its body."""
    run_timeout_s: float = 30.0
    """Time the model has for one batch."""
    max_pending: int = 1024
    """Requests waiting for the model; more are told to come back (503)."""
    max_explained_rows: int = 8
    """Rows that one request may have explained."""
    max_explanations: int = 16
    """Requests waiting for explanations; more are told to come back (503)."""
    max_connections: int = 2048
    """Open connections; more are told to come back (503)."""
    inline_bytes: int = 64 * 2**10
    """Bodies up to this size are decoded on the event loop, larger ones in a thread."""
    beside_bytes: int = 256 * 2**10
    """JSON and CSV beyond this size is read in a process beside the server."""
    inline_rows: int = 256
    """Rows up to which they are."""
    inline_run_s: float = 0.002
    """Batches that should take no longer run on the event loop: a thread costs two switches."""

    def check_rows(self, count: int) -> None:
        """Refuse more rows than a request may have. Raises `RequestError`."""
        if count > self.max_rows:
            raise RequestError(
                f"a request must have at most {self.max_rows} rows, not {count}; "
                "use `ninefold predict` for large files",
                413,
            )


class RequestError(Exception):
    """Refuses a request with an HTTP status and a reason."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status
