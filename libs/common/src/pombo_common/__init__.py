"""What both services of Pombo speak: model, ports with their adapters, configuration, sealing."""
