"""What is known of each provider: accounts, models, prices and token counts."""
