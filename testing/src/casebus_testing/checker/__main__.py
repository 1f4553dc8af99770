"""`python -m casebus_testing.checker`: 0 lost, 0 doubled, or exit status 1."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from casebus_testing.checker import Places, check
from casebus_testing.checker import __doc__ as description


def main() -> int:
    """Check the stack; exit status 1 if there is any fault, 2 if there is no stack."""
    parser = argparse.ArgumentParser(
        prog="python -m casebus_testing.checker",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", type=Path, default=Path(".run") / "stack.json")
    parser.add_argument("--settle", type=float, default=10.0, help="seconds to wait for what is under way (default 10)")
    options = parser.parse_args()
    try:
        places = Places.of(json.loads(options.stack.read_bytes()))
    except OSError:
        print(f"No running stack: {options.stack} cannot be read. Start one with `make up`.", file=sys.stderr)
        return 2
    verdict = asyncio.run(check(places, options.settle))
    print(verdict.report())
    return 0 if verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
