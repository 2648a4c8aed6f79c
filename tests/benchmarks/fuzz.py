"""`make fuzz`: a minute of generated mails, guided by coverage if atheris is installed, else random.

Starts from the demo's mails, and from those MAILROOM_CORPUS names. What fails is kept in `out/fuzz`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks.corpus import corpus_mails
from tests.benchmarks.fuzz_target import check

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "out" / "fuzz"
SEED_BYTES = 20_000
# What the format lives on: put in by chance, it opens doors that changed bytes alone don't.
TOKENS = [
    b"\n\n", b"\r\n", b"--", b"\n--=_edge\n", b"boundary=", b"multipart/mixed", b"multipart/alternative",
    b"message/rfc822", b"text/html", b"text/calendar", b"base64", b"quoted-printable", b"charset=utf-7",
    b"charset=iso-2022-jp", b"=?utf-8?b?", b"?=", b"=00", b"\x00", b"\xff\xfe", b"\x1b$B", b"begin 644 a\n",
    b"=ybegin ", b"%PDF-1.4", b"PK\x03\x04", b"<div style=", b"display:none", b"filename*0*=",
    b"-----BEGIN PGP MESSAGE-----\n", b"> ", b"-- \n", b"{\\rtf", b"BEGIN:VCALENDAR\n",
]  # fmt: skip


def seeds() -> list[Path]:
    """Return the mails to start from."""
    found = sorted((ROOT / "deployments" / "demo" / "sample_mailbox").glob("*.eml"))
    named = os.environ.get("MAILROOM_CORPUS")
    if named and (Path(named) / "MANIFEST.csv").exists():
        found += corpus_mails(Path(named))
    return [path for path in found if path.stat().st_size <= SEED_BYTES]


def by_coverage(seconds: int) -> dict[str, Any]:
    """Fuzz with atheris in a process of its own, which it ends itself."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for path in seeds():
            (Path(folder) / hashlib.sha256(path.read_bytes()).hexdigest()).write_bytes(path.read_bytes())
        run = subprocess.run(
            [
                sys.executable, "-m", "tests.benchmarks.fuzz_target", folder, f"-max_total_time={seconds}",
                "-timeout=20",
                f"-max_len={SEED_BYTES}", "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={KEPT}/",
            ],
            cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    said = run.stdout + run.stderr
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    if run.returncode:
        print(said[-3_000:])
    return {"engine": "atheris", "runs": int(runs[1]) if runs else 0, "failures": int(run.returncode != 0)}


def by_chance(seconds: int) -> dict[str, Any]:
    """Fuzz with random changes of the seeds, each seen by its seed number."""
    mails = [path.read_bytes() for path in seeds()]
    end, runs, failures = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        rng = random.Random(runs)
        raw = changed(mails, rng)
        runs += 1
        try:
            check(raw)
        except Exception as failure:
            failures += 1
            KEPT.mkdir(parents=True, exist_ok=True)
            kept = KEPT / hashlib.sha256(raw).hexdigest()[:16]
            kept.write_bytes(raw)
            print(f"{kept}: {type(failure).__name__}: {str(failure)[:200]}")
    return {"engine": "chance", "runs": runs, "failures": failures}


def changed(mails: list[bytes], rng: random.Random) -> bytes:
    """Return one mail with bytes changed, cut out, repeated, or taken from another."""
    raw = bytearray(rng.choice(mails))
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(raw) + 1)
        length = rng.choice((1, 4, 30, 400))
        match rng.randrange(6):
            case 0:
                raw[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del raw[at : at + length]
            case 2:
                raw[at:at] = raw[at : at + length] * rng.choice((1, 2, 20))
            case 3:
                raw[at:at] = rng.choice(TOKENS)
            case 4:
                other = rng.choice(mails)
                start = rng.randrange(len(other))
                raw[at:at] = other[start : start + length]
            case _:
                del raw[at + rng.choice((0, 400)) :]
    return bytes(raw[:SEED_BYTES])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    began = time.monotonic()
    found = by_coverage(seconds) if find_spec("atheris") else by_chance(seconds)
    taken = time.monotonic() - began
    print(f"{found['runs']:,} mails by {found['engine']} in {taken:.0f} s, {found['failures']} broke a promise")
    print(json.dumps({**found, "seeds": len(seeds()), "seconds": round(taken, 1)}))
    return int(found["failures"] > 0)


if __name__ == "__main__":
    sys.exit(main())
