"""HTTP: middleware, error pages, health."""
