"""Throughput against peers, measured in the same minutes on the same machine. `python -m bench --only B4`."""
