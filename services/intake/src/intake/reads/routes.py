"""All reading routes of intake."""

from fastapi import APIRouter

from access.asking import Asking
from chassis.inside import Inside
from intake.reads import dashboard, merit, one, reception_log, resources, search, timeline


def make_reads(inside: Inside) -> APIRouter:
    """One router over the parts."""
    router, asking = APIRouter(), Asking(inside)
    for part in (search, merit, one, timeline, dashboard, reception_log, resources):
        router.include_router(part.routes(inside, asking))
    return router
