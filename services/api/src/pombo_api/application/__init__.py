"""What the routes do, apart from HTTP: send commands, read, wait."""
