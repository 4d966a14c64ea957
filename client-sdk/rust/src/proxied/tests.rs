//! Pages of proxies, and answers of gRPC.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use super::understood;

fn answer(http: u16, headers: &[(&str, &str)]) -> Option<Response<Body>> {
    let mut answer = Response::builder().status(http);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Body::empty()).ok()
}

#[test]
fn a_page_of_a_proxy_is_the_status_of_its_code() {
    for (http, code) in [
        (503, Code::Unavailable),
        (502, Code::Unavailable),
        (504, Code::Unavailable),
        (429, Code::Unavailable),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (400, Code::Internal),
        (500, Code::Unknown),
        (200, Code::Unknown),
    ] {
        let page = answer(http, &[("content-type", "text/html")]).map(understood);
        let status = page.and_then(|page| Status::from_header_map(page.headers()));
        assert_eq!(status.map(|status| status.code()), Some(code), "{http}");
    }
}

#[test]
fn an_answer_of_grpc_is_left_as_it_is() {
    for headers in [
        [("content-type", "application/grpc+proto"), ("x", "y")],
        [("grpc-status", "14"), ("x", "y")],
    ] {
        let left = answer(200, &headers).map(understood);
        assert!(left.is_some_and(|left| left.headers().len() == 2));
    }
}
