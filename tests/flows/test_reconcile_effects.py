"""The flow `reconcile-effects`: interrupted effects are settled or held for a person, and the run's state says so."""

import pytest

from flows.reconcile_effects import reconcile_effects
from tasks.ledger import effects
from tasks.ledger.owners import owner_name
from tests.tasks.act.office import Office, files_in


@pytest.fixture
def office(prefect_server, ledger_url, monkeypatch):
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    office = Office(ledger_url)
    office.receive()
    return office


def left_by_a_dead_process(office, action):
    """The effect of this action, begun by a process that is gone."""
    office.act(action, dry_run=True)
    (planned,) = office.effects()
    with office.engine.begin() as connection:
        connection.execute(effects.effects.update().values(dry_run=False))
    gone = owner_name("run").replace("|", "|9", 1)
    claimed = effects.claim_effect(office.engine, planned.effect_id, owner=gone, lease_s=600)
    effects.mark_begun(office.engine, claimed)


def test_a_draft_that_never_came_to_be_is_put_there(office, tmp_path):
    left_by_a_dead_process(office, {"action": "draft_reply"})

    state = reconcile_effects(untouched_minutes=0, return_state=True)

    assert (state.name, state.message) == ("Completed", "1 done.")
    assert len(files_in(tmp_path / ".mailroom" / "drafts")) == 1


def test_what_nobody_can_find_out_goes_to_a_person(office):
    left_by_a_dead_process(office, {"action": "notify", "block": "slack-webhook/ops"})

    states = [reconcile_effects(untouched_minutes=0, return_state=True) for _ in range(3)]

    assert [state.name for state in states] == ["EffectsNotDone", "EffectsNotDone", "AsksAPerson"]
    assert "approve-replies" in states[-1].message
    assert "may have happened already" in office.effects()[0].content["warning"]


def test_nothing_open_is_said_plainly(office):
    assert reconcile_effects(return_state=True).message == "Nothing was left open."
