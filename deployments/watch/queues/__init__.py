"""Where `mailroom consume` takes mail from: one file a kind of broker, found by the scheme of an address.

What is taken is acknowledged when it is durable in the inbox: at least once into the inbox, and once into the outcomes,
as the ledger knows a mail again. What is no mail is set apart beside the queue, with the reason. Members of one group
share the queue, and what a dead one held comes to another.
"""
