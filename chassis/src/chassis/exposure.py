"""Refuses to start where others could listen: whatever leaves this machine is encrypted, or its network is trusted."""

import ipaddress
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from chassis.failures import CannotStart
from chassis.settings import Settings

_CHECKED = frozenset({"verify-ca", "verify-full"})
_ADVICE = "protect it, or set CASEBUS_TRUSTED_NETWORK=true if nobody else can reach that network"


def refuse_exposure(settings: Settings) -> None:
    """Raises CannotStart, in one sentence, for whatever others could read or change on its way."""
    if (settings.http_tls_cert is None) != (settings.http_tls_key is None):
        raise CannotStart("CASEBUS_HTTP_TLS_CERT and CASEBUS_HTTP_TLS_KEY are needed together")
    if (toys := _toys(settings)) and (settings.http_tls_cert or _beyond(_all_hosts(settings))):
        raise CannotStart(f"{toys} for tests on one machine: not with TLS, not beyond loopback")
    if not settings.trusted_network and (exposed := list(_exposed(settings))):
        raise CannotStart(f"{'; '.join(exposed)}: {_ADVICE}")


def is_loopback(host: str) -> bool:
    """Whether a host, as a setting names it, is this machine. A name that must be looked up is not."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _toys(settings: Settings) -> str:
    """Settings that only tests may use, and what they do."""
    given = {
        "CASEBUS_CLOCK_FILE moves time": settings.clock_file,
        "CASEBUS_FAULT_POINTS kills this process": settings.fault_points,
    }
    return ", ".join(name for name, path in given.items() if path is not None)


def _exposed(settings: Settings) -> Iterator[str]:
    """What is open, setting by setting."""
    login = settings.kafka_login
    if _beyond(_hosts(settings.kafka)) and not (login.user and login.tls):
        yield "CASEBUS_KAFKA is not on loopback and needs CASEBUS_KAFKA_USER and TLS (CASEBUS_KAFKA_TLS_CA)"
    for name, dsn in _databases(settings).items():
        if _beyond(_database_hosts(name, dsn)) and conninfo_to_dict(dsn).get("sslmode") not in _CHECKED:
            yield f"{name} is not on loopback and needs sslmode=verify-full"
    for name, address in (("CASEBUS_HTTP", settings.http), ("CASEBUS_RELAY_HTTP", settings.relay_http)):
        if address and _beyond(_hosts(address)) and settings.http_tls_cert is None:
            yield f"{name} is not on loopback and needs CASEBUS_HTTP_TLS_CERT and CASEBUS_HTTP_TLS_KEY"
    if settings.jwks.startswith("http://") and _beyond([urlsplit(settings.jwks).hostname or ""]):
        yield "CASEBUS_JWKS is fetched from beyond loopback and needs https"


def _all_hosts(settings: Settings) -> Iterator[str]:
    yield from (*_hosts(settings.kafka), *_hosts(settings.http))
    if settings.relay_http:
        yield from _hosts(settings.relay_http)
    for name, dsn in _databases(settings).items():
        yield from _database_hosts(name, dsn)


def _databases(settings: Settings) -> dict[str, str]:
    given = {
        "CASEBUS_DATABASE": settings.database,
        "CASEBUS_DATABASE_OWNER": settings.database_owner,
        "CASEBUS_DATABASE_RELAY": settings.database_relay,
    }
    return {name: dsn for name, dsn in given.items() if dsn}


def _beyond(hosts: Iterable[str]) -> bool:
    return any(not is_loopback(host) for host in hosts)


def _hosts(addresses: str) -> list[str]:
    """The hosts of `host:port,host:port`."""
    return [address.strip().rpartition(":")[0] or address.strip() for address in addresses.split(",")]


def _database_hosts(name: str, dsn: str) -> list[str]:
    """The hosts of a connection text. A socket in the file system is this machine."""
    try:
        fields = conninfo_to_dict(dsn)
    except ProgrammingError:
        raise CannotStart(f"{name} is no connection text (postgresql://user@host:port/database)") from None
    hosts = str(fields.get("hostaddr") or fields.get("host") or "").split(",")
    return [host for host in hosts if host and not host.startswith("/")]
