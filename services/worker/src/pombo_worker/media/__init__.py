"""Media that is to be sent: fetched, decoded or taken from the Store into a private file."""
