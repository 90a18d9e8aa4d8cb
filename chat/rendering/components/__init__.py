"""From rows and events to HTML; pages and sockets use the same partials."""
