"""Speed, measured side by side in one run: ``python -m benchmarks``. Ratios travel between machines; absolute figures stand beside them."""
