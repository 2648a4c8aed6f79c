"""Keys in other stores: Prefect's Secret blocks and AWS Secrets Manager."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tasks.errors import Misconfigured
from tasks.settings.secrets import SecretSettings


def secret_block(name: str) -> str | None:
    """Return the text of Prefect's Secret block `name`, null if there is none or no Prefect server is configured."""
    from prefect.blocks.system import Secret
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        return None  # loading a block would start a temporary server
    try:
        block: Any = Secret.load(name, _sync=True)  # type: ignore[call-arg]  # Prefect's own switch, not in its stubs
    except ValueError:
        return None
    return str(block.get())


def aws_secret() -> dict[str, Any]:
    """Return the JSON object of the secret that `MAILROOM_AWS_SECRET` names, empty if it names none.

    Region and credentials come from where AWS's own tools look for them.

    Raises:
        Misconfigured: The extra is missing, or the secret cannot be read or is not a JSON object.
    """
    name = SecretSettings.read().aws_secret
    return _fetch(name) if name else {}


@lru_cache(maxsize=4)
def _fetch(name: str) -> dict[str, Any]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise Misconfigured(
            "`MAILROOM_AWS_SECRET` is set but boto3 is missing; install Mailroom with the extra `aws`."
        ) from error
    try:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        values = json.loads(text)
    except (BotoCoreError, ClientError) as error:
        raise Misconfigured(f"AWS secret `{name}` cannot be read: {type(error).__name__}.") from error
    except (ValueError, KeyError):
        values = None
    if not isinstance(values, dict):
        raise Misconfigured(f'AWS secret `{name}` must be a JSON object such as {{"OPENAI_API_KEY": "..."}}.')
    return {str(key).upper(): value for key, value in values.items()}
