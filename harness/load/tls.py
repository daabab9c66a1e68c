"""How certificates are checked; that they are cannot be turned off."""

import ssl

from harness.load.errand import Tls
from harness.load.refusal import Refused


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Against the system's authorities or the given one, and by name; with our own certificate where there is one."""
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None)
    except OSError as error:
        files = ", ".join(filter(None, (tls.ca, tls.certificate, tls.key)))
        raise Refused(f"[tls] {files} cannot be used: {error}") from None
    return context
