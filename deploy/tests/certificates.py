"""An authority for one test, and what cert-manager would make of it: Secrets with tls.crt, tls.key and ca.crt."""

from deployed import run


class Authority:
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(parents=True)
        self.key, self.certificate = directory / "ca.key", directory / "ca.crt"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", "/CN=test", "-keyout", self.key, "-out", self.certificate)

    def secret(self, name, names):
        """A Secret whose certificate is for these names, as `DNS:...` or `URI:...`; its files are in the directory too."""
        key, request, certificate = (self.directory / f"{name}.{ending}" for ending in ("key", "csr", "crt"))
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\nbasicConstraints=critical,CA:FALSE\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/",
            "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", "1", "-extfile", extensions, "-out", certificate)
        return {"tls.crt": certificate.read_text(), "tls.key": key.read_text(), "ca.crt": self.certificate.read_text()}
