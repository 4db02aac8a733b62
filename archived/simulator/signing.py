"""Signs id tokens with a key that is made anew for each run, and publishes its public half."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ALGORITHM = "RS512"
_KEY_ID = "simulated"


class Signer:
    """One RSA key; made when it is first needed, since that takes a moment."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "alg": ALGORITHM, "use": "sig", "kid": _KEY_ID}]}

    def id_token(
        self, claims: dict[str, Any], *, issuer: str, audience: str, now: datetime, lifetime: int
    ) -> str:
        """A signed token that tells a client (the audience) who logged in; `lifetime` is in seconds."""
        times = {"iat": now, "exp": now + timedelta(seconds=lifetime)}
        payload = {**claims, **times, "iss": issuer, "aud": audience}
        return jwt.encode(payload, self._key, algorithm=ALGORITHM, headers={"kid": _KEY_ID})
