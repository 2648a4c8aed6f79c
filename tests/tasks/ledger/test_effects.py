import dataclasses

import pytest

from tasks.ledger import effects
from tasks.ledger.approvals import give_verdict
from tasks.ledger.effect_counts import count_effects, count_effects_of, count_held
from tasks.ledger.engine import open_ledger
from tasks.ledger.plans import Plan, record_plan

PLAN = Plan(
    message_key="m1", position=0, action="draft_reply", parameters={"suggestion": 1}, rule="answer", target="Drafts",
    content={"text": "Hello", "recipient": "a@b.example"},
)  # fmt: skip
HELD = dataclasses.replace(PLAN, state="held")


@pytest.fixture
def ledger(any_ledger_url):
    return open_ledger(any_ledger_url)


def only(ledger):
    (effect,) = effects.of_mails(ledger, ["m1"])["m1"]
    return effect


def claim(ledger, owner="host|1|1|run", lease_s=600.0):
    return effects.claim_effect(ledger, PLAN.effect_id, owner=owner, lease_s=lease_s)


def approve(ledger, verdict="approved", **changes):
    return give_verdict(
        ledger, PLAN.effect_id, verdict=verdict, shown_hash=changes.pop("shown_hash", only(ledger).content_hash),
        person="Ann", flow_run_id="f", **changes,
    )  # fmt: skip


def test_the_same_plan_again_changes_nothing_whatever_the_model_says_now(ledger):
    record_plan(ledger, "run1", [PLAN])
    record_plan(ledger, "run2", [dataclasses.replace(PLAN, content={"text": "Other"}, rule="renamed")])

    assert only(ledger).content["text"] == "Hello"
    assert only(ledger).run_id == "run1"


def test_an_effect_is_claimed_once_and_settled_by_its_claim_alone(ledger):
    record_plan(ledger, "run", [PLAN])
    mine = claim(ledger)

    assert claim(ledger, owner="host|2|2|run") is None
    taken = effects.take_over(ledger, mine, owner="host|2|2|run", lease_s=600)
    assert effects.take_over(ledger, mine, owner="host|3|3|run", lease_s=600) is None
    assert not effects.mark_begun(ledger, mine)
    assert not effects.settle_effect(ledger, mine, "done", "")
    assert effects.settle_effect(ledger, taken, "done", "there it is")
    assert (only(ledger).state, only(ledger).detail) == ("done", "there it is")


@pytest.mark.parametrize(
    ("state", "anew"), [("done", False), ("ambiguous", False), ("failed", True), ("skipped", True)]
)
def test_only_what_surely_was_not_done_is_planned_anew(ledger, state, anew):
    record_plan(ledger, "run1", [PLAN])
    effects.settle_effect(ledger, claim(ledger), state, "")
    record_plan(ledger, "run2", [PLAN])

    assert (only(ledger).state == "planned") is anew


def test_what_may_have_happened_stays_so_when_it_is_taken_over(ledger):
    record_plan(ledger, "run", [PLAN])
    mine = claim(ledger)
    effects.mark_begun(ledger, mine)
    effects.settle_effect(ledger, mine, "ambiguous", "cut")

    assert effects.take_over(ledger, only(ledger), owner="o|1|1|r", lease_s=600).begun


def test_a_dry_run_is_never_claimed_and_gives_way_to_a_real_run(ledger):
    record_plan(ledger, "dry", [dataclasses.replace(PLAN, dry_run=True)])
    assert claim(ledger) is None
    assert effects.in_state(ledger, ["planned"]) == []

    record_plan(ledger, "real", [PLAN])
    record_plan(ledger, "dry", [dataclasses.replace(PLAN, dry_run=True)])
    assert claim(ledger) is not None


def test_a_held_effect_waits_for_the_approval_of_exactly_what_was_shown(ledger):
    record_plan(ledger, "run", [HELD])

    assert claim(ledger) is None
    assert not approve(ledger, shown_hash="what was shown before")
    assert approve(ledger)
    assert not approve(ledger), "a second verdict on the same effect"
    assert claim(ledger).content["text"] == "Hello"


def test_an_edit_is_approved_in_the_persons_own_words(ledger):
    record_plan(ledger, "run", [HELD])

    assert approve(ledger, "edited", content={**PLAN.content, "text": "My words"})
    assert claim(ledger).content == {"text": "My words", "recipient": "a@b.example"}


