"""A decision is valid only for the effect and the text that were shown, in whatever form it comes."""

from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.act.approval.form import NOBODY, ApprovalForm
from tasks.act.approval.form_outcome import FormOutcome, page_of
from tasks.act.approval.shown import WIDTH, ShownEffect, head_of
from tasks.act.approval.verdicts import decide_one
from tasks.ledger import effects
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.plans import Plan, record_plan
from tests.tasks.act.office import RAW, Office

CONTENT = {
    "from": "", "to": "ann@company.example", "to_verified": True, "to_why": "dmarc=pass", "subject": "Re: Login fails",
    "text": "We look at it.", "in_reply_to": "", "references": [], "quoted": "It fails.\nPlease help.", "written": "",
    "why": "asks for help",
}  # fmt: skip
CANDIDATES = [
    {"address": "carl@customer.example", "why": "its Reply-To"},
    {"address": "noreply@us.example", "why": "its From"},
]
TO_CHOOSE = {**CONTENT, "to": "", "to_verified": False, "to_why": "", "candidates": CANDIDATES}


@pytest.fixture
def office(ledger_url):
    return Office(ledger_url)


def held(office, name="m1", action="draft_reply", **content):
    record_seen(office.engine, [Seen(message_key=name, source="/folder", place=name, source_id=name, raw=RAW)])
    content = {**CONTENT, **content} if action == "draft_reply" else content
    plan = Plan(
        message_key=name, position=0, action=action, parameters={}, rule="test", target=content.get("to") or "x",
        content=content, state="held", detail="its rule holds it for a person",
    )  # fmt: skip
    record_plan(office.engine, "run", [plan])
    (effect,) = effects.of_mails(office.engine, [name])[name]
    return ShownEffect(effect=effect, mail_head="" if content.get("quoted") else head_of(RAW))


def form_of(*shown, key="f1", notes=()):
    return ApprovalForm(key=key, effects=shown, notes=notes)


def sent(form, *changes):
    """What a browser sends of the form, with these changes to its effects in their order."""
    definitions = form.input_type().model_json_schema()["$defs"]
    fields = {"your_name": "Ann"}
    for number, name in enumerate(form.by_field, start=1):
        parts = definitions[f"Effect{number}"]["properties"]
        change = changes[number - 1] if number <= len(changes) else {}
        fields[name] = {part: told["default"] for part, told in parts.items()} | change
    return fields


def decided(office, form, fields):
    """What the fields come to where this form waits; null where they answer another."""
    answer = form.input_type().model_validate(fields)
    if not form.is_answered_by(answer):
        return None
    return [decide_one(office.engine, one, person="Ann", flow_run_id="f") for one in form.choices_in(answer)]


def state_of(office, name):
    return effects.of_mails(office.engine, [name])[name][0].state


@pytest.mark.parametrize(
    "decision", [{"decision": "approve"}, {"decision": "reject"}, {"decision": "edit", "text": "No"}]
)
@pytest.mark.parametrize("now", [["m3", "m4", "m5"], ["m3"], ["m1", "m2"], ["m2", "m1"], []])
def test_an_old_form_decides_nothing_whatever_the_page_is_by_now(office, decision, now):
    shown = {name: held(office, name) for name in ("m1", "m3", "m4", "m5")}
    shown["m2"] = held(office, "m2", "label")
    old = sent(form_of(shown["m1"], shown["m2"]), decision, decision)

    assert decided(office, form_of(*(shown[name] for name in now), key="f2"), old) is None
    assert {state_of(office, name) for name in shown} == {"held"}


def test_an_effect_shown_in_other_words_has_another_field(office):
    before = form_of(held(office))
    after = form_of(held(office, "m1b", text="Other words"))

    assert not set(before.by_field) & set(after.by_field)
    changed = ShownEffect(effect=before.effects[0].effect, mail_head="Subject: another")
    assert changed.fingerprint == before.effects[0].fingerprint, "its quotation is what is shown"


@pytest.mark.parametrize("action", ["draft_reply", "label", "webhook", "calendar_invite"])
def test_each_kind_of_action_is_decided_by_its_own_field(office, action):
    invite = {**CONTENT, "text": "", "start": "2026-12-01T10:00:00", "minutes": 30}
    one = held(office, "m1", action, **(invite if action == "calendar_invite" else {"summary": "It fails."}))
    other = held(office, "m2")
    form = form_of(other, one)

    assert [it.word for it in decided(office, form, sent(form, {}, {"decision": "approve"}))] == ["waits", "approved"]
    assert (state_of(office, "m1"), state_of(office, "m2")) == ("planned", "held")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"decision": "approve", "text": "Something else"}, "instead of `edit`"),
        ({"decision": "edit", "text": "  "}, "there is no text"),
        ({"decision": "approve", "shown": "To: eve@evil.example"}, "changed in the form"),
        ({"decision": "reject", "mail": "Another mail"}, "changed in the form"),
    ],
)
def test_a_decision_that_contradicts_its_form_does_nothing_and_says_why(office, change, why):
    form = form_of(held(office))
    (one,) = decided(office, form, sent(form, change))

    assert (one.word, state_of(office, "m1")) == ("refused", "held")
    assert why in one.why


