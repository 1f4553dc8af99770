"""One batch, one transaction: look up, lock and load, run the rules in memory, save, journal, outbox.

Locks are taken in one order everywhere: parked lanes by name, tables in declared order by id
(guards last), timers, inbox by id, journal, tallies by cell, outbox.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from casebus_contracts.base import Fact
from chassis import answers, faults
from chassis.book import Book
from chassis.database import Connection
from chassis.decisions import body_of, check_lineage, take_over, timers_of
from chassis.envelope import RECEIPT_TYPE, answer_headers, fact_headers
from chassis.failures import RuleError, TooEarly
from chassis.ids import new_id
from chassis.items import Item, Kind, SetAside
from chassis.journal import link
from chassis.parking import fingerprint, first_pause, packed
from chassis.replicas import follow_directory
from chassis.rows import (
    DELIVERIES_CLAIM,
    TIMERS_CLAIM,
    Remembered,
    Rows,
    lock_lanes,
    look_up,
)
from chassis.rules import (
    Aggregate,
    Decided,
    Decision,
    Delivery,
    Invalid,
    Later,
    Refused,
    Unchanged,
    derived_id,
)
from chassis.set_aside import set_aside
from chassis.tables import Table
from chassis.tallies import sorted_rows
from chassis.wiring import Handler, Service

if TYPE_CHECKING:
    from chassis.tracing import Tracing, TransactionTrace

SYSTEM = "system"
"""The actor of a sender that acts for itself. What it does is audited."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every batch of a service needs: its wiring and its opened tables."""

    service: Service
    tables: Mapping[type[Aggregate], Table]
    tracing: "Tracing | None" = None


@dataclass(frozen=True, slots=True)
class Preview:
    """Side effects: facts by topic, deliveries by channel."""

    facts: Counter[str]
    deliveries: Counter[str]


