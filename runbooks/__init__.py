"""One remedy per file: (parameters, readers) -> Plan. Nothing here changes the world."""
