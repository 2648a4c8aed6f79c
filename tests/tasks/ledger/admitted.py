"""A process that asks to send automatic replies, and prints how many are admitted.

Usage: admitted.py LEDGER_URL NAME COUNT SENDER PER_HOUR
"""

from __future__ import annotations

import sys

from tasks.ledger.automatic_replies import AutomaticReply, ReplyCaps, admit_reply
from tasks.ledger.engine import open_ledger


def main(url: str, name: str, count: int, sender: str, per_hour: int) -> None:
    engine, caps = open_ledger(url), ReplyCaps(per_sender=1, per_thread=1, per_hour=per_hour)
    wanted = [
        AutomaticReply(
            effect_id=f"{name}{n}",
            sender=sender.format(f"{name}{n}"),
            reply_id=f"r{name}{n}@us",
            thread=[f"{name}{n}@them"],
        )
        for n in range(count)
    ]
    sys.stdout.write(str(sum(not admit_reply(engine, one, caps) for one in wanted)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
