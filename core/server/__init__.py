"""daphne: limits, websocket framing, start and stop."""
