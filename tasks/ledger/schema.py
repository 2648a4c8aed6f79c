"""The ledger's tables. Times are UTC seconds since 1970; money is whole nano-dollars, so that sums are exact."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

NANO_USD = 1_000_000_000

metadata = MetaData()

messages = Table(
    "messages",
    metadata,
    Column("message_key", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("retry", Boolean, nullable=False, default=False),  # FAILED for a temporary reason: the next run tries again
    Column("error_type", String(32)),
    Column("fence", Integer, nullable=False, default=0),
    Column("owner", String(200), nullable=False, default=""),
    Column("lease_until", Float, nullable=False, default=0),
    Column("message_id", Text),
    Column(
        "likeness", String(64), index=True
    ),  # the hash that likely copies share; null where the mail has too little to compare
    Column("likely_of", String(64)),  # the key of an earlier mail of the same likeness
    Column("first_seen", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Index("ix_messages_state", "state", "retry"),
    Index("ix_messages_owner", "owner"),
)

# Where a mail was seen. One mail may be seen in many places; each place holds one mail.
sightings = Table(
    "sightings",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("place", String(512), primary_key=True),  # a file's name, a table's id, or "UIDVALIDITY/UID"
    Column("message_key", String(64), nullable=False, index=True),
    Column("seen_at", Float, nullable=False),
)

# What stood on a mail in its mailbox when it was last looked at (`tasks.ledger.seen_marks`).
seen_marks = Table(
    "seen_marks",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("place", String(512), primary_key=True),  # as in `sightings`
    Column("marks", JSON, nullable=False),
    Column("at", Float, nullable=False),  # by the database's clock
)

# The conversation each mail belongs to (`tasks.ledger.threads`); `mail` is a message_key, or stands for a mail of the
# folder of sent mail, which is not processed.
thread_mails = Table(
    "thread_mails",
    metadata,
    Column("mail", String(64), primary_key=True),
    Column("thread", String(64), nullable=False),
    Column("at", Float, nullable=False),  # when it was written, as far as it says, and never after it was met
    Column("from_us", Boolean, nullable=False),
    Index("ix_thread_mails_thread", "thread", "at", "from_us"),
)

# What we sent, in words, where models are shown the earlier mails of a conversation (`tasks.ledger.earlier_mails`).
sent_texts = Table(
    "sent_texts",
    metadata,
    Column("mail", String(64), primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("sender", Text, nullable=False),
    Column("people", Text, nullable=False),  # who wrote or got it, one a line
    Column("text", Text, nullable=False),
)

# How we write, by closed lists (`tasks.parsing.writing_style`): one row a sent mail, or a reply that a person edited.
writing_styles = Table(
    "writing_styles",
    metadata,
    Column("mail", String(64), primary_key=True),
    Column("mailbox", String(200), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("way", String(8), nullable=False),  # sent or edited
    Column("greeting", String(40), nullable=False),
    Column("name", String(24), nullable=False),
    Column("closing", String(40), nullable=False),
    Column("address", String(8), nullable=False),
    Column("words", Integer, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Index("ix_writing_styles_whom", "mailbox", "language", "recipient"),
)

# What we asked in mails of ours; it is answered once somebody else wrote later in the conversation.
asked = Table(
    "asked",
    metadata,
    Column("mail", String(64), primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("whom", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("question", Text, nullable=False),
)

# What names a conversation: hashes of Message-IDs, and of a subject with one of the people who write under it.
thread_marks = Table(
    "thread_marks",
    metadata,
    Column("mark", String(32), primary_key=True),
    Column("thread", String(64), nullable=False),
    Column("at", Float),  # of a subject: when it was last written under; null for ids, which do not age
    Column("waits", Boolean, nullable=False),  # of a subject: the mail is an answer to one that was not met yet
)

# Conversations that turned out to be parts of another; marks may still name them.
joined_threads = Table(
    "joined_threads",
    metadata,
    Column("thread", String(64), primary_key=True),
    Column("into", String(64), nullable=False, index=True),
)

# Objects of a store that were read completely, with their versions.
read_objects = Table(
    "read_objects",
    metadata,
    Column("source", String(512), primary_key=True),
    Column("place", String(512), primary_key=True),  # the object's key under the source's prefix
    Column("version", Text, nullable=False),
)

# The bytes as they came, compressed with zlib, so that a mail can be taken up without its source.
raws = Table(
    "raws",
    metadata,
    Column("message_key", String(64), primary_key=True),
    Column("source_id", Text, nullable=False),
    Column("target_language", String(64)),
    Column("raw", LargeBinary, nullable=False),
    Column("stored_at", Float, nullable=False, index=True),
)

completions = Table(
    "completions",
    metadata,
    Column("call", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False),
    Column("state", String(8), nullable=False),  # begun, done or failed
    Column("run_id", String(64), nullable=False),
    Column("message_key", String(64), nullable=False),  # or a group's key, where one call asked about several
    Column("question", String(64), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("answered_by", String(128)),
    Column("key_index", Integer, nullable=False),
    Column("answer", Text),
    Column("error_code", String(32)),
    Column("request_id", String(128)),
    Column("simulated", Boolean, nullable=False, default=False),
    Column("input_tokens", Integer, nullable=False, default=0),
    Column("output_tokens", Integer, nullable=False, default=0),
    Column("cache_read_tokens", Integer, nullable=False, default=0),
    Column("cache_write_tokens", Integer, nullable=False, default=0),
    Column("reasoning_tokens", Integer, nullable=False, default=0),
    Column("price_nusd", BigInteger),  # null: the price is unknown
    Column("begun_at", Float, nullable=False),
    Column("ended_at", Float),
    # Every call updates every index, so there are few.
    Index("ix_completions_key", "key"),
    Index("ix_completions_run", "run_id", "message_key"),
    Index("ix_completions_ended", "ended_at"),
)

# The mails of a call that asked about several. Its tokens and its price are divided among them equally.
groups = Table(
    "groups",
    metadata,
    Column("group_key", String(64), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),  # 0 to size - 1
    Column("message_key", String(64), nullable=False, index=True),
    Column("size", Integer, nullable=False),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(64), nullable=False, index=True),
    Column("message_key", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("category", String(40)),
    Column("error_type", String(32)),
    Column("provider", String(32), nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0),
    Column("price_nusd", BigInteger),
    Column("processed_at", Float, nullable=False, index=True),
    Column("row", JSON, nullable=False),
)

# Each run's deployment, source, settings and estimate. `run_id` is that of its calls and outcomes.
runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("flow", String(128), nullable=False),
    Column("deployment", String(256), nullable=False, default=""),  # empty when it was started by hand
    Column("source", Text, nullable=False, default=""),
    Column("mode", String(16), nullable=False, default="normal"),
    Column("started_at", Float, nullable=False, index=True),
    # So that another run can continue with its mails.
    Column("settings", JSON),
    Column("categories", JSON),
    Column("estimate", JSON),
    # Why it must end; null while it may go on.
    Column("stopped", Text),
)

# What an evaluation found about one candidate: each figure with its 95 % interval (`tasks.ledger.evaluations`).
evaluations = Table(
    "evaluations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(64), nullable=False, index=True),
    Column("candidate", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("at", Float, nullable=False),
)

# What people said a mail's category is (`tasks.ledger.corrections`).
corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("message_key", String(64), nullable=False, index=True),
    Column("category", String(40), nullable=False),
    Column("was", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("way", String(16), nullable=False),  # command, form or mailbox
    Column("at", Float, nullable=False, index=True),
)

# Versions of the classifier that sorts mails without a model (`tasks.ledger.classifiers`).
classifiers = Table(
    "classifiers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False),  # in use, candidate, retired or stepped back
    Column("why", Text, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("certificate", JSON, nullable=False),
    Column("model", LargeBinary, nullable=False),
    Column("trained_at", Float, nullable=False),
)

# Mails that a classifier sorted and the model was asked about, too.
sampled_answers = Table(
    "sampled_answers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("classifier", Integer, nullable=False, index=True),
    Column("message_key", String(64), nullable=False),
    Column("said", String(64), nullable=False),
    Column("model_said", String(64), nullable=False),
    Column("at", Float, nullable=False),
)

# Money handed out and spent; `scope` is "run:ID", "day:2026-11-25" or "month:2026-11", the last two in UTC.
budgets = Table(
    "budgets",
    metadata,
    Column("scope", String(128), primary_key=True),
    Column("reserved_nusd", BigInteger, nullable=False, default=0),
    Column("spent_nusd", BigInteger, nullable=False, default=0),
)

# Which process holds the reserved money, so that a dead process's is released.
holdings = Table(
    "holdings",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("scope", String(128), primary_key=True, index=True),
    Column("reserved_nusd", BigInteger, nullable=False),
    Column("lease_until", Float, nullable=False),
)

# Questions that wait for a batch or are in one, by the fingerprint under which their answers are kept.
batch_items = Table(
    "batch_items",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("state", String(8), nullable=False),  # waiting, sent, done or failed
    Column("batch_id", String(32), index=True),  # the last batch it was in
    Column("call", BigInteger),  # its completion, while it is sent and after
    Column("run_id", String(64), nullable=False),  # the run that parked its mail
    Column("message_key", String(64), nullable=False, index=True),
    Column("question", String(64), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("body", Text),  # the request; gone once it is answered
    Column("body_bytes", Integer, nullable=False),
    Column("worst_nusd", BigInteger),
    Column("tries", Integer, nullable=False, default=0),
    Column("error_code", String(32)),
    Column("created_at", Float, nullable=False),
    Index("ix_batch_items_state", "state", "provider", "model"),
)

# A batch's life: recorded, uploaded, submitting, submitted, collected, closed; or failed, as a whole.
batches = Table(
    "batches",
    metadata,
    Column("batch_id", String(32), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("provider", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("items", Integer, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),  # the budgets it is paid from: pairs of name and cap in nano-dollars
    Column("file_id", String(128)),
    Column("remote_id", String(128), index=True),
    Column("error", Text, nullable=False, default=""),
    Column("owner", String(200), nullable=False, default=""),
    Column("lease_until", Float, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("updated", Float, nullable=False),
)

# Posts that were received, by an id each sender gives but once; a repetition has the same digest.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("received_at", Float, nullable=False, index=True),
)

# The outbox (`tasks.ledger.effects`): planned effects and their states.
effects = Table(
    "effects",
    metadata,
    Column("effect_id", String(64), primary_key=True),
    Column("message_key", String(64), nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("position", Integer, nullable=False),  # the order in which a mail's effects are to be done
    Column("action", String(32), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("target", Text, nullable=False),  # where it goes, for people
    Column("content", JSON, nullable=False),  # all that will be sent or shown
    Column("content_hash", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("needs_approval", Boolean, nullable=False, default=False),
    Column("dry_run", Boolean, nullable=False, default=False),
    Column("detail", Text, nullable=False, default=""),
    Column("fence", Integer, nullable=False, default=0),
    Column("owner", String(200), nullable=False, default=""),
    Column("lease_until", Float, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("looks", Integer, nullable=False, default=0),  # how often it was looked for at the far end
    Column("begun", Boolean, nullable=False, default=False),  # it may have happened
    Column("planned_at", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Index("ix_effects_mail", "message_key", "position"),
    Index("ix_effects_state", "state", "updated"),
)

# What a person decided about a held effect; hashes are over exactly what was shown and what was agreed to.
approvals = Table(
    "approvals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("effect_id", String(64), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("shown_hash", String(64), nullable=False),
    Column("given_hash", String(64)),
    Column("person", String(200), nullable=False),
    Column("flow_run_id", String(64), nullable=False),
    Column("at", Float, nullable=False),
)

# Replies of the last day that left without a person, and those that the hour's cap stopped: see
# `tasks.ledger.automatic_replies`.
automatic_replies = Table(
    "automatic_replies",
    metadata,
    Column("effect_id", String(64), primary_key=True),
    Column("sender", Text, nullable=False),
    Column("reply_id", Text, nullable=False),
    Column("root", Text, nullable=False),  # Message-ID the conversation began with
    Column("answered", Text, nullable=False),  # Message-ID of the mail that was answered
    Column("sent", Boolean, nullable=False),
    Column("at", Float, nullable=False),  # by the database's clock
)

# Circuits of providers. `until` is when an open circuit may be probed, or when a probe is considered lost.
breakers = Table(
    "breakers",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("state", String(16), nullable=False),  # closed, open or half_open
    Column("until", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("cause", String(300), nullable=False, server_default=""),  # the failure that opened it; empty while closed
)

# The next free time of each limit, and how far a model was slowed down after being told that it is asked too fast.
paces = Table(
    "paces",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("rpm", Float, nullable=False),  # as last used
    Column("tpm", Float, nullable=False),
    Column("requests_free_at", Float, nullable=False),
    Column("tokens_free_at", Float, nullable=False),
    Column("held_until", Float, nullable=False),
    Column("probe_at", Float, nullable=False, server_default="0"),  # when one request is let through a long wait; or 0
    Column("slowed_to", Float, nullable=False),  # part of the limit, at `slowed_at`; grows again with time
    Column("slowed_at", Float, nullable=False),
)

# Limits from the headers of providers' replies, by the server's address (`tasks.ledger.reported_limits`).
told_limits = Table(
    "told_limits",
    metadata,
    Column("address", String(512), primary_key=True),
    Column("provider", String(32), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("rpm", Integer),
    Column("tpm", Integer),
    Column("told_at", Float, nullable=False),
)

# What pruned rows came to (`tasks.ledger.measures`), so that counters never fall.
totals = Table(
    "totals",
    metadata,
    Column("measure", String(32), primary_key=True),
    Column("labels", String(300), primary_key=True),  # a JSON list
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# What the placeholders that providers see stand for, and the secret they are made with.
pseudonyms = Table(
    "pseudonyms",
    metadata,
    Column("placeholder", String(32), primary_key=True),
    Column("original", Text, nullable=False),
)
