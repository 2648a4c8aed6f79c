"""Which environment variables anything of ours, or Prefect, reads; a misspelt one in a file is otherwise silent."""

from __future__ import annotations

from collections.abc import Iterator

from prefect.settings import Settings as PrefectSettings
from prefect_redis.client import RedisMessagingSettings
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from deployments.reference.variables import all_variables

# Read one by one: by the image, where secrets are looked for, and by libraries; the last by prefect-kubernetes.
_SINGLE = {
    "HEALTH_URL", "PGPASSWORD", "DO_NOT_TRACK",
    "MPLCONFIGDIR", "MALLOC_ARENA_MAX", "ARROW_DEFAULT_MEMORY_POOL",
    "PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET_NAME",
    "PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET_KEY",
}  # fmt: skip


def known_variables() -> set[str]:
    """Every name that is read."""
    ours = {name for variable in all_variables() for name in variable.names}
    redis = {_name("PREFECT_REDIS_MESSAGING_", field) for field in RedisMessagingSettings.model_fields}
    return ours | redis | set(_of_prefect(PrefectSettings)) | _SINGLE


def unknown(environment: dict[str, str], mounted: str = "/run/secrets/") -> set[str]:
    """The names nobody reads; NAME_FILE with a mounted secret counts as NAME."""
    names = {
        name.removesuffix("_FILE") if str(value).startswith(mounted) else name for name, value in environment.items()
    }
    return names - known_variables()


def _of_prefect(kind: type[BaseModel]) -> Iterator[str]:
    prefix = kind.model_config.get("env_prefix") if issubclass(kind, BaseSettings) else None
    for name, field in kind.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _of_prefect(field.annotation)
            continue
        yield _name(str(prefix or ""), name)
        choices = getattr(field.validation_alias, "choices", [field.validation_alias])
        yield from (choice.upper() for choice in choices if isinstance(choice, str))


def _name(prefix: str, field: str) -> str:
    return f"{prefix}{field}".upper()
