"""The Baileys engine: real `baileys` in Node host processes, driven over JSON lines."""
