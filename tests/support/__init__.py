"""What several tests share: real servers, a faulty network and ways to wait."""
