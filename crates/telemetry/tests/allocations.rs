//! A request's metrics allocate nothing once its series is there. The counting allocator is this whole binary's, so the
//! test stands alone in it.

use http::{Request, Response};
use phoenix_telemetry::{Endpoint, HttpLayer, Method, Metrics, PhoenixMetrics, RequestLabels};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tower::{Layer, Service, service_fn};

#[derive(Clone)]
struct Template(&'static str);

impl AsRef<str> for Template {
    fn as_ref(&self) -> &str {
        self.0
    }
}

fn request() -> Request<()> {
    let mut request = Request::builder().uri("/api/v1/experiments/7").body(()).unwrap();
    request.extensions_mut().insert(Template("/api/v1/experiments/{id}"));
    request
}

#[test]
fn the_hot_path_is_free_of_allocations() {
    let metrics = Metrics::new();
    let phoenix = PhoenixMetrics::register(&metrics);
    let labels = RequestLabels { method: Method::new("GET"), endpoint: Endpoint::new("/health"), status: 200 };
    phoenix.requests.observe(&labels, Duration::from_millis(1));
    let info = allocation_counter::measure(|| {
        for n in 0..1_000 {
            phoenix.requests.observe(&labels, Duration::from_millis(n));
        }
    });
    assert_eq!(info.count_total, 0, "{info:?}");

    let answer = |_: Request<()>| -> Ready<Result<Response<()>, Infallible>> { ready(Ok(Response::new(()))) };
    let mut service = HttpLayer::with_extension::<Template>(&phoenix).layer(service_fn(answer));
    let mut serve = |request: Request<()>| {
        let mut answer = std::pin::pin!(service.call(request));
        assert!(matches!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
    };
    serve(request());
    let requests: Vec<Request<()>> = (0..1_000).map(|_| request()).collect();
    let info = allocation_counter::measure(|| requests.into_iter().for_each(&mut serve));
    assert_eq!(info.count_total, 0, "{info:?}");
    assert!(metrics.encode().contains(r#"_count{method="GET",endpoint="/api/v1/experiments/{id}",status="200"} 1001"#));

    // The counter counts: otherwise nothing is proven.
    assert!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8]))).count_total > 0);
}
