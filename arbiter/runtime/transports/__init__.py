"""Agents that are not functions of the worker's own process, as handlers like any other."""
