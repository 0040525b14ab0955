"""How the libraries' threads behave where stages run side by side."""

import os


def sleep_when_idle() -> None:
    """Let idle OpenMP threads sleep instead of spin; call before numpy or scikit-learn load.

    Spinning threads of one stage take the core that another one computes on. A value already set
    in `OMP_WAIT_POLICY` is kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
