"""The worker: sessions, engines and delivery of events."""
