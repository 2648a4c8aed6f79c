"""The command `mailroom`: its subcommands and its exit codes: 1 if mails failed, 2 for bad usage or configuration."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError

from deployments.cli.console import print_notes
from tasks.errors import Misconfigured, SourceUnavailable

app = App(
    name="mailroom",
    help="AI-powered e-mail workflows on Prefect: mail in, one outcome row a mail out.",
    version=lambda: version("mailroom"),
    result_action="return_value",
)
# Given as import paths, so that `mailroom --help` does not import Prefect.
app.command("deployments.cli.run:run", name="run", help="Process the mails of a source.")
app.command(
    "deployments.cli.demo:demo", name="demo", help="Set up everything on this machine and process sample mails."
)
app.command("deployments.cli.mailbox:mailbox", name="mailbox", help="Log in to a mailbox, and keep how as a block.")
app.command("deployments.cli.show:show", name="show", help="Show one mail's whole outcome.")
app.command("deployments.cli.estimate:estimate", name="estimate", help="Say what processing a source would cost.")
app.command("deployments.cli.correct:correct", name="correct", help="Say what a mail's category is.")
app.command("deployments.cli.evaluate:evaluate", name="evaluate", help="Say how good the answers are, by labels.")
app.command("deployments.cli.models:models", name="models", help="List the classifiers that sort mails locally.")
app.command("deployments.cli.costs:costs", name="costs", help="Show what was asked and paid, from the ledger.")
app.command("deployments.cli.rules:rules", name="rules", help="Check the rules, or see what they would do.")
app.command("deployments.cli.doctor:doctor", name="doctor", help="Check versions, server, keys and ledger.")
app.command("deployments.cli.reopen:reopen", name="reopen", help="Ask a provider again that said to wait.")
app.command("deployments.cli.settings:settings", name="settings", help="Show every setting in force, and from where.")
app.command("deployments.cli.receiver:receiver", name="receiver", help="Take mail by webhook and upload.")
app.command("deployments.cli.metrics:metrics", name="metrics", help="Answer Prometheus on port 8001.")
app.command("deployments.cli.watch:watch", name="watch", help="Take mail dropped into a folder or a mailbox.")
app.command("deployments.cli.worker:worker", name="worker", help="Carry out runs, and end in order.")
app.command(
    "deployments.cli.watch:consume", name="consume", help="Take mail from a queue: Redis, RabbitMQ, NATS or Kafka."
)
app.command(
    "deployments.cli.register:register", name="register", help="Make what prefect.yaml relies on, on a Prefect server."
)
app.command("deployments.cli.simulator:simulator", name="simulator", help="Run the simulator of the providers.")


def _told_of_ledger(error: Exception) -> str:
    """What is wrong with the ledger, where that is what stopped the command; any other error is raised."""
    from sqlalchemy.exc import DBAPIError

    from tasks.ledger.faults import unusable

    if not isinstance(error, DBAPIError):
        raise error
    return unusable(error).told


def main() -> None:
    """Run the command line. Errors that the user can mend are printed as one line, without a stack trace."""
    # Files that libraries write also contain mail, such as Prefect's results. Child processes inherit this.
    os.umask(0o077)
    try:
        code = app(exit_on_error=False, print_error=True)
        print_notes()
    except CycloptsError:
        code = 2
    except (Misconfigured, SourceUnavailable) as error:
        print(f"mailroom: {error.told}", file=sys.stderr)  # noqa: T201  # the console is what this file is for
        code = 2
    except Exception as error:
        print(f"mailroom: {_told_of_ledger(error)}", file=sys.stderr)  # noqa: T201
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
