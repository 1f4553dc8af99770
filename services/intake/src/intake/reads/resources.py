"""The helpful links of an office (I-17): what staffing told last. Nothing about persons: no purpose, no record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from access.asking import Asker, Asking
from access.directory import Office
from casebus_contracts.base import OfficeId
from chassis.inside import Inside
from chassis.openapi import no
from chassis.problems import Unanswered


class Link(BaseModel):
    """Something helpful on the web."""

    title: str
    url: str


class Resources(BaseModel):
    """What an office has for its people to look things up."""

    office_id: str
    links: list[Link] = Field(description="In the order of the office.")


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/offices/{office_id}/resources`, for all staff."""
    router = APIRouter()

    @router.get("/v1/offices/{office_id}/resources", responses=no(404), summary="See the helpful links of an office")
    async def resources(
        _: Annotated[Asker, Depends(asking.asker)], office_id: Annotated[OfficeId, Path()]
    ) -> Resources:
        office = await inside.find(Office, office_id)
        if office is None:
            raise Unanswered(404, "no such office", field="office_id")
        links = [Link(title=each.title, url=each.url) for each in office.settings.links or ()]
        return Resources(office_id=office.id, links=links)

    return router
