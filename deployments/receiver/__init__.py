"""The receiver takes mail by HTTP (webhooks, uploads). Mail is durable in the inbox before it is acknowledged, and then
announced to Prefect in batches."""
