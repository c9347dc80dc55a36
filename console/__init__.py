"""The Textual console: screens, widgets and pure rows. Nothing here calls a client."""
