"""What intake shows: lobby, requests, search, timelines, logs. Reads only; every rule is elsewhere."""
