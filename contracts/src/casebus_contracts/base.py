"""What every message is: a frozen record with a type, a topic, a key and a data class on every field.

A command is imperative and strict: an unknown field is an error. A fact is in the past
tense and tolerant: an unknown field is passed over, so that an old reader survives a new writer.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

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


def _clean(text: str) -> str:
    """Text as the database can keep it: no NUL, composed characters (NFC)."""
    if "\x00" in text:
        raise ValueError("contains NUL")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _utc_range(moment: datetime) -> datetime:
    """Times near the ends of the calendar cannot be moved between zones."""
    if not 1900 <= moment.year <= 9000:
        raise ValueError("year must lie between 1900 and 9000")
    return moment


UUID7_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Uuid7 = Annotated[str, StringConstraints(pattern=UUID7_PATTERN)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_clean)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc_range)]

RequestId = Uuid7
ClientId = Uuid7
AlertId = Uuid7
OfficeId = Code
StaffId = Code
RegionId = Code
ReasonCode = Code
CountyFips = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


class Message(BaseModel):
    """Base of commands and facts. Subclasses name their wire facts as class arguments."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, ser_json_inf_nan="null", allow_inf_nan=False)

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

    @classmethod
    def __pydantic_init_subclass__(cls, *, service: str, key: str, version: int = 1, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.TYPE, cls.SERVICE, cls.TOPIC, cls.KEY, cls.VERSION = cls.__name__, service, f"{service}.commands", key, version
        if key not in cls.model_fields:
            raise TypeError(f"{cls.__name__}: key field {key} does not exist")
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

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        topic: str,
        owner: str,
        subject: str,
        key: str,
        partitions: int = 1,
        compacted: bool = False,
        version: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.TYPE = cls.TOPIC = topic
        cls.OWNER, cls.SUBJECT, cls.KEY = owner, subject, key
        cls.PARTITIONS, cls.COMPACTED, cls.VERSION = partitions, compacted, version
        if key not in cls.model_fields:
            raise TypeError(f"{cls.__name__}: key field {key} does not exist")
        _facts[topic] = cls


COMMANDS: Mapping[str, type[Command]] = MappingProxyType(_commands)
"""Every command by its type. Complete once `casebus_contracts` is imported."""

FACTS: Mapping[str, type[Fact]] = MappingProxyType(_facts)
"""Every fact by its type. Complete once `casebus_contracts` is imported."""

ID_WINDOW = timedelta(days=35)
"""Ids older than this are no longer remembered, so a command that carries one is `invalid`."""
