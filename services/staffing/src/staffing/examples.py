"""A small directory for tests: two offices of the northeast and the people who keep it."""

from datetime import time

from access.directory import County, Office, Region, Staff
from access.roles import Role
from casebus_contracts import OfficeSettings
from chassis.rules import replace

NORTHEAST = Region("northeast", name="Northeast")
ADAIR_COUNTY = County("29001", name="Adair", region_id=NORTHEAST.id)

ADAIR = Office(
    "ADAIR",
    name="Adair County Office",
    county_fips=ADAIR_COUNTY.id,
    region_id=NORTHEAST.id,
    zone="America/Chicago",
    opens=time(8),
    closes=time(17),
    active=True,
    receptionist=True,
    settings=OfficeSettings(),
)
BOONE = replace(ADAIR, id="BOONE", name="Boone County Office", county_fips="29019")

CLERK = Staff(
    "adair-clerical",
    name="Carla Reyes",
    work_email="carla.reyes@example.gov",
    role=Role.CLERICAL,
    office_id=ADAIR.id,
)
SUPERVISOR = replace(CLERK, id="adair-supervisor", name="Sam Ortiz", role=Role.SUPERVISOR)
MANAGER = replace(CLERK, id="adair-manager", name="Mona Hale", role=Role.MANAGER)
BOONE_SUPERVISOR = replace(SUPERVISOR, id="boone-supervisor", name="Bo Finch", office_id=BOONE.id)
CENTRAL = replace(CLERK, id="central", name="Cy Young", role=Role.CENTRAL, office_id="CENTRAL")
CRU = replace(CLERK, id="adair-cru", name="Ira Bell", role=Role.IM_CRU)
