"""Exit status 0 if the service in this container says that it is ready, else 1 with its reason."""

import http.client
import os
import ssl
import sys


def main() -> str | None:
    """What is wrong, or None."""
    port = int(os.environ["CASEBUS_HTTP"].rpartition(":")[2])
    connection = _connection(port)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return None if answer.status == 200 else answer.read(2_000).decode(errors="replace")
    except OSError as error:
        return f"no answer: {error}"


def _connection(port: int) -> http.client.HTTPConnection:
    """To ourselves: a certificate names the service as others know it, so it is not compared here."""
    if not os.environ.get("CASEBUS_HTTP_TLS_CERT"):
        return http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=3, context=ssl._create_unverified_context())


if __name__ == "__main__":
    sys.exit(main())