def test_what_has_no_text_cannot_be_edited(office):
    form = form_of(held(office, "m1", "label"))
    with pytest.raises(ValueError, match="'wait', 'approve' or 'reject'"):
        decided(office, form, sent(form, {"decision": "edit"}))


def test_a_form_left_untouched_leaves_all_waiting_and_says_so(office):
    form = form_of(held(office), held(office, "m2", "label"))
    decisions = FormOutcome()
    decisions.add(decided(office, form, sent(form)), [])

    assert decisions.notes == ["You decided nothing on the last form: its 2 still wait."]
    assert decisions.message() == "2 waits."
    assert decisions.left_waiting == {one.version for one in form.effects}


def test_nobody_is_chosen_beforehand_and_nothing_goes_out_until_somebody_is(office):
    form = form_of(held(office, **TO_CHOOSE))
    fields = sent(form, {"decision": "approve"})
    (name,) = form.by_field

    assert fields[name]["recipient"] == NOBODY
    assert "carl@customer.example: its Reply-To" in form.effects[0].text
    assert "noreply@us.example: its From" in form.effects[0].text
    (one,) = decided(office, form, fields)
    assert (one.word, one.why) == ("refused", "no recipient was chosen; it is still held")
    assert state_of(office, "m1") == "held"


def test_the_one_a_person_chooses_gets_it(office):
    form = form_of(held(office, **TO_CHOOSE))
    (one,) = decided(office, form, sent(form, {"decision": "approve", "recipient": "carl@customer.example"}))

    (effect,) = effects.of_mails(office.engine, ["m1"])["m1"]
    assert (one.word, effect.state, effect.target) == ("approved", "planned", "carl@customer.example")
    assert effect.content["to"] == "carl@customer.example"
    assert effects.claim_effect(office.engine, effect.effect_id, owner="host|1|1|run", lease_s=60)


def test_somebody_who_is_no_candidate_cannot_be_chosen(office):
    form = form_of(held(office, **TO_CHOOSE))
    with pytest.raises(ValueError, match="recipient"):
        decided(office, form, sent(form, {"decision": "approve", "recipient": "eve@evil.example"}))


def test_of_two_who_decide_the_second_is_told_who_was_first(office):
    form = form_of(held(office))
    decided(office, form, sent(form, {"decision": "reject"}))
    (second,) = decided(office, form, sent(form, {"decision": "approve"}))

    assert (second.word, second.why) == ("refused", "somebody else decided meanwhile (rejected by Ann)")


def test_all_that_is_to_be_known_is_shown(office):
    shown = held(
        office, to_verified=False, to_why="no DKIM", warning="It may have gone out already.",
        doubts=["quote_not_in_mail"], review=["reader-1: mend", "tone"],
    )  # fmt: skip
    for said in (
        "To:      ann@company.example", "NOT VERIFIED: no DKIM", "Subject: Re: Login fails", "  We look at it.",
        "LOOK FIRST:\n  It may have gone out already.", "quote not in mail", "  reader-1: mend\n  tone",
        "rule test. asks for help", "its rule holds it for a person",
    ):  # fmt: skip
        assert said in shown.text
    assert shown.mail == "  It fails.\n  Please help."
    assert (
        "NOT VERIFIED"
        in form_of(shown)
        .input_type()
        .model_json_schema()["properties"][next(iter(form_of(shown).by_field))]["description"]
    )


def test_an_effect_without_a_quotation_is_shown_beside_its_mails_head(office):
    shown = held(office, "m1", "webhook", summary="It fails.", sender="ann@company.example")

    assert "  summary: It fails." in shown.text
    assert "Subject: Login fails" in shown.mail
    assert shown.name == "Call the webhook x, “Login fails”"


@given(st.text(max_size=300), st.text(max_size=300))
def test_words_of_strangers_neither_leave_their_indent_nor_their_line(text, quoted):
    effect = _effect({**CONTENT, "text": text or "x", "quoted": quoted or "x"})
    shown = ShownEffect(effect=effect)
    ours = {line for line in ShownEffect(effect=_effect(CONTENT)).text.splitlines() if line[:1].strip()}

    lines = shown.text.splitlines()
    assert {line for line in lines if line[:1].strip()} == ours
    for line in [*lines, *shown.mail.splitlines()]:
        assert sum(2 if east_asian_width(c) in "WF" else 1 for c in line) <= WIDTH


@given(st.text(max_size=300))
def test_nothing_gets_out_of_its_block_on_the_wide_page(text):
    page = page_of(form_of(ShownEffect(effect=_effect({**CONTENT, "text": text or "x", "quoted": text or "x"}))))
    ours = page_of(form_of(ShownEffect(effect=_effect(CONTENT))))

    def outside(markdown):
        return [line for line in markdown.split("\n") if not line.startswith("    ") and not line.startswith("## ")]

    assert outside(page) == outside(ours)


def _effect(content):
    return effects.Effect(
        effect_id="e" * 64, message_key="m1", run_id="r", position=0, action="draft_reply", parameters={}, rule="test",
        target="ann@company.example", content=content, content_hash="h", state="held", needs_approval=True,
        dry_run=False, detail="held", fence=0, owner="", lease_until=0.0, attempts=0, looks=0, begun=False,
        planned_at=0.0, updated=0.0,
    )  # fmt: skip
