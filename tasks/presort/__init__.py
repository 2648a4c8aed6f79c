"""What is known of a mail's category before a model is asked."""
