"""The description of the API: what each route says of itself, joined into one OpenAPI document."""
