"""Which buckets of keys a relay owns: session advisory locks on its one direct connection.

Every live relay holds one shared lock, so that all can count how many they are, and at
most its share of the 64 bucket locks. When its session ends, so does all it owned.
"""

import math
import random
from typing import Final

import asyncpg

BUCKETS: Final = 64

# First halves of two-part advisory locks; the second half is 0 or the bucket.
_RELAYS: Final = 0x6362_0001
_BUCKET: Final = 0x6362_0002

_ANNOUNCE: Final = "SELECT pg_advisory_lock_shared($1, 0)"

_COUNT_RELAYS: Final = """
SELECT greatest(count(*), 1)
FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND objid = 0 AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

OWNERS: Final = f"""
SELECT DISTINCT pid FROM pg_locks
WHERE locktype = 'advisory' AND classid = {_BUCKET} AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The server's process ids of the sessions that own buckets."""

_TAKE: Final = """
SELECT bucket FROM unnest($2::integer[]) AS bucket WHERE pg_try_advisory_lock($1, bucket) LIMIT $3
"""

_RELEASE: Final = "SELECT pg_advisory_unlock($1, bucket) FROM unnest($2::integer[]) AS bucket"


class Buckets:
    """The buckets owned by one session."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.owned: list[int] = []
        self._share = BUCKETS

    async def announce(self) -> None:
        """Be counted as a live relay until the session ends."""
        await self._connection.execute(_ANNOUNCE, _RELAYS)

    async def balance(self) -> bool:
        """Count the live relays and take free buckets up to the share. True if some were taken.

        What is above the share is `surplus`; it is given back when nothing of it is in flight.
        """
        relays = await self._connection.fetchval(_COUNT_RELAYS, _RELAYS)
        self._share = math.ceil(BUCKETS / relays)
        wanted = self._share - len(self.owned)
        if wanted <= 0:
            return False
        others = [bucket for bucket in range(BUCKETS) if bucket not in self.owned]
        random.shuffle(others)
        taken = await self._connection.fetch(_TAKE, _BUCKET, others, wanted)
        self.owned += [row["bucket"] for row in taken]
        return bool(taken)

    @property
    def surplus(self) -> int:
        """How many buckets are above this relay's share."""
        return max(0, len(self.owned) - self._share)

    async def release_surplus(self) -> None:
        """Give back what is above the share. The caller has nothing in flight."""
        given, self.owned = self.owned[self._share :], self.owned[: self._share]
        await self._connection.fetch(_RELEASE, _BUCKET, given)