class Batch:
    """Handles items inside the transaction of `connection`; the caller commits."""

    def __init__(self, plan: Plan, connection: Connection) -> None:
        self._plan = plan
        self._service = plan.service
        self._connection = connection
        self._book = Book(plan.service, plan.tables)
        self._rows = Rows()
        self._known: dict[tuple[str, str], Remembered] = {}
        self._parked: set[str] = set()
        self._followed: set[str] = set()
        self.waited_for: set[str] = set()
        """Aggregates that messages parked here wait for."""
        self.answered: Counter[str] = Counter()
        """Receipts given, by outcome."""
        self.trace: TransactionTrace | None = None

    async def run(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> None:
        """Everything about these messages but the commit. Items carry their receipts afterwards."""
        await set_aside(self._connection, self._rows, self._service.name, aside)
        if items:
            self._begin_trace(items)
            self._parked = await lock_lanes(self._connection, list({item.lane for item in items}))
            remembered = {item.id for item in items if item.remembered}
            self._known = await look_up(self._connection, remembered) if remembered else {}
            fresh = [item for item in items if (item.id, item.sender) not in self._known]
            self._followed = await follow_directory(self._connection, self._service, self._plan.tables, fresh)
            await self._book.load(self._connection, self._to_run(items))
            claimed = await self._claim(items)
            for item in items:
                self._take(item, claimed)
            faults.point(faults.INSIDE_TRANSACTION)
            await self._save()
        await self._rows.write(self._connection)

    async def run_again(self, items: Sequence[Item]) -> tuple[int, Exception | None]:
        """Messages of one parked lane, in order, up to the first that fails: how many were done, and its failure."""
        runnable = [(item, handler) for item in items if (handler := self._service.handlers.get(item.name))]
        await self._book.load(self._connection, runnable)
        self._begin_trace(items)
        done, failure = 0, None
        for item in items:
            failure = self._run(item)
            if failure is not None:
                break
            done += 1
        await self._save()
        await self._rows.write(self._connection)
        return done, failure

    def discard(self, item: Item, reason: str, actor: str) -> None:
        """Answer a parked message with a refusal instead of running it."""
        self._answer(item, answers.refused(item, Refused(None, reason)))
        self._rows.audit.add(
            item.now,
            actor,
            "operator",
            "discard",
            item.name,
            "discarded",
            None,
            item.id if item.remembered else None,
            item.hash,
        )

    async def write(self) -> None:
        """Write what was gathered outside of `run`."""
        await self._rows.write(self._connection)

    @property
    def moved(self) -> set[str]:
        """The ids of the aggregates this batch changed."""
        return self._book.changed | self._followed

    def preview(self) -> Preview:
        """What the messages handled so far would publish, answer and deliver."""
        return Preview(
            facts=Counter(topic for _, topic, *_ in self._rows.outbox.rows if not topic.startswith("receipts.")),
            deliveries=Counter(channel for _, _, channel, *_ in self._rows.deliveries.rows),
        )

    def _to_run(self, items: Sequence[Item]) -> list[tuple[Item, Handler]]:
        """The items whose rules will run, as far as can be known before the first one does."""
        return [
            (item, handler)
            for item in items
            if item.answer is None
            and item.failure is None
            and item.lane not in self._parked
            and (item.id, item.sender) not in self._known
            and (handler := self._service.handlers.get(item.name)) is not None
        ]

    async def _claim(self, items: Sequence[Item]) -> set[str]:
        """The ids of clocks and deliveries that nobody replaced, cancelled or took before."""
        clocks = {item.generation: item.id for item in items if item.kind is Kind.DUE}
        effects = sorted(item.id for item in items if item.kind is Kind.DELIVERED)
        claimed: set[str] = set()
        if clocks:
            rows = await self._connection.fetch(TIMERS_CLAIM, sorted(clocks))
            claimed.update(clocks[row["generation"]] for row in rows)
        if effects:
            claimed.update(row["id"] for row in await self._connection.fetch(DELIVERIES_CLAIM, effects))
        return claimed

    def _take(self, item: Item, claimed: set[str]) -> None:
        """One message: a repeat, settled before any rule, behind a parked one, failed before, or run now."""
        if item.kind in (Kind.DUE, Kind.DELIVERED):
            if item.id not in claimed:
                return
        elif (first := self._known.get((item.id, item.sender))) is not None and item.remembered:
            self._repeat(item, first)
            return
        if item.failure is None and item.answer is None and item.lane in self._parked:
            self._keep_aside(item, "waiting")
        elif (failure := item.failure or self._run(item)) is not None:
            self._park(item, failure)

    async def _save(self) -> None:
        """The states, and what they change in the tallies."""
        await self._book.save(self._connection)
        self._rows.tallies.rows = sorted_rows(self._book.tallied())

    def _begin_trace(self, items: Sequence[Item]) -> None:
        if self._plan.tracing is not None:
            self.trace = self._plan.tracing.transaction(items)

    def _run(self, item: Item) -> Exception | None:
        """Handle one message, in a span of its own where somebody traces. What it raises is given back."""
        if self.trace is None:
            return self._attempt(item)
        span = self.trace.begin(item)
        failure = self._attempt(item)
        self.trace.done(span, item, failure)
        return failure

    def _attempt(self, item: Item) -> Exception | None:
        """Run the rule and answer. What it raises is given back; nothing it did is kept then."""
        item.attempted, item.failed = item.answer is None, False
        try:
            outcome = self._outcome(item)
            references = self._keep(item, outcome) if isinstance(outcome, Decided) else []
        except Exception as failure:
            return failure
        match outcome:
            case Decided():
                if item.actor == SYSTEM:
                    self._audit(item, "accepted", None)
                self._answer(item, answers.accepted(item, references))
            case Unchanged():
                self._answer(item, answers.accepted(item, ()))
            case Refused():
                self._audit(item, "refused", outcome.rule)
                self._answer(item, answers.refused(item, outcome))
            case Invalid():
                self._answer(item, answers.invalid(item, outcome))
            case Later():
                return TooEarly(outcome.aggregate_id)
            case _ as never:
                assert_never(never)
        return None

    def _outcome(self, item: Item) -> Decision:
        if item.answer is not None:
            return item.answer
        handler = self._service.handlers.get(item.name)
        if handler is None:
            return Unchanged()
        arguments = self._book.arguments(item, handler)
        if isinstance(arguments, Refused):
            return arguments
        if handler.message is not None:
            arguments[handler.message] = item.message
        if handler.wants_now:
            arguments["now"] = item.now
        return handler.rule(**arguments)

    def _keep(self, item: Item, decided: Decided) -> list[answers.FactReference]:
        """Take a decision into memory: numbers, journal and outbox rows. Whatever may raise comes first."""
        slots = [self._book.slot(state) for state in decided.states]
        check_lineage(slots, decided.states)
        by_subject = {f"{state.NAME}/{state.id}": state for state in decided.states if not state.GUARD}
        told = {f"{fact.SUBJECT}/{fact.key}" for fact in decided.facts}
        if told != set(by_subject):
            raise RuleError(f"facts of {sorted(told)} for states {sorted(by_subject)}")
        bodies = [body_of(fact) for fact in decided.facts]
        timers = {(owner.NAME, owner.id, change.name): change.due_at for owner, change in timers_of(decided)}
        take_over(slots, decided.states)
        self._rows.timers_set |= timers
        for delivery in decided.deliveries:
            self._deliver(delivery)
        return [
            self._publish(item, fact, body, by_subject[f"{fact.SUBJECT}/{fact.key}"])
            for fact, body in zip(decided.facts, bodies, strict=True)
        ]

    def _deliver(self, effect: Delivery) -> None:
        self._rows.deliveries.add(
            new_id(), effect.subject_id, effect.channel, effect.recipient, effect.address, effect.title, effect.text
        )

    def _publish(self, item: Item, fact: Fact, body: str, state: Aggregate) -> answers.FactReference:
        fact_id = new_id()
        sequence = state.version + 1
        at, actor = item.now, item.actor or item.sender
        head = link(state.head, sequence, fact_id, fact.TYPE, item.id, actor, at, body)
        # The new state is this batch's own; nobody else holds it yet.
        object.__setattr__(state, "version", sequence)
        object.__setattr__(state, "head", head)
        headers = fact_headers(
            self._service.name,
            type(fact),
            fact_id=fact_id,
            key=state.id,
            at=at,
            sequence=sequence,
            correlation=item.correlation,
            causation=item.id,
            traceparent=item.onward or item.traceparent,
        )
        self._rows.publish(fact.TOPIC, state.id, headers, body)
        if fact.COMPACTED:
            self._rows.directory[fact.TOPIC, state.id] = (sequence, headers, body)
        self._rows.journal.add(state.NAME, state.id, sequence, fact_id, fact.TYPE, body, actor, item.id, at, head)
        return {"id": fact_id, "type": fact.TYPE, "subject": f"{state.NAME}/{state.id}", "sequence": sequence}

    def _answer(self, item: Item, receipt: answers.Receipt) -> None:
        """Remember the message with its final answer; send that to its sender."""
        self._remember(item, "done", receipt)

    def _remember(self, item: Item, state: str, receipt: answers.Receipt) -> None:
        if item.kind in (Kind.DUE, Kind.DELIVERED):
            return
        text = None
        if item.kind is Kind.COMMAND:
            text = answers.as_text(receipt)
            receipt_id = new_id() if item.remembered else _answer_id(item)
            self._send_receipt(item, receipt, text, receipt_id)
        if not item.remembered:
            return
        if item.parked_id is not None:
            self._rows.settled.add(item.id, item.sender, state, text)
        else:
            origin = item.origin
            self._rows.inbox.add(
                item.id, item.sender, origin.topic, origin.partition, origin.position, item.hash, state, text, item.now
            )
            self._known[item.id, item.sender] = Remembered(origin, item.hash, text)

    def _send_receipt(self, item: Item, receipt: answers.Receipt, text: str, receipt_id: str) -> None:
        item.receipt = receipt
        self.answered[receipt["outcome"]] += 1
        headers = answer_headers(
            self._service.name,
            RECEIPT_TYPE,
            message_id=receipt_id,
            key=item.id,
            at=item.now,
            correlation=item.correlation,
            causation=item.id,
        )
        self._rows.publish(f"receipts.{item.sender}", item.id, headers, text)

    def _repeat(self, item: Item, first: Remembered) -> None:
        """The id was seen before: silent from the same place, else the first answer again, or a conflict."""
        if first.origin == item.origin or item.kind is Kind.FACT:
            return
        if first.hash == item.hash and first.receipt is not None:
            receipt = answers.repeated(item, first.receipt)
        else:
            receipt = answers.conflict(item)
            self._audit(item, "conflict", None)
        # The inbox keeps only the first origin; an id derived from this one makes its own redelivery no new answer.
        self._send_receipt(item, receipt, answers.as_text(receipt), _answer_id(item))

    def _park(self, item: Item, failure: Exception) -> None:
        """Keep the message to be tried again; those behind it in its lane wait."""
        item.failed = True
        waits_for = failure.aggregate_id if isinstance(failure, TooEarly) else None
        if waits_for is not None:
            self.waited_for.add(waits_for)
        self._rows.lanes.add(item.lane, item.name, fingerprint(failure), waits_for, first_pause(failure))
        self._parked.add(item.lane)
        self._keep_aside(item, "parked")

    def _keep_aside(self, item: Item, state: str) -> None:
        message_id = item.id if item.remembered else None
        self._rows.parked.add(item.lane, message_id, item.sender, item.name, packed(item), item.now)
        self._remember(item, state, answers.interim(item, state))

    def _audit(self, item: Item, outcome: str, rule: str | None) -> None:
        if item.kind is Kind.COMMAND:
            self._rows.audit.add(
                item.now,
                item.actor,
                item.sender,
                item.name,
                item.key,
                outcome,
                rule,
                item.id if item.remembered else None,
                item.hash,
            )


def _answer_id(item: Item) -> str:
    return derived_id(item.now, item.id, *map(str, item.origin))
