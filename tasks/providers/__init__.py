"""The models: `gateway` asks until there is an answer, `apis` speak to the providers, `catalogue` knows them."""
