//! How a case becomes the body and the headers of a call.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;
use prost_reflect::MethodDescriptor;

use crate::driver::Driver;
use crate::message::message;
use crate::words::Words;

/// Most messages of a stream.
const MOST_MESSAGES: usize = 6;

/// Headers that a call may have besides those that it has to.
const HEADERS: [(&str, &str); 12] = [
    ("grpc-encoding", "gzip"),
    ("grpc-encoding", "identity"),
    ("grpc-accept-encoding", "gzip,deflate"),
    ("grpc-timeout", "1S"),
    ("grpc-timeout", "99999999H"),
    ("grpc-timeout", "1n"),
    ("grpc-timeout", "-1S"),
    (
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    ("traceparent", "00-zz"),
    ("authorization", "Bearer nonsense"),
    ("x-forwarded-client-cert", "By=;Hash=;URI="),
    ("user-agent", "\u{7f}"),
];

/// One call as it is sent.
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    /// The body, in the pieces that it comes in.
    pub(crate) body: Vec<Bytes>,
}

/// The call that the bytes of a case make.
pub(crate) fn made_of(data: &[u8], method: &MethodDescriptor, words: &Words) -> Call {
    let mut driver = Driver::new(data);
    let mut headers = HeaderMap::new();
    let body = match driver.byte() {
        // Whatever it is, with headers that may be odd too.
        0..=31 => {
            odd(&mut headers, &mut driver);
            driver.rest().to_vec()
        }
        // Messages, whatever is in them.
        32..=79 => {
            let mut body = Vec::new();
            let count = 1 + if method.is_client_streaming() {
                driver.below(MOST_MESSAGES)
            } else {
                0
            };
            for left in (0..count).rev() {
                let bytes = if left == 0 {
                    driver.rest()
                } else {
                    let size = driver.below(1_000);
                    driver.bytes(size)
                };
                framed(bytes, &mut body);
            }
            body
        }
        // Messages that are well-formed, and now and then cut or changed in one place.
        how @ 80..=255 => {
            let mut body = well_formed(method, words, &mut driver);
            if how >= 248 && !body.is_empty() {
                let place = driver.below(body.len());
                body[place] ^= driver.byte();
            } else if how >= 244 {
                body.truncate(driver.below(body.len() + 1));
            }
            body
        }
    };
    Call {
        headers,
        body: in_pieces(body, data.len()),
    }
}

fn well_formed(method: &MethodDescriptor, words: &Words, driver: &mut Driver<'_>) -> Vec<u8> {
    let kind = method.input();
    let mut body = Vec::new();
    if !method.is_client_streaming() {
        framed(&message(&kind, words, driver).encode_to_vec(), &mut body);
        return body;
    }
    let count = 1 + driver.below(MOST_MESSAGES);
    // A stream begins with its header, mostly.
    let parts: Vec<_> = kind.fields().collect();
    for number in 0..count {
        let part = if number == 0 { "header" } else { "chunk" };
        let mut made = message(&kind, words, driver);
        let wanted = parts.iter().find(|field| field.name() == part);
        if driver.byte() < 240
            && let Some(field) = wanted
            && let Some(inner) = field.kind().as_message()
        {
            let inner = prost_reflect::Value::Message(message(inner, words, driver));
            made.set_field(field, inner);
        }
        framed(&made.encode_to_vec(), &mut body);
    }
    body
}

fn framed(bytes: &[u8], body: &mut Vec<u8>) {
    body.push(0);
    body.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    body.extend(bytes);
}

fn odd(headers: &mut HeaderMap, driver: &mut Driver<'_>) {
    for _ in 0..driver.below(3) {
        let (name, value) = driver.pick(&HEADERS);
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

/// A body does not come at once.
fn in_pieces(body: Vec<u8>, seed: usize) -> Vec<Bytes> {
    let size = match seed % 4 {
        0 => 1 + seed % 7,
        1 => 100,
        _ => body.len().max(1),
    };
    let body = Bytes::from(body);
    (0..body.len())
        .step_by(size)
        .map(|from| body.slice(from..body.len().min(from + size)))
        .collect()
}
