"""The two ports between the services: the Store (what lasts) and the Bus (what carries commands)."""
