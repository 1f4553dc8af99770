"""`python -m casebus_testing.campaign`: exit status 1 when anything was lost, doubled, out of order or not caught."""

import argparse
import asyncio
import logging
import os
import random
import sys

from casebus_testing.campaign import __doc__ as description
from casebus_testing.campaign.run import campaign

FULL_SECONDS, QUICK_SECONDS = 600.0, 100.0


def main() -> int:
    """Run the campaign, or the mutants."""
    parser = argparse.ArgumentParser(
        prog="python -m casebus_testing.campaign",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    quick = bool(os.environ.get("QUICK"))
    seed = int(os.environ.get("CASEBUS_SEED") or random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=QUICK_SECONDS if quick else FULL_SECONDS)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--mutants", action="store_true", default=bool(os.environ.get("MUTANTS")))
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), help="mutants, by name; `none` is none")
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if options.mutants:
        from casebus_testing.campaign.mutants import hunt

        return asyncio.run(hunt(options.only))
    print(f"seed {options.seed}: faults for {options.seconds:.0f} s", flush=True)
    result = asyncio.run(campaign(options.seconds, options.seed))
    print(*result.lines(), sep="\n")
    result.write()
    return 0 if result.clean else 1


if __name__ == "__main__":
    sys.exit(main())
