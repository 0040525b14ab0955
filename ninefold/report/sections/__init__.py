"""Parts of the report, one file each; `Section` in `ninefold.report.section` is their base."""
