"""How a connection to MariaDB or MySQL is secured; PostgreSQL's driver reads the same words by itself."""

from __future__ import annotations

import ssl

from archived.core.dataclass import dataclass
from archived.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Security:
    """How a connection is secured, in the words of PostgreSQL, and the files for that."""

    mode: str = "prefer"
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    def context(self) -> ssl.SSLContext:
        """What the driver is given. Raises `ConfigurationError` for files that cannot be used."""
        try:
            if self.mode.startswith("verify"):
                context = ssl.create_default_context(cafile=self.ca)
                # The certificates that servers of this kind make for themselves are not strictly right.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
                context.check_hostname = self.mode == "verify-full"
            else:
                # The driver's own would read every authority that this machine trusts, and ask none of them.
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise ConfigurationError(
                f"store: a certificate or key of its address cannot be used: {error}"
            ) from error
        return context
