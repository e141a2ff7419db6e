//! Calls whose messages are handed over as bytes: spans are read where they are, without messages between.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::{Buf, BufMut};
use std::pin::Pin;
use tonic::Status;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};

/// Messages as bytes.
#[derive(Default)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}

/// One call: its work is done once.
struct Call<F>(Option<F>);

impl<F, W> UnaryService<Vec<u8>> for Call<F>
where
    F: FnOnce(Vec<u8>) -> W,
    W: Future<Output = Result<Vec<u8>, Status>> + Send + 'static,
{
    type Response = Vec<u8>;
    type Future = Pinned<Result<tonic::Response<Vec<u8>>, Status>>;

    fn call(&mut self, request: tonic::Request<Vec<u8>>) -> Self::Future {
        let work = self.0.take().map(|work| work(request.into_inner()));
        Box::pin(async move {
            match work {
                Some(work) => work.await.map(tonic::Response::new),
                None => Err(Status::internal("a call is answered once")),
            }
        })
    }
}

type Pinned<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Answers a call with what `work` makes of its message, which has at most `limit_bytes`.
pub(super) async fn answer<F, W>(request: Request, limit_bytes: usize, work: F) -> Response
where
    F: FnOnce(Vec<u8>) -> W,
    W: Future<Output = Result<Vec<u8>, Status>> + Send + 'static,
{
    let mut grpc =
        Grpc::new(RawCodec).accept_compressed(Gzip).accept_compressed(Zstd).send_compressed(Gzip).max_decoding_message_size(limit_bytes);
    grpc.unary(Call(Some(work)), request).await.into_response()
}
