"""`python -m bench.ours [relay]`: the real intake service, with the bench's own checker of proofs."""

from bench.trusting import Trusting
from chassis.app import main
from intake.app import MIGRATIONS
from intake.handlers import SERVICE

if __name__ == "__main__":
    main(SERVICE, lambda jwks, senders: Trusting(), MIGRATIONS)
