"""`mailroom register`: creates on a Prefect server what `prefect.yaml` relies on."""

from __future__ import annotations

from typing import Literal

from rich.console import Console

from deployments.cli.home import use_server

console = Console()


def register(*, pool_type: Literal["process", "kubernetes"] = "process") -> None:
    """Create the work pool, automations, rules and categories that the deployments rely on. It is safe to run again.

    Run `prefect deploy --all` afterwards to register the deployments.

    Args:
        pool_type: Where flows run: in processes of the worker, or in pods of a cluster.
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
