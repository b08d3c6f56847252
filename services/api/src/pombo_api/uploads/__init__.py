"""Bodies that hold media: read in a stream to files without a name, never as a whole in memory."""
