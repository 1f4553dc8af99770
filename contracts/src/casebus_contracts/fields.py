"""What is written about each field: its data class, and the objects inside it."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from casebus_contracts.base import DataClass


def data_class(model: type[BaseModel], field: str) -> DataClass:
    """The data class of a field. Raises ValueError if it has none, or several."""
    found = [mark for mark in model.model_fields[field].metadata if isinstance(mark, DataClass)]
    if len(found) != 1:
        raise ValueError(f"{model.__name__}.{field}: needs one data class, has {len(found)}")
    return found[0]


def data_classes(model: type[BaseModel], prefix: str = "") -> dict[str, DataClass]:
    """The data class of every field by its path on the wire, nested ones included: `client.last_name`, `facts[].id`."""
    found: dict[str, DataClass] = {}
    for name, info in model.model_fields.items():
        path = prefix + wire_name(name, info)
        found[path] = data_class(model, name)
        for part, inside in parts(info.annotation):
            found |= data_classes(part, f"{path}{inside}.")
    return found


def wire_name(name: str, info: FieldInfo) -> str:
    """The field's name in JSON."""
    return info.alias or name


def parts(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside a type, each with `[]` if there may be many of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ""
        return
    many = "[]" if getattr(annotation, "__origin__", None) is tuple else ""
    for argument in get_args(annotation):
        for part, inside in parts(argument):
            yield part, many + inside


def models(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """The model and every model inside it, by class name."""
    found = {model.__name__: model}
    for info in model.model_fields.values():
        for part, _ in parts(info.annotation):
            found |= models(part)
    return found
