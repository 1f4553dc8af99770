"""Plays a scenario again under every fault of a seeded plan, and compares how it ends.

    async def scenario(stage: Stage) -> None:
        await stage.send(*orders)

    await rerun_under_faults(scenario, FaultPlan(seed=7), run_dir=tmp_path)

A scenario is played first without a fault, then once under each, every time on a new system. Each time all its
commands must get their final answer, the system must settle, the fault must have fallen, the checker must find
nothing lost or doubled, and the final states must be those of the first time.
"""

from casebus_testing.faults.kinds import Fault
from casebus_testing.faults.plan import FaultPlan
from casebus_testing.faults.points import arm, fallen, points_of
from casebus_testing.faults.rerun import Ending, rerun_under_faults
from casebus_testing.faults.stage import Scenario, Stage

__all__ = ["Ending", "Fault", "FaultPlan", "Scenario", "Stage", "arm", "fallen", "points_of", "rerun_under_faults"]
