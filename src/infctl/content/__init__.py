"""What runbooks and drills are made of: the facts that they read. They return plans, no more."""
