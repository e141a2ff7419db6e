//! What the metrics of one request cost, and what the layer of a server costs beside them. The limit of the first is a
//! microsecond. Run with `cargo bench -p phoenix-telemetry`.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use http::{Request, Response};
use phoenix_telemetry::{Endpoints, HttpLayer, Method, Metrics, PhoenixMetrics, RequestLabels};
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tower::{Layer, Service, service_fn};

const ROUNDS: u32 = 1_000_000;
const LIMIT_NANOS: f64 = 1_000.0;

#[derive(Clone)]
struct Template(&'static str);

impl AsRef<str> for Template {
    fn as_ref(&self) -> &str {
        self.0
    }
}

/// The best of five, in nanoseconds each: what else the machine does only adds.
fn nanos(name: &str, mut run: impl FnMut()) -> f64 {
    let best = (0..5).map(|_| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            run();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    });
    let best = best.fold(f64::INFINITY, f64::min);
    println!("{name:<44} {best:>8.0} ns");
    best
}

fn ended(answer: impl Future<Output = Result<Response<()>, Infallible>>) {
    let mut answer = std::pin::pin!(answer);
    assert!(matches!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
}

fn main() {
    let metrics = Metrics::new();
    let phoenix = PhoenixMetrics::register(&metrics);
    let endpoints = Endpoints::default();
    let observe = nanos("one request's metrics", || {
        let endpoint = endpoints.get(black_box("/api/v1/experiments/{id}"));
        let labels = RequestLabels { method: Method::new(black_box("GET")), endpoint, status: black_box(200) };
        phoenix.requests.observe(&labels, Duration::from_millis(12));
    });

    let answer = |_: Request<()>| -> Ready<Result<Response<()>, Infallible>> { ready(Ok(Response::new(()))) };
    let serve = |service: &mut dyn FnMut(Request<()>)| {
        let mut request = Request::new(());
        request.extensions_mut().insert(Template("/api/v1/experiments/{id}"));
        service(request);
    };
    let mut bare = service_fn(answer);
    let without = nanos("a request without the layer", || serve(&mut |request| ended(bare.call(request))));
    let mut layered = HttpLayer::with_extension::<Template>(&phoenix).layer(service_fn(answer));
    let with = nanos("a request with the layer, nobody traces", || serve(&mut |request| ended(layered.call(request))));
    println!("{:<44} {:>8.0} ns", "the layer", with - without);
    assert!(observe < LIMIT_NANOS && with - without < LIMIT_NANOS, "the limit is {LIMIT_NANOS} ns");
}
