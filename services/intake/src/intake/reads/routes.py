"""All reading routes of intake."""

from fastapi import APIRouter

from access.asking import Asking
from chassis.inside import Inside
from intake.reads import dashboard, one, search


def make_reads(inside: Inside) -> APIRouter:
    """One router over the parts."""
    router, asking = APIRouter(), Asking(inside)
    for part in (search, one, dashboard):
        router.include_router(part.routes(inside, asking))
    return router
