"""Addresses of queues: what they name, and what is said of one that names nothing; a password is in no word of it."""

from __future__ import annotations

import pytest

from deployments.watch.queues.addresses import open_queue, read_address
from tasks.errors import Misconfigured


@pytest.mark.parametrize(
    ("address", "broker", "name", "place"),
    [
        ("redis://h:6379/0/mails", "redis://h:6379/0", "mails", "redis://h:6379/0/mails"),
        ("redis://h/mails", "redis://h/", "mails", "redis://h/mails"),
        ("amqp://u:p@h/prod/in%2Fbox", "amqp://u:p@h/prod", "in/box", "amqp://h/prod/in%2Fbox"),
        ("amqps://h/mails", "amqps://h/", "mails", "amqps://h/mails"),
        ("nats://u:p@a:4222,b:4222/MAILS", "nats://u:p@a:4222,b:4222/", "MAILS", "nats://a:4222,b:4222/MAILS"),
        ("kafka://a:9092/mails?sasl.mechanism=PLAIN", "kafka://a:9092/?sasl.mechanism=PLAIN", "mails", "kafka://a:9092/mails"),
    ],
)  # fmt: skip
def test_the_last_part_is_the_name_and_what_is_before_it_the_broker(address, broker, name, place):
    read = read_address(address, "")
    assert (read.broker, read.name, read.place) == (broker, name, place)


@pytest.mark.parametrize(
    ("broker", "whole"),
    [
        ("redis://:p@h:6379/0", "redis://:p@h:6379/0"),
        ("amqp://u:p@h", "amqp://u:p@h/"),
        ("kafka://h:9092?group.id=x", "kafka://h:9092/?group.id=x"),
    ],
)
def test_a_name_alone_is_looked_for_at_the_broker_of_the_settings(broker, whole):
    read = read_address("in/box", broker)
    assert (read.name, read.broker) == ("in/box", whole)


@pytest.mark.parametrize("address", ["ftp://h/mails", "redis://h", "redis:///mails", "amqp://u:geheim@h/"])
def test_what_is_no_address_is_told_without_its_password(address):
    with pytest.raises(Misconfigured, match="must begin with one of") as told:
        read_address(address, "")
    assert "geheim" not in str(told.value)


def test_a_broker_in_the_settings_that_is_none_is_named_by_its_variable():
    with pytest.raises(Misconfigured, match="MAILROOM_WATCH_BROKER_URL"):
        read_address("mails", "http://u:geheim@h")


def test_a_user_and_a_password_go_to_kafka_over_tls():
    kafka_topic = pytest.importorskip("deployments.watch.queues.kafka_topic", exc_type=ImportError)
    topic = kafka_topic.open_address(
        read_address("kafka://us%40er:p%2Fw@h:9093/mails?sasl.mechanism=SCRAM-SHA-512", "")
    )
    assert topic._options == {
        "bootstrap.servers": "h:9093", "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "us@er", "sasl.password": "p/w",
    }  # fmt: skip


def test_no_queue_shows_its_password():
    address = read_address("redis://u:geheim@h/0/mails", "")
    assert "geheim" not in repr(address) + open_queue(address).place
