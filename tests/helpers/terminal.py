"""The `casebus` command as somebody types it, and what is kept of who did what."""

import asyncio
import contextlib
import io
from dataclasses import dataclass

from flow import Flow

from casebus_cli.main import main
from casebus_testing.system import System


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


async def casebus(system: System, *words: str) -> Said:
    """Run `casebus WORDS` on this system."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = await asyncio.to_thread(main, [*words, "--stack", str(system.run_dir / "stack.json")])
    return Said(status, out.getvalue(), err.getvalue())


async def last_audited(flow: Flow) -> int:
    """The number of intake's last audit row, 0 when there is none."""
    ((number,),) = await flow.rows("intake", "SELECT coalesce(max(id), 0) FROM audit")
    return int(number)


async def audited_since(flow: Flow, number: int) -> list[tuple[str, str, str]]:
    """What operators did since: who, what, and with which outcome."""
    query = "SELECT actor, action, outcome FROM audit WHERE sender = 'operator' AND id > $1 ORDER BY id"
    rows = await flow.rows("intake", query, number)
    return [(str(actor), str(action), str(outcome)) for actor, action, outcome in rows]
