"""The SQS sink: a FIFO queue for each event type of each instance, and global ones."""
