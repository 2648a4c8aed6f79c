"""What Mailroom does with mail. Verb folders are stages, noun folders are things outside, files apply to all."""

import logging

# Prefect sends our loggers' lines to its UI but does not set their level. The root's level would hide all but warnings.
logging.getLogger("mailroom").setLevel(logging.INFO)
