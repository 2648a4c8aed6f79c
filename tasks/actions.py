"""What can be done about a mail: one class an action, its fields the parameters that a rule may give.

Rules are validated against these, and the stage that acts dispatches on them. Every place an effect can reach (folder,
endpoint, block, table, deployment) is named here by the operator; no field is ever filled from a mail or a model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

KEYWORD = r"^[$A-Za-z0-9][A-Za-z0-9_.$-]{0,63}$"  # an IMAP keyword is an atom, RFC 9051 section 9
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


class Action(BaseModel):
    """One thing to do; `hold` keeps it until a person approved exactly what was shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    hold: bool = False


class Label(Action):
    """Set a keyword on the mail where it lies."""

    action: Literal["label"]
    label: str = Field(pattern=KEYWORD)


class Flag(Action):
    """Set one of IMAP's own flags on the mail where it lies."""

    action: Literal["flag"]
    flag: Literal["flagged", "seen", "answered"] = "flagged"


class Move(Action):
    """Move the mail to a folder of the same mailbox."""

    action: Literal["move"]
    folder: str = Field(min_length=1, max_length=200)


class DraftReply(Action):
    """Put a suggested reply into the drafts folder; `suggestion` counts from 1."""

    action: Literal["draft_reply"]
    suggestion: int = Field(1, ge=1, le=3)


class SendReply(Action):
    """Send a suggested reply to the mail's verified sender; held for a person unless a rule says otherwise."""

    action: Literal["send_reply"]
    suggestion: int = Field(1, ge=1, le=3)
    hold: bool = True


class Notify(Action):
    """Tell people through a Prefect notification block, named as the UI does: `slack-webhook/ops`."""

    action: Literal["notify"]
    block: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")


class Webhook(Action):
    """Post the mail's outcome to a configured endpoint, signed."""

    action: Literal["webhook"]
    endpoint: str = Field(pattern=NAME, description="Name of an entry in `MAILROOM_ENDPOINTS`.")


class AppendRow(Action):
    """Add the mail's outcome to a configured table."""

    action: Literal["append_row"]
    table: str = Field(pattern=NAME, description="Name of an entry in `MAILROOM_TABLES`.")


class CalendarInvite(Action):
    """Put a draft with a calendar entry into the drafts folder, where the mail names a date."""

    action: Literal["calendar_invite"]
    minutes: int = Field(60, ge=5, le=1_440)


class StartDeployment(Action):
    """Hand the mail to another deployment, named `flow/deployment`; it is given `message_key` and `category`."""

    action: Literal["start_deployment"]
    deployment: str = Field(pattern=r"^[^/]+/[^/]+$", max_length=200)


AnyAction = Annotated[
    Label | Flag | Move | DraftReply | SendReply | Notify | Webhook | AppendRow | CalendarInvite | StartDeployment,
    Field(discriminator="action"),
]
_ANY_ACTION: TypeAdapter[AnyAction] = TypeAdapter(AnyAction)


def read_action(parameters: dict[str, Any]) -> AnyAction:
    """The action that a row of `Decisions.actions` holds.

    Raises:
        ValidationError: It names no action, or a parameter that action does not have.
    """
    return _ANY_ACTION.validate_python(parameters)
