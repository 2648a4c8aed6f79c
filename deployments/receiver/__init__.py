"""The receiver: mail that comes by HTTP (webhooks, uploads) is made durable in the inbox before it is acknowledged, then
announced to Prefect, a batch at a time."""
