"""The few pages that people see: plain forms, with whatever came from outside escaped."""

from collections.abc import Iterable
from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""
_FIELDS = """<p><label>Name <input name="name" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"
 required></label></p>
<p><label>One-time code, for what needs a second factor
 <input name="code" inputmode="numeric" autocomplete="one-time-code"></label></p>
"""


def login(scopes: Iterable[str], problem: str = "") -> str:
    """Who are you? The form goes back to where it came from, with what the client asked."""
    form = f'<form method="post">{_FIELDS}<button>Log in</button></form>'
    return _page("Log in to the lab", _problem(problem) + _asked(scopes) + form)


def device(user_code: str, scopes: Iterable[str] = (), problem: str = "") -> str:
    """Which device, and do you let it in?"""
    shown = escape(user_code, quote=True)
    form = (
        '<form method="post" action="/device">'
        f'<p><label>Code of the device <input name="user_code" value="{shown}" required></label>'
        f'</p>{_FIELDS}<button name="answer" value="allow">Let it in</button> '
        '<button name="answer" value="deny" formnovalidate>Refuse it</button></form>'
    )
    return _page("Let a device in", _problem(problem) + _asked(scopes) + form)


def told(title: str, text: str) -> str:
    """A page with nothing to fill in."""
    return _page(title, f"<p>{escape(text)}</p>")


def _asked(scopes: Iterable[str]) -> str:
    words = ", ".join(escape(scope) for scope in scopes)
    return f"<p>infctl asks for: {words}. Only go on if you asked it to.</p>" if words else ""


def _problem(text: str) -> str:
    return f'<p role="alert">{escape(text)}</p>' if text else ""


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)
