"""The placement matching engine and the service around it."""
