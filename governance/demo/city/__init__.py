"""A whole city for measuring: real communities, invented people, any number of incidents, written in bulk."""
