"""What every message is: a frozen record with a type, a topic, a key and a data class on every field.

A command is imperative and strict: an unknown field is an error. A fact is in the past
tense and tolerant: an unknown field is passed over, so that an old reader survives a new writer.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

T = TypeVar("T")


class DataClass(StrEnum):
    """How far the value of a field may travel."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    RESTRICTED = "restricted"


Public = Annotated[T, DataClass.PUBLIC]
Internal = Annotated[T, DataClass.INTERNAL]
Personal = Annotated[T, DataClass.PERSONAL]
Restricted = Annotated[T, DataClass.RESTRICTED]


def clean(text: str) -> str:
    """Text as the database can keep it: no NUL, composed characters (NFC)."""
    if "\x00" in text:
        raise ValueError("contains NUL")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CLOCK_TIME = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)


def _rfc3339(value: object) -> object:
    """Pydantic would take numbers and dates without a time as well; the contract names one form."""
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise ValueError("must be a time as in RFC 3339, with offset")


def _utc(moment: datetime) -> datetime:
    """One moment has one spelling. Times near the ends of the calendar cannot be moved between zones."""
    if not 1900 <= moment.year <= 9000:
        raise ValueError("year must lie between 1900 and 9000")
    return moment.astimezone(UTC)


def _date_text(value: object) -> object:
    """Pydantic would take numbers and midnights as well; the contract names one form."""
    if isinstance(value, date) or (isinstance(value, str) and len(value) == 10):
        return value
    raise ValueError("must be a date, YYYY-MM-DD")


def _known_year(day: date) -> date:
    if not 1850 <= day.year <= 9000:
        raise ValueError("year must lie between 1850 and 9000")
    return day


def _clock_time(value: object) -> object:
    """A time of day as a clock on the wall shows it: no numbers, no offset."""
    if isinstance(value, str) and _CLOCK_TIME.fullmatch(value):
        return value
    if isinstance(value, time) and value.tzinfo is None:
        return value
    raise ValueError("must be a time of day, HH:MM or HH:MM:SS")


UUID7_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Uuid7 = Annotated[str, StringConstraints(pattern=UUID7_PATTERN)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(clean)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)]
Day = Annotated[date, BeforeValidator(_date_text), AfterValidator(_known_year)]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Explanation = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(clean)]
LocalTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    # JSON Schema's format `time` would ask for an offset.
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}),
]
WebAddress = Annotated[
    str, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!#-;=?-~]*)?$", max_length=500)
]
"""A link people may follow: https, no name or password in it."""
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Ordinal = Annotated[int, Field(strict=True, ge=1, le=2**53)]

RequestId = Uuid7
ClientId = Uuid7
AlertId = Uuid7
MemoId = Uuid7
OfficeId = Code
StaffId = Code
RegionId = Code
ReasonCode = Code
CountyFips = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


class Part(BaseModel):
    """Base of whatever travels: frozen, silent about its input, spelled on the wire by alias."""

    model_config = ConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class CommandPart(Part):
    """An object inside a command: as strict as the command."""

    model_config = ConfigDict(extra="forbid")


class FactPart(Part):
    """An object inside a fact, a receipt or a record about one: as tolerant as the fact."""

    model_config = ConfigDict(extra="ignore")


class Message(Part):
    """Base of commands and facts. Subclasses name their wire facts as class arguments."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    KEY: ClassVar[str]

    @property
    def key(self) -> str:
        """The record key: the value of the field that the class names."""
        return str(getattr(self, self.KEY))

    @classmethod
    def data_schema(cls) -> str:
        """The `dataschema` attribute of the envelope."""
        return f"urn:casebus:schema:{cls.TYPE}:{cls.VERSION}"


_commands: dict[str, type["Command"]] = {}
_facts: dict[str, type["Fact"]] = {}


class Command(Message):
    """An order to one service. Sent on `<service>.commands`, answered by a receipt.

    Class arguments: `service` that carries it out, `key` field, `version` of the schema.
    """

    model_config = ConfigDict(extra="forbid")

    SERVICE: ClassVar[str]

    def __init_subclass__(cls, *, service: str, key: str, version: int = 1) -> None:
        super().__init_subclass__()
        cls.TYPE, cls.SERVICE, cls.TOPIC, cls.KEY, cls.VERSION = (
            cls.__name__,
            service,
            f"{service}.commands",
            key,
            version,
        )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        _check_key(cls)
        _commands[cls.TYPE] = cls


class Fact(Message):
    """What happened. Published by its owner on the topic of its own name.

    Class arguments: `topic`, `owner` service, `subject` (aggregate name), `key` field (the
    aggregate's id), `partitions`, `compacted` (directory facts: the whole current state).
    """

    model_config = ConfigDict(extra="ignore")

    OWNER: ClassVar[str]
    SUBJECT: ClassVar[str]
    PARTITIONS: ClassVar[int] = 1
    COMPACTED: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        *,
        topic: str,
        owner: str,
        subject: str,
        key: str,
        partitions: int = 1,
        compacted: bool = False,
        version: int = 1,
    ) -> None:
        super().__init_subclass__()
        cls.TYPE = cls.TOPIC = topic
        cls.OWNER, cls.SUBJECT, cls.KEY = owner, subject, key
        cls.PARTITIONS, cls.COMPACTED, cls.VERSION = partitions, compacted, version

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        _check_key(cls)
        _facts[cls.TYPE] = cls


def _check_key(message: type[Message]) -> None:
    if message.KEY not in message.model_fields:
        raise TypeError(f"{message.__name__}: key field {message.KEY} does not exist")
    if {DataClass.PERSONAL, DataClass.RESTRICTED} & set(message.model_fields[message.KEY].metadata):
        raise TypeError(f"{message.__name__}: key field {message.KEY} is about a person; keys are seen by everybody")


COMMANDS: Mapping[str, type[Command]] = MappingProxyType(_commands)
"""Every command by its type. Complete once `casebus_contracts` is imported."""

FACTS: Mapping[str, type[Fact]] = MappingProxyType(_facts)
"""Every fact by its type. Complete once `casebus_contracts` is imported."""

ID_WINDOW = timedelta(days=35)
"""Ids older than this are no longer remembered, so a command that carries one is `invalid`."""
