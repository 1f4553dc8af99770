"""The helpful links of an office, as intake shows them once staffing has told of them."""

import pytest
from reception_desk import ELSEWHERE, OFFICE, open_desk
from told import told

import intake.app
import staffing.app
from access.directory import Office
from casebus_contracts import OfficeLink, OfficeSettings, OfficeUpserted, Role
from casebus_testing.plugin import NewDatabase
from chassis.rules import replace
from staffing.examples import ADAIR
from staffing.handlers import SERVICE as STAFFING
from staffing.states import content

ADDRESS = f"/v1/offices/{OFFICE}/resources"
PANTRIES = {"title": "Food pantries", "url": "https://pantries.example/adair"}
COURT = {"title": "County court", "url": "https://court.example/"}


def linked(*links: dict[str, str]) -> Office:
    return replace(ADAIR, id=OFFICE, settings=OfficeSettings(links=tuple(OfficeLink(**link) for link in links)))


def upserted(office: Office) -> OfficeUpserted:
    return OfficeUpserted(office_id=office.id, **content(office))


@pytest.mark.rule("I-17")
async def test_links_are_shown_as_soon_as_they_are_told_and_until_others_are(new_database: NewDatabase) -> None:
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as desk:
        before = (await desk.get(ADDRESS, "es")).json()
        shown = []
        for number, office in enumerate((linked(PANTRIES, COURT), linked(COURT), linked()), 2):
            await desk.rig.feed(told(upserted(office), number))
            shown.append((await desk.get(ADDRESS, "es")).json()["links"])

    assert before == {"office_id": OFFICE, "links": []}
    assert shown == [[PANTRIES, COURT], [COURT], []]


@pytest.mark.rule("I-17")
@pytest.mark.parametrize("role", Role)
async def test_links_of_any_office_are_for_all_staff(new_database: NewDatabase, role: Role) -> None:
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as desk:
        answers = [await desk.get(f"/v1/offices/{office}/resources", role) for office in (ELSEWHERE, "NOWHERE")]
        record = await desk.rig.rows("SELECT count(*) FROM audit")

    assert [answer.status_code for answer in answers] == [200, 404]
    assert record == [(0,)]


@pytest.mark.rule("I-17", "I-53", "I-55")
@pytest.mark.parametrize(("actor", "outcome"), [("manager", "accepted"), ("supervisor", "refused")])
async def test_who_edits_the_data_of_an_office_edits_its_links(
    new_database: NewDatabase, actor: str, outcome: str
) -> None:
    office = upserted(linked(PANTRIES)).model_dump(mode="json", exclude={"election_authority", "local_coordinator"})
    async with open_desk(await new_database([staffing.app.MIGRATIONS]), service=STAFFING) as desk:
        answer = await desk.ask("UpsertOffice", actor, **office)
        kept = await desk.rig.rows("SELECT settings->'links'->0->>'title' FROM offices WHERE id = $1", OFFICE)

    assert (answer["outcome"], answer.get("rule")) == (outcome, None if outcome == "accepted" else "I-53")
    assert kept == [("Food pantries" if outcome == "accepted" else None,)]
