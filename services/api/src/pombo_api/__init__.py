"""The HTTP interface: routes, authentication, dialects and the manager page."""
