"""Exit status 0 if the service in this container says that it is ready, else 1 with its reason."""

import http.client
import os
import sys


def main() -> str | None:
    """What is wrong, or None."""
    port = int(os.environ["CASEBUS_HTTP"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return None if answer.status == 200 else answer.read(2_000).decode(errors="replace")
    except OSError as error:
        return f"no answer: {error}"


if __name__ == "__main__":
    sys.exit(main())
