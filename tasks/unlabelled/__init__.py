"""The stages baselines to export for tasks that learn no target: what is fitted says the `Aim`."""
