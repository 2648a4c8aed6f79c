"""A run of `process-mail` in its own process, because a flow's task runner is chosen when its module is imported.

Prints the kind of the runner, the run's id and the name of its last state.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the flow over a source."""
    from flows.process_mail import process_mail

    state = process_mail(sys.argv[1], return_state=True)
    runner = type(process_mail.task_runner).__name__
    sys.stdout.write(f"\n{runner} {state.state_details.flow_run_id} {state.name}\n")


# Dask starts processes that import this file again.
if __name__ == "__main__":
    main()
