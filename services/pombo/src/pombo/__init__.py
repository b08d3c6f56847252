"""The `pombo` command: composes the services and starts them."""
