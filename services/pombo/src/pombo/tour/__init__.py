"""A walk through a running Pombo with a sandbox instance: what `pombo tour` does, shows and tidies up."""
