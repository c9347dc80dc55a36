"""Our own colours: every state keeps a contrast of at least 4.5:1 against the background."""

from textual.theme import Theme

DARK = Theme(
    name="infctl-dark",
    primary="#56B4E9",
    secondary="#CC79A7",
    accent="#56B4E9",
    foreground="#E6E6E6",
    background="#121212",
    surface="#121212",
    panel="#1E1E1E",
    success="#56B4E9",
    warning="#E69F00",
    error="#FF7F3F",
    dark=True,
)
