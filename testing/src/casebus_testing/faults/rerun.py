"""Plays a scenario under one fault after another, each time on a new system."""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus_cli.client import connect
from casebus_cli.stack import find_stack
from casebus_testing import places
from casebus_testing.checker import Places, Verdict, check
from casebus_testing.faults.kinds import Fault
from casebus_testing.faults.stage import Scenario, Stage
from casebus_testing.faults.states import States, differences, states_of
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.stack import Stack
from casebus_testing.system import SERVICES, System

MOST_DIFFERENCES = 10


@dataclass(frozen=True)
class Ending:
    """How a play ended."""

    fault: str
    fell: bool
    commands: int
    states: States
    verdict: Verdict

    def faults_against(self, expected: States) -> list[str]:
        """What is wrong with it: nothing, or a line each."""
        lines = [] if self.fell else ["the fault did not fall: the play is over too soon"]
        lines += [] if self.verdict.clean else [self.verdict.report(MOST_DIFFERENCES)]
        found = differences(expected, self.states)
        more = [f"... {len(found) - MOST_DIFFERENCES} more"] if len(found) > MOST_DIFFERENCES else []
        return lines + found[:MOST_DIFFERENCES] + more


async def rerun_under_faults(
    scenario: Scenario,
    faults: Iterable[Fault],
    *,
    run_dir: Path,
    stack: Stack | None = None,
    services: Sequence[str] = SERVICES,
    env: Mapping[str, str] | None = None,
    ignore: Collection[str] = (),
    settle_seconds: float = 60.0,
) -> list[Ending]:
    """Play without a fault, then once under each. Returns all endings.

    Raises AssertionError when a play ends otherwise than the first, loses or doubles something, or its fault did not
    fall. `ignore` names columns (`table.column`) that the scenario leaves open: whatever depends on an order between
    keys. Without `stack` servers are started in `run_dir` for the time; a broker of others is not to be killed.
    """
    with contextlib.ExitStack() as closing:
        servers = stack or closing.enter_context(Stack.start(run_dir / "servers"))
        play = _Play(scenario, servers, run_dir, services, env or {}, ignore, settle_seconds)
        first = await play.under(Fault(), 0)
        endings = [first]
        complaints = [f"without a fault: {line}" for line in first.faults_against(first.states)]
        for fault in faults:
            ending = await play.under(fault, first.commands)
            endings.append(ending)
            complaints += [f"{ending.fault}: {line}" for line in ending.faults_against(first.states)]
    assert not complaints, "\n".join(["a play ended otherwise:", *complaints])
    return endings


@dataclass
class _Play:
    """One scenario, to be played any number of times."""

    scenario: Scenario
    stack: Stack
    run_dir: Path
    services: Sequence[str]
    env: Mapping[str, str]
    ignore: Collection[str]
    settle_seconds: float
    number: int = 0

    async def under(self, fault: Fault, commands: int) -> Ending:
        """Play it once. `commands` is how many it sends, 0 when that is not known yet."""
        self.number += 1
        run_dir = (self.run_dir / f"play-{self.number}").resolve()
        launching = System.launch(
            run_dir,
            stack=self.stack,
            services=self.services,
            prefix=f"play{self.number}.",
            env=self.env,
            env_of=fault.settings(run_dir),
        )
        async with await launching as system:
            await load_sample_directory(system)
            return await self._on(system, fault, commands)

    async def _on(self, system: System, fault: Fault, commands: int) -> Ending:
        await fault.begin(system)
        moment = fault.moment(commands) if commands else 0
        async with connect(find_stack(str(system.run_dir / places.NAME))) as sender:
            stage = Stage(system, sender, lambda: fault.strike(system), fault.arrange, moment)
            await self.scenario(stage)
            await stage.all_answered()
        await fault.end(system)
        await stage.settled(self.settle_seconds)
        verdict = await check(Places.of(places.describe(system)), self.settle_seconds)
        return Ending(fault.name, fault.fell, stage.sent, await states_of(stage, self.ignore), verdict)
