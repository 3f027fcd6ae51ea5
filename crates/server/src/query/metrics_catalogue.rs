//! `GET /v1/metrics-catalogue`: the series that exist.

use axum::Json;
use serde::Serialize;
use sidetone_engine::metric::Metric;
use utoipa::ToSchema;

/// The series that exist.
#[derive(Serialize, ToSchema)]
pub(crate) struct CatalogueBody {
    /// In display order.
    metrics: Vec<MetricBody>,
}

/// A derived quantity over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricBody {
    /// Its name with its unit.
    #[schema(example = "bitrate_bps")]
    name: &'static str,
    /// Its unit for a person; empty for a plain number.
    #[schema(example = "bit/s")]
    unit: &'static str,
    /// What it is and from which counters.
    description: &'static str,
}

/// List the metrics
///
/// Names, units and meanings of everything that `series`, summaries and issues speak of.
#[utoipa::path(get, path = "/v1/metrics-catalogue", tag = "query", responses((status = 200, body = CatalogueBody)))]
pub(crate) async fn handler() -> Json<CatalogueBody> {
    let body = |metric: &Metric| MetricBody { name: metric.name(), unit: metric.unit(), description: metric.description() };
    Json(CatalogueBody { metrics: Metric::ALL.iter().map(body).collect() })
}
