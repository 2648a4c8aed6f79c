"""The receiver accepts mail by HTTP (webhooks, uploads). Mail is stored durably in the inbox before it is acknowledged,
and then announced to Prefect in batches."""
