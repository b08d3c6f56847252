"""Response shapes. A dialect is a pure function from our results to JSON; nothing else knows which one is spoken."""
