//! TLS of a client: whom it trusts, and what it shows.

use std::fmt;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::ClientError;
use crate::error::Cause;

/// Certificates in PEM form.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    /// The authorities of servers that are trusted.
    pub(crate) authorities: Option<Vec<u8>>,
    /// The client's own certificate, and its key.
    pub(crate) own: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificates {
    /// The endpoint with TLS, if it is to be spoken there.
    pub(crate) fn apply(
        &self,
        endpoint: Endpoint,
        is_tls: bool,
        name: &str,
    ) -> Result<Endpoint, ClientError> {
        let invalid = |fault| ClientError::InvalidEndpoint {
            endpoint: name.to_owned(),
            fault,
        };
        let authorities = match (is_tls, &self.authorities, &self.own) {
            (false, None, None) => return Ok(endpoint),
            (false, _, _) => {
                return Err(invalid(
                    "certificates are for TLS; write it as https://HOST:PORT",
                ));
            }
            (true, None, _) => {
                return Err(invalid(
                    "https:// needs the certificates of the authorities that are trusted (on Debian, /etc/ssl/certs/ca-certificates.crt has those of the system)",
                ));
            }
            (true, Some(authorities), _) => authorities,
        };
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authorities));
        if let Some((certificate, key)) = &self.own {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        let endpoint = endpoint.tls_config(tls);
        endpoint.map_err(|error| ClientError::InvalidCertificates {
            source: Cause::of(&error),
        })
    }
}

impl fmt::Debug for Certificates {
    /// The key is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("authorities", &self.authorities.is_some())
            .field("own", &self.own.is_some())
            .finish()
    }
}
