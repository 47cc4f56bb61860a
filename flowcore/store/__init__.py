"""Files and the database: graphs with versions, runs and their journals, descriptors."""
