"""What Mailroom does to mail. Verb folders are stages, noun folders are things outside us, files hold for everyone."""

import logging

# Prefect hands our loggers' lines to its UI, but leaves their level to us; the root's would hide all but warnings.
logging.getLogger("mailroom").setLevel(logging.INFO)
