"""Engines run sessions; each knows WhatsApp, and no HTTP, Bus or Store."""
