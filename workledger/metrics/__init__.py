"""Every figure, defined once: catalogue, computation, drill-down, charts."""
