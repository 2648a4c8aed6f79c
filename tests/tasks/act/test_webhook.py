import json

import pytest
from standardwebhooks import Webhook

from tests.tasks.act.office import Office

SECRET = "whsec_" + "QUJD" * 10
POST = {"action": "webhook", "endpoint": "crm"}


def office_with(ledger_url, url, private=True, secret=SECRET):
    office = Office(ledger_url, settings={"endpoints": {"crm": {"url": url, "secret": secret, "private": private}}})
    office.receive()
    return office


def test_an_outcome_is_posted_once_signed_and_with_its_key(ledger_url, http_sink):
    office = office_with(ledger_url, http_sink.url + "/in")
    for _ in range(2):
        (done,) = office.act(POST)

    assert done["state"] == "done"
    ((path, headers, body),) = http_sink.posts
    assert path == "/in"
    assert headers["idempotency-key"] == headers["webhook-id"] == done["effect_id"]
    told = Webhook(SECRET).verify(body, headers)
    assert (told["data"]["category"], told["data"]["sender"]) == ("SUPPORT", "ann@company.example")


def test_a_private_address_is_refused_unless_it_is_meant(ledger_url, http_sink):
    (refused,) = office_with(ledger_url, http_sink.url, private=False).act(POST)

    assert (refused["state"], "private address" in refused["detail"]) == ("failed", True)
    assert http_sink.posts == []


@pytest.mark.parametrize(
    "url", ["http://224.0.0.1/", "http://[2002:7f00:1::]/", "http://[64:ff9b::7f00:1]/", "http://[::ffff:10.0.0.1]/"],
    ids=["a group", "6to4", "NAT64 to this machine", "mapped"],
)  # fmt: skip
def test_an_address_that_is_no_public_host_is_refused_before_anything_is_sent(ledger_url, url):
    (refused,) = office_with(ledger_url, url, private=False).act(POST)

    assert (refused["state"], "private address" in refused["detail"]) == ("failed", True), refused["detail"]


def test_a_redirect_is_not_followed(ledger_url, http_sink):
    http_sink.answer = (307, {"location": http_sink.url + "/elsewhere"})
    (refused,) = office_with(ledger_url, http_sink.url + "/in").act(POST)

    assert refused["state"] == "failed"
    assert [path for path, _, _ in http_sink.posts] == ["/in"]


@pytest.mark.parametrize(("status", "state"), [(503, "planned"), (429, "planned"), (410, "failed"), (400, "failed")])
def test_what_may_pass_is_tried_later_and_what_may_not_is_not(ledger_url, http_sink, status, state):
    http_sink.answer = (status, {})

    assert office_with(ledger_url, http_sink.url).act(POST)[0]["state"] == state


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/"])
def test_an_endpoint_that_is_away_keeps_back_what_comes_after_it(ledger_url, url):
    office = office_with(ledger_url, url)
    office.settings["tables"] = {"log": "log.csv"}

    done = office.act(POST, {"action": "append_row", "table": "log"})

    assert [one["state"] for one in done] == ["planned", "planned"]


def test_a_bad_secret_and_a_missing_endpoint_are_named(ledger_url, http_sink):
    office = office_with(ledger_url, http_sink.url, secret="whsec_!")
    (bad,) = office.act(POST)
    (missing,) = office.act(POST | {"endpoint": "other"})

    assert "no Standard Webhooks secret" in bad["detail"]
    assert "`other`" in missing["detail"]
    assert http_sink.posts == []


def test_nothing_a_stranger_wrote_can_be_clicked_on(ledger_url, http_sink):
    office_with(ledger_url, http_sink.url).act(
        POST, subject="Urgent: http://evil.example/a", summary="Pay at evil.example/pay or write to eve@evil.example."
    )

    ((_, _, body),) = http_sink.posts
    assert "evil" not in json.dumps(json.loads(body))
