"""Reports of reception: counts and durations from the roll-ups, a few lists from indexes."""