def test_a_rejected_effect_is_never_claimed_nor_planned_again(ledger):
    record_plan(ledger, "run", [HELD])
    assert approve(ledger, "rejected")
    record_plan(ledger, "run2", [PLAN])

    assert claim(ledger) is None
    assert only(ledger).state == "rejected"


def test_what_is_held_again_needs_a_new_approval(ledger):
    record_plan(ledger, "run", [HELD])
    approve(ledger)
    effects.settle_effect(ledger, claim(ledger), "held", "it may have been sent already")

    assert claim(ledger) is None
    assert only(ledger).content["warning"] == "it may have been sent already"
    assert approve(ledger)
    assert claim(ledger)


@pytest.mark.parametrize("plan", [PLAN, HELD], ids=["planned", "approved"])
def test_content_that_was_changed_since_is_held_again_and_not_performed(ledger, plan):
    record_plan(ledger, "run", [plan])
    if plan is HELD:
        approve(ledger)
    with ledger.begin() as connection:
        connection.execute(effects.effects.update().values(content={**PLAN.content, "recipient": "eve@evil.example"}))

    assert claim(ledger) is None
    assert (only(ledger).state, "changed it since" in only(ledger).content["warning"]) == ("held", True)
    assert approve(ledger), "what a person sees now is what the approval is bound to"
    assert claim(ledger).content["recipient"] == "eve@evil.example"


def test_leases_go_by_the_clock_that_all_machines_share(ledger, monkeypatch):
    record_plan(ledger, "run", [PLAN])
    if ledger.dialect.name == "postgresql":  # SQLite is on one machine, whose clock counts
        monkeypatch.setattr("time.time", lambda: 0.0)
    mine = claim(ledger, owner="elsewhere|1|1|run")

    assert not effects.is_abandoned(ledger, mine)
    assert effects.in_state(ledger, ["claimed"], untouched_s=60) == []
    assert effects.in_state(ledger, ["claimed"]) == [mine]
    assert effects.is_abandoned(ledger, claim_for(ledger, mine, lease_s=-1))


def claim_for(ledger, effect, lease_s):
    return effects.take_over(ledger, effect, owner=effect.owner, lease_s=lease_s)


def test_effects_are_counted_by_their_state_and_without_dry_runs(ledger):
    other = [dataclasses.replace(PLAN, message_key=key, state="held", dry_run=key == "m3") for key in ("m2", "m3")]
    record_plan(ledger, "run", [PLAN, *other])
    effects.settle_effect(ledger, claim(ledger), "done", "")
    now = only(ledger).updated

    assert count_effects(ledger, since=now - 60, until=now + 60) == {"done": 1, "held": 1}
    assert count_effects(ledger, since=now + 60, until=now + 120) == {}
    assert count_held(ledger) == 1
    assert count_effects_of(ledger, ["run", "another"]) == {"done": 1, "held": 1}
    assert count_effects_of(ledger, ["another"]) == {}


def test_a_holder_that_died_is_known_on_its_own_machine_at_once_and_elsewhere_by_its_lease(ledger):
    from tasks.ledger.owners import owner_name

    record_plan(ledger, "run", [PLAN])
    mine = claim(ledger, owner=owner_name("run"))

    assert not effects.is_abandoned(ledger, mine)
    assert effects.is_abandoned(ledger, dataclasses.replace(mine, owner=mine.owner.replace("|", "|9", 1)))
    assert effects.is_abandoned(ledger, dataclasses.replace(mine, lease_until=0.0))


def test_old_words_are_forgotten_and_what_was_done_is_not(ledger):
    record_plan(ledger, "run", [PLAN, dataclasses.replace(HELD, message_key="m2")])
    effects.settle_effect(ledger, claim(ledger), "done", "draft put into `Drafts`")

    assert effects.forget_contents(ledger, older_s=60) == 0
    assert [effects.forget_contents(ledger, older_s=-1), effects.forget_contents(ledger, older_s=-1)] == [1, 0]
    assert (only(ledger).content, only(ledger).detail) == ({}, "draft put into `Drafts`")
    record_plan(ledger, "run2", [PLAN])
    assert only(ledger).state == "done"
    assert effects.of_mails(ledger, ["m2"])["m2"][0].content["text"] == "Hello"
