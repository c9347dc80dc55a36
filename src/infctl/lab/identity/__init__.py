"""The lab's OpenID Connect issuer: people with groups, a second factor, and tokens that say both.

`people`, `settings`, `onetime`, `guesses`, `claims` and `pages` are pure but for files; `desk`
verifies who somebody is, `store` keeps what was granted, `clients`, `validator` and
`protocol` answer oauthlib's questions, `web` speaks HTTP, and `asking` is a client of all that.
"""

from infctl.lab.identity.parts import parts, prepare

__all__ = ["parts", "prepare"]
