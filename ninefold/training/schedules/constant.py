"""One learning rate throughout."""

from typing import Literal

from ninefold.training.schedules import ScheduleSpec, Standing


class ConstantSpec(ScheduleSpec):
    """Stays after warm-up."""

    kind: Literal["constant"] = "constant"

    def shape(self, progress: float, standing: Standing) -> float:
        """Return 1."""
        return 1.0
