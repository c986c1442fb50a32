"""The newest picture of a site, fetched from its Pi."""
