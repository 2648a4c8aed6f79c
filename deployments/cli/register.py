"""`mailroom register`: make on a Prefect server what `prefect.yaml` relies on."""

from __future__ import annotations

from typing import Literal

from rich.console import Console

from deployments.cli.home import use_server

console = Console()


def register(*, pool_type: Literal["process", "kubernetes"] = "process") -> None:
    """Make work pool, automations, rules and categories, which the deployments rely on; safe to run again.

    After it, `prefect deploy --all` registers the deployments themselves.

    Args:
        pool_type: What runs the flows: processes of the worker, or pods of a cluster.
    """
    import asyncio

    use_server()
    from deployments.register import offer_variables
    from deployments.register import register as make

    async def all_of_it() -> None:
        await make(_say, pool_type=pool_type)
        await offer_variables(_say)

    asyncio.run(all_of_it())


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
