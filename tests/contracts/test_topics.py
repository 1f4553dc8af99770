"""The topics, as the broker is to make them."""

import pytest

from casebus_contracts import FACTS, READERS, Topic, all_topics
from casebus_contracts.topics import services

DAY_MS = 24 * 60 * 60 * 1000
TOPICS = {topic.name: topic for topic in all_topics(["guest"])}


def test_every_fact_has_the_topic_of_its_name() -> None:
    assert set(FACTS) <= set(TOPICS)


@pytest.mark.parametrize("service", ["intake", "notifications", "staffing"])
def test_every_service_has_a_topic_for_orders_and_one_for_what_it_could_not_read(service: str) -> None:
    assert {f"{service}.commands", f"{service}.dead"} <= set(TOPICS)


def test_every_sender_has_a_topic_for_its_answers() -> None:
    assert {"receipts.a", "receipts.b"} <= {topic.name for topic in all_topics(["a", "b", "a"])}


def test_no_topic_is_named_twice() -> None:
    names = [topic.name for topic in all_topics(["guest", "guest"])]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("sender", ["", "a b", "a/b", "x" * 65, "a\n"])
def test_a_sender_whose_name_is_no_topic_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="sender"):
        all_topics([sender])


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS.keys())
def test_the_broker_writes_the_time_of_arrival(topic: Topic) -> None:
    assert topic.config["message.timestamp.type"] == "LogAppendTime"


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS.keys())
def test_no_record_is_larger_than_one_mebibyte(topic: Topic) -> None:
    assert topic.config["max.message.bytes"] == "1048576"


def test_orders_are_kept_for_two_weeks() -> None:
    assert TOPICS["intake.commands"].config["retention.ms"] == str(14 * DAY_MS)


def test_facts_are_kept_as_long_as_their_ids_are_remembered() -> None:
    assert TOPICS["request.created"].config["retention.ms"] == str(35 * DAY_MS)


@pytest.mark.parametrize("name", ["staff.upserted", "office.upserted", "region.upserted", "county.upserted"])
def test_the_directory_is_kept_by_key(name: str) -> None:
    assert TOPICS[name].config["cleanup.policy"] == "compact"


def test_a_late_reader_has_a_day_before_the_directory_is_thinned() -> None:
    assert TOPICS["staff.upserted"].config["min.compaction.lag.ms"] == str(DAY_MS)


def test_busy_topics_have_three_partitions() -> None:
    busy = {name for name, topic in TOPICS.items() if topic.partitions == 3}

    assert busy == {
        "intake.commands",
        "merit.call.logged",
        "receipts.guest",
        "request.assigned",
        "request.closed",
        "request.created",
        "request.reopened",
        "request.updated",
        "visit.auto_closed",
        "visit.called",
        "visit.held",
        "visit.left",
        "visit.no_show",
        "visit.overdue",
        "visit.recalled",
        "visit.resumed",
        "visit.returned",
        "visit.serving",
        "visit.waiting",
        "voter.corrective_action.sent",
        "voter.offer.missing",
        "walkin.timed",
    }


def test_readers_are_services_and_read_facts() -> None:
    assert set(READERS) <= set(FACTS)
    assert {reader for readers in READERS.values() for reader in readers} <= set(services())
