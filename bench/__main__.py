"""`python -m bench [--only B4] [--rounds 3] [--full]`: runs the bars and writes bench/results/latest.json."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable

from bench import b1, b2, b3, b4, b5, b6, b7, b9
from bench.harness import Bar, record, settings_line
from casebus_testing.stack import Stack
from chassis.logs import set_up_logs

BENCHES: dict[str, Callable[..., dict[str, Bar]]] = {
    "B1": b1.run,
    "B2": b2.run,
    "B3": b3.run,
    "B4": b4.run,
    "B5": b5.run,
    "B6": b6.run,
    "B7": b7.run,
    "B9": b9.run,
}


def main() -> int:
    """Exit status 0 when every bar that was run holds."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure casebus against its bars.")
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), help="bars, parted by commas (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", default=os.environ.get("FULL") == "1", help="the long forms")
    options = parser.parse_args()
    chosen = [name for name in options.only.split(",") if name] or list(BENCHES)
    set_up_logs("bench", "warning")
    print(settings_line(), flush=True)
    bars: dict[str, Bar] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Stack.start(folder) as stack:
        for name in chosen:
            bars |= BENCHES[name](stack, options.rounds, full=options.full)
            record(bars)
    for name, bar in bars.items():
        print(f"{name}: {bar.value:,.0f} {bar.unit}; {bar.bar}: {'holds' if bar.holds else 'FAILS'}")
    return 0 if all(bar.holds for bar in bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
