"""What `pombo doctor` looks at: the machine, the data folder, a running Pombo, and the servers that are configured."""
