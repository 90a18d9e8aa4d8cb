"""Everything that knows daphne, Twisted or autobahn: limits, websocket framing, start, stop."""
