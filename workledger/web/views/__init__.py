"""A module per area; a view loads with one domain call and renders."""
