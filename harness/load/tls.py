"""How certificates are checked; that they are cannot be turned off."""

import ssl

from harness.load.errand import Tls


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Against the system's authorities or the given one, and by name; with our own certificate where there is one."""
    context = ssl.create_default_context(cafile=tls.ca or None)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key or None)
    return context
