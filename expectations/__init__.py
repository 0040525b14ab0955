"""What good data means: suites in YAML, custom expectations, and the gate that runs them."""

import os

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
