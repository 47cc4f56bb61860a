"""The other side of the pipes: imports what a graph names, runs it, reports. Imported by no floor."""
