"""Several regions on one machine, with real servers. Imports nothing of infctl but itself."""
