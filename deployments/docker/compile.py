"""Compiles what the image's processes import, by importing it. That weighs a third of a whole environment's bytecode.

The root is read-only when the image runs, so each process would compile it anew, which doubles the start of a run.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings

OURS = ("flows", "tasks", "deployments")
PREFECTS = (
    "prefect.cli", "prefect.engine", "prefect.server.api.server", "prefect.server.database.orm_models",
    "prefect.server.services", "prefect.workers.process", "prefect_kubernetes", "prefect_redis.messaging",
    "prefect_redis.ordering", "prefect_redis.lease_storage", "prefect.deployments.steps.pull",
)  # fmt: skip
DRIVERS = (
    "psycopg",
    "asyncpg",
    "redis.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.postgresql.psycopg",
)
# Imported seldom: here only to show that they can be, after what was taken out.
SELDOM = (
    "aio_pika", "boto3", "confluent_kafka", "nats", "opentelemetry.sdk.trace", "pyarrow.dataset", "pyarrow.parquet",
    "sklearn.linear_model",
)  # fmt: skip
MODELS = ("openai", "anthropic", "google.generativeai", "google.genai", "genai_prices", "uvicorn", "matplotlib.pyplot")


def modules() -> list[str]:
    """The names of all modules of ours, and of what is imported by name or on demand."""
    ours = [
        found.name
        for package in OURS
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
        if not found.name.endswith("__main__") and ".migrations." not in found.name
    ]
    return [*ours, *PREFECTS, *DRIVERS, *MODELS]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = False
    for name in modules():
        importlib.import_module(name)
    sys.dont_write_bytecode = True
    for name in SELDOM:
        importlib.import_module(name)
